// Weights of four bits go to the layers that cost least for the bytes they save, until what they cost together is too much.
// RUN: mcuform-opt %s --mcuf-quantize="int4-group=4 min-sqnr=14" --split-input-file --verify-diagnostics | FileCheck %s

// -14 dB are 0.0398: the first two layers fit together, the third, noisier for its size, does not.
// CHECK: module attributes {mcuf.quantization = {{{.*}}int4_group = 4 : i64, int4_layers = 2 : i64, int4_layers_kept_at_8_bits = 1 : i64, int4_predicted_sqnr_db = 15.2
// CHECK-LABEL: func.func @choice
// CHECK: mcuf.q_linear_activation {{.*}} {delta_mult = {{.*}}, index_mult = {{.*}}, mcuf.int4_sqnr_db = {{20.00|2.000000e+01}}{{.*}} : f64, weight_group = 4 : i64, weight_scales = dense<{{.*}}> : tensor<8x1xi8>}
// CHECK: mcuf.q_linear_add
// CHECK-SAME: {mcuf.int4_sqnr_db = 16.9{{[0-9]*}} : f64, weight_group = 4 : i64, weight_scales = dense<{{.*}}> : tensor<4x2xi8>}
// CHECK: mcuf.q_linear
// CHECK-SAME: {mcuf.int4_sqnr_db = 16.9{{[0-9]*}} : f64} :
func.func @choice(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %u = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7], [0.5, 0.25, 1.0, 0.7]]> : tensor<8x4xf32> : tensor<8x4xf32>
  %a = mcuf.linear %n, %u {mcuf.max_abs = dense<1.0> : tensor<8xf32>, mcuf.int4_noise = dense<0.01> : tensor<1xf32>} : (tensor<1x4x4xf32>, tensor<8x4xf32>) -> tensor<1x4x8xf32>
  %g = mcuf.gelu %a {mcuf.max_abs = dense<1.0> : tensor<8xf32>, mcuf.mean = dense<0.1> : tensor<8xf32>, mcuf.mean_square = dense<0.5> : tensor<8xf32>} : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %v = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4], [0.5, 0.25, 1.0, 0.7, 0.1, 0.2, 0.3, 0.4]]> : tensor<4x8xf32> : tensor<4x8xf32>
  %z = mcuf.linear %g, %v {mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.int4_noise = dense<0.02> : tensor<1xf32>} : (tensor<1x4x8xf32>, tensor<4x8xf32>) -> tensor<1x4x4xf32>
  %r = mcuf.binary add %x, %z {mcuf.max_abs = dense<4.0> : tensor<4xf32>} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %m = mcuf.layer_norm %r {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, -1.0, 0.7]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %m, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>, mcuf.int4_noise = dense<0.02> : tensor<1xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}

// -----

// expected-error @+1 {{has not been calibrated for weights of four bits: run mcuf-calibrate with int4-group}}
func.func @not_measured(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<0.5> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %n, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}
