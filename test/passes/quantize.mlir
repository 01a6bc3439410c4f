// Float ops with calibrated ranges become integer ops; the folded scales are where docs/arithmetic.md puts them.
// RUN: mcuform-opt %s --mcuf-quantize --split-input-file --verify-diagnostics | FileCheck %s

// The image becomes interleaved bytes: mean and std go into weights and bias. A weight of 1 on one of four pixels, std 0.5:
// int8 weight 127, and the bias takes 4 * 1 * 0.5 / 0.5 = 4 off.
// CHECK-LABEL: func.func @embed
// CHECK-SAME: %[[IMAGE:.*]]: tensor<4x4x1xui8>
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<127> : tensor<2x4xi8>
// CHECK-DAG: %[[P:.*]] = mcuf.constant dense<0> : tensor<4x2xi16>
// CHECK: mcuf.q_patch_embed %[[IMAGE]], %[[W]], {{.*}} position %[[P]] {patch_height = 2 : i64, patch_width = 2 : i64}
// CHECK-SAME: -> tensor<1x4x2x!quant.uniform<i16:f32, [[SX:.*]]>>
func.func @embed(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  return %x : tensor<1x4x2xf32>
}

// -----

// The residual stream has one power-of-two factor a channel; LayerNorm reads it, the linear that writes it has multipliers per channel.
// Channel 1 is 64 times channel 0.
// CHECK-LABEL: func.func @residual
// CHECK: mcuf.q_patch_embed
// CHECK: %[[FACTOR:.*]] = mcuf.constant dense<[1, 64]> : tensor<2xi16>
// CHECK: %[[Y:.*]] = mcuf.q_layer_norm {{.*}}, %[[FACTOR]] {epsilon = {{[0-9]+}} : i64, out_shift = 14 : i64}
// CHECK-SAME: tensor<1x4x2x!quant.uniform<i16:f32, 6.103515625E-5>>
// CHECK: mcuf.q_linear_add %[[Y]], {{.*}} residual
// CHECK-NOT: mcuf.binary
func.func @residual(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<[[[[1.0], [1.0]], [[1.0], [1.0]]], [[[64.0], [64.0]], [[64.0], [64.0]]]]> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<[4.0, 256.0]> : tensor<2xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %u = mcuf.constant dense<[[0.5, 0.25], [1.0, -1.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %z = mcuf.linear %y, %u {mcuf.max_abs = dense<1.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %r = mcuf.binary add %x, %z {mcuf.max_abs = dense<[4.0, 256.0]> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}

// -----

// A patch has 9 pixels: a column of zeros makes 10 of it.
// CHECK-LABEL: func.func @odd_patch
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[127, 127, 127, 127, 127, 127, 127, 127, 127, 0], [127, 127, 127, 127, 127, 127, 127, 127, 127, 0]]> : tensor<2x10xi8>
// CHECK: mcuf.q_patch_embed %{{.*}}, %[[W]]
func.func @odd_patch(%image: tensor<1x1x3x6xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x2x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x3x3x1xf32> : tensor<2x3x3x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<9.0> : tensor<2xf32>, mcuf.patch_mean = dense<127.5> : tensor<9xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<9xf32>}
    : (tensor<1x1x3x6xf32>, tensor<2x3x3x1xf32>, tensor<2xf32>) -> tensor<1x2x2xf32>
  return %x : tensor<1x2x2xf32>
}

// -----

// expected-error @+1 {{has not been calibrated: run mcuf-calibrate first}}
func.func @uncalibrated(%image: tensor<1x1x4x4xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b : (tensor<1x1x4x4xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  return %x : tensor<1x4x2xf32>
}

// -----

// All that cannot be quantized is named, in one run.
func.func @unsupported(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  // expected-error @+1 {{elementwise 'mul' cannot be quantized}}
  %m = mcuf.binary mul %x, %x {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  // expected-error @+1 {{elementwise 'add' cannot be quantized}}
  %r = mcuf.binary add %x, %m {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}

// -----

// A normalization to which something is added is the residual stream: gamma and beta stay, in the stream's scale, which its own range decides too.
// The sequence comes in 16 bits with twice its range: 2 * 16.3835 / 32767 = 0.001. The stream reaches 26.2136 with head-room 1.25, its scale is 0.001;
// gain = 2 / 0.001 * 2^12 and, negative, half of it; offset = 0.5 / 0.001.
// CHECK-LABEL: func.func @post_norm
// CHECK-SAME: %[[ROWS:.*]]: tensor<1x4x2x!quant.uniform<i16:f32, {{1.000000e-03|9.99999.*E-4|0.001.*|1.0000000.*E-3}}>>
// CHECK: %[[X:.*]] = mcuf.q_patch_embed %[[ROWS]], {{.*}} {patch_height = 1 : i64, patch_width = 1 : i64}
// CHECK-DAG: %[[GAIN:.*]] = mcuf.constant dense<[8192000, -4096000]> : tensor<2xi32>
// CHECK-DAG: %[[OFFSET:.*]] = mcuf.constant dense<[500, 0]> : tensor<2xi16>
// CHECK: %[[Y:.*]] = mcuf.q_layer_norm_affine %[[X]], %{{.*}}, %[[GAIN]], %[[OFFSET]] {epsilon = {{[0-9]+}} : i64}
// CHECK: %[[H:.*]] = mcuf.q_linear_activation %[[Y]]
// CHECK: mcuf.q_linear_add %[[H]], {{.*}} residual %[[Y]]
func.func @post_norm(%rows: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %rows, %w, %b {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.patch_max_abs = dense<[1.0, 16.3835]> : tensor<2xf32>,
      mcuf.patch_mean = dense<0.0> : tensor<2xf32>, mcuf.patch_mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %gamma = mcuf.constant dense<[2.0, -1.0]> : tensor<2xf32> : tensor<2xf32>
  %beta = mcuf.constant dense<[0.5, 0.0]> : tensor<2xf32> : tensor<2xf32>
  %y = mcuf.layer_norm %x gamma %gamma beta %beta {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<26.2136> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>,
      mcuf.mean_square = dense<1.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %w1 = mcuf.constant dense<0.5> : tensor<2x2xf32> : tensor<2x2xf32>
  %h = mcuf.linear %y, %w1 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %g = mcuf.gelu %h {approximate = true, mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %z = mcuf.linear %g, %w1 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %r = mcuf.binary add %y, %z {mcuf.max_abs = dense<8.0> : tensor<2xf32>} : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}

// -----

func.func @odd_features(%rows: tensor<1x4x3xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x3xf32> : tensor<2x1x1x3xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  // expected-error @+1 {{rows of 3 features are odd; kernels read two at a time. Give the model an even number of features}}
  %x = mcuf.patch_embed %rows, %w, %b {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.patch_max_abs = dense<1.0> : tensor<3xf32>,
      mcuf.patch_mean = dense<0.0> : tensor<3xf32>, mcuf.patch_mean_square = dense<1.0> : tensor<3xf32>}
    : (tensor<1x4x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  return %x : tensor<1x4x2xf32>
}

// -----

// One channel is 100,000 times the other: what is lost is said.
// expected-warning @+1 {{the channels of the residual stream differ too much for one set of factors: channel 1 reaches 4e+05, and so channel 0, which reaches 4, is stored in steps of 0.0596, 391 times what it could have}}
func.func @too_far_apart(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<[4.0, 400000.0]> : tensor<2xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  return %x : tensor<1x4x2xf32>
}
