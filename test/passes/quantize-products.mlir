// Products of hidden units. The scale of the sequence, 2 * 16.3835 / 32767, is 0.001.
// RUN: mcuform-opt %s --mcuf-quantize --split-input-file --verify-diagnostics | FileCheck %s

// Both factors have ranges of 4, their product 8: scales of 4 * 1.1 / 2^14 or so and 4 * 1.25 / 32767, the product's 8 * 1.25 / 32767 = 3.0518E-4.
// CHECK-LABEL: func.func @gated
// CHECK: %[[G:.*]] = mcuf.q_linear_activation %[[X:[^,]*]], {{.*}}delta = 0
// CHECK: %[[U:.*]] = mcuf.q_linear %[[X]], {{.*}} -> tensor<1x4x2x!quant.uniform<i16:f32, 1.525{{[0-9]+}}E-4>>
// CHECK: %[[H:.*]] = mcuf.q_multiply %[[G]], %[[U]] {mult = {{[0-9]+}} : i64} : {{.*}} -> tensor<1x4x2x!quant.uniform<i16:f32, 3.05{{[0-9]+}}E-4>>
// CHECK: mcuf.q_linear_add %[[H]]
func.func @gated(%rows: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %rows, %w, %b {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.patch_max_abs = dense<16.3835> : tensor<2xf32>,
      mcuf.patch_mean = dense<0.0> : tensor<2xf32>, mcuf.patch_mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %w1 = mcuf.constant dense<0.5> : tensor<2x2xf32> : tensor<2x2xf32>
  %a = mcuf.linear %y, %w1 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %g = mcuf.unary relu %a {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %u = mcuf.linear %y, %w1 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %h = mcuf.binary mul %g, %u {mcuf.max_abs = dense<8.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %z = mcuf.linear %h, %w1 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %r = mcuf.binary add %x, %z {mcuf.max_abs = dense<8.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}
