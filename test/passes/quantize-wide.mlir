// A layer that writes the residual stream becomes two of eight bits where its noise has to go: the second holds what the first lacks.
// RUN: mcuform-opt %s --mcuf-quantize="excess-noise=2e-5" --split-input-file --verify-diagnostics | FileCheck %s

// CHECK: module attributes {mcuf.quantization = {{{.*}}layers_of_wider_weights = ["linear (40.0 dB)"], layers_that_may_be_wider = 1 : i64
// CHECK-LABEL: func.func @wide
// CHECK: %[[X:.*]] = mcuf.q_patch_embed
// CHECK: %[[H:.*]] = mcuf.q_linear_activation
// CHECK: %[[FIRST:.*]] = mcuf.q_linear_add %[[H]], %{{.*}}, %{{.*}}, %{{.*}} residual %[[X]]
// CHECK: %[[BOTH:.*]] = mcuf.q_linear_add %[[H]], %{{.*}}, %{{.*}}, %{{.*}} residual %[[FIRST]]
// CHECK-NOT: mcuf.q_linear_add
// CHECK: mcuf.q_layer_norm %[[BOTH]]
func.func @wide(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %u = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7]]> : tensor<8x4xf32> : tensor<8x4xf32>
  %a = mcuf.linear %n, %u {mcuf.max_abs = dense<1.0> : tensor<8xf32>} : (tensor<1x4x4xf32>, tensor<8x4xf32>) -> tensor<1x4x8xf32>
  %g = mcuf.gelu %a {mcuf.max_abs = dense<1.0> : tensor<8xf32>, mcuf.mean = dense<0.1> : tensor<8xf32>, mcuf.mean_square = dense<0.5> : tensor<8xf32>} : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %v = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4]]> : tensor<4x8xf32> : tensor<4x8xf32>
  %z = mcuf.linear %g, %v {mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.int8_noise = dense<1.0e-4> : tensor<1xf32>} : (tensor<1x4x8xf32>, tensor<4x8xf32>) -> tensor<1x4x4xf32>
  %r = mcuf.binary add %x, %z {mcuf.max_abs = dense<4.0> : tensor<4xf32>} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %m = mcuf.layer_norm %r {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, -1.0, 0.7]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %m, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}

// -----

// expected-error @+1 {{has not been calibrated for wider weights: run mcuf-calibrate with wide-weights}}
func.func @not_measured(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %u = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7]]> : tensor<8x4xf32> : tensor<8x4xf32>
  %a = mcuf.linear %n, %u {mcuf.max_abs = dense<1.0> : tensor<8xf32>} : (tensor<1x4x4xf32>, tensor<8x4xf32>) -> tensor<1x4x8xf32>
  %g = mcuf.gelu %a {mcuf.max_abs = dense<1.0> : tensor<8xf32>, mcuf.mean = dense<0.1> : tensor<8xf32>, mcuf.mean_square = dense<0.5> : tensor<8xf32>} : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %v = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4]]> : tensor<4x8xf32> : tensor<4x8xf32>
  %z = mcuf.linear %g, %v {mcuf.max_abs = dense<1.0> : tensor<4xf32>} : (tensor<1x4x8xf32>, tensor<4x8xf32>) -> tensor<1x4x4xf32>
  %r = mcuf.binary add %x, %z {mcuf.max_abs = dense<4.0> : tensor<4xf32>} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %m = mcuf.layer_norm %r {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, -1.0, 0.7]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %m, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}
