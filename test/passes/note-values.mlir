// RUN: mcuform-opt %s --mcuf-quantize=note-values | FileCheck %s
// RUN: mcuform-opt %s --mcuf-quantize | FileCheck %s --check-prefix=SILENT

// Operators are counted without constants. Two units of one scale for the logits, a scale for each channel of the residual stream.
// SILENT-NOT: mcuf.value
// CHECK: mcuf.q_patch_embed
// CHECK-SAME: mcuf.value = {columns = 2 : i64, number = 0 : i64, rows = 4 : i64, scales = array<f64: [[S0:[^,]*]], [[S1:[^>]*]]>}
// CHECK: mcuf.q_layer_norm
// CHECK-SAME: mcuf.value = {columns = 2 : i64, number = 1 : i64, rows = 4 : i64, scales = array<f64: 6.103515625E-5>}
// CHECK: mcuf.q_linear
// CHECK-SAME: mcuf.value = {columns = 2 : i64, number = 2 : i64, rows = 4 : i64, scales = array<f64: {{[^,>]*}}>}
func.func @network(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %l = mcuf.constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<[4.0, 64.0]> : tensor<2xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>} : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %z = mcuf.linear %y, %l {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  return %z : tensor<1x4x2xf32>
}
