// Values for which a quantized file has a range, without calibration: its scale, its codes less the zero point, its saturation.
// RUN: mcuform-opt %s --split-input-file --verify-diagnostics "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{mean=0.5 std=0.5}),mcuf-quantize)" | FileCheck %s

// The image's codes stand in a table: pixel 0 is -1, -128 steps of 1/128; pixel 255 is 127, saturated. Weights of 2 and a bias of 8 in steps of 1/64 are 127 in such of
// 2/127, and 8 over 1/128 * 2/127. Behind each layer stands the clamp; it is the ReLU of those from 0, and the limit of ReLU6 where that is below the last code:
// 6 / 0.05 = 120. What is summed are codes; the mean of a map clamps nowhere, since it has the range of its rows.
// CHECK-LABEL: func.func @codes
// CHECK: %[[TABLE:.*]] = mcuf.constant dense_resource<codes> : tensor<1x256xi16>
// CHECK: %[[ROWS:.*]] = mcuf.q_windows %{{.*}} offset %[[TABLE]] {kernel = array<i64: 3, 3>, {{.*}} -> tensor<1x4x4x10x!quant.uniform<i16:f32, 7.812500e-03>>
// CHECK-DAG: mcuf.constant dense<127> : tensor<2x10xi8>
// CHECK-DAG: mcuf.constant dense<65024> : tensor<2xi32>
// CHECK: %[[L:.*]] = mcuf.q_linear %[[ROWS]], {{.*}} -> tensor<1x4x4x2x!quant.uniform<i16:f32, 5.000000e-01>>
// CHECK: %[[A:.*]] = mcuf.q_clamp %[[L]] {high = 155 : i64, low = -100 : i64}
// CHECK: %[[D:.*]] = mcuf.q_depthwise %[[A]], {{.*}}low = 0 : i64{{.*}} -> tensor<1x4x4x2x!quant.uniform<i16:f32, 0.0500000{{[0-9]*}}>>
// CHECK: %[[B:.*]] = mcuf.q_clamp %[[D]] {high = 120 : i64, low = 0 : i64}
// CHECK: %[[S:.*]] = mcuf.q_add_codes %[[A]], %[[B]] {high = 127 : i64, lhs_mult = 33554432 : i64, low = -128 : i64, rhs_mult = 3355443 : i64}
// CHECK: %[[M:.*]] = mcuf.q_mean_rows %[[S]] {first_row = 0 : i64, mult = 268435456 : i64, row_count = 16 : i64}
// CHECK: return %[[M]]
func.func @codes(%image: tensor<1x1x4x4xf32> {mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 0.0078125 : f32}}) -> tensor<1x1x1x2xf32> {
  %w = mcuf.constant dense<2.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %v = mcuf.constant dense<8.0> : tensor<2xf32> : tensor<2xf32>
  %k = mcuf.constant dense<1.0> : tensor<3x3x2xf32> : tensor<3x3x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w, %v {mcuf.file_range = {high = 155 : i64, low = -100 : i64, scale = 0.5 : f32}}
    : (tensor<1x4x4x10xf32>, tensor<2x10xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %3 = mcuf.depthwise %2, %k, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x2xf32>, tensor<3x3x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %4 = mcuf.clipped_relu %3 {limit = 6.0 : f32, mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 0.05 : f32}} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %5 = mcuf.binary add %2, %4 {mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 1.0 : f32}} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %6 = mcuf.reduce mean %5 {axes = array<i64: 1, 2>, keep_dims = true, mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 1.0 : f32}}
    : (tensor<1x4x4x2xf32>) -> tensor<1x1x1x2xf32>
  return %6 : tensor<1x1x1x2xf32>
}

// -----

// A mean without a range of its own has 64 times as fine steps as its rows: more would leave 16 bits. ReLU without one keeps them.
// CHECK-LABEL: func.func @finer
// CHECK: %[[A:.*]] = mcuf.q_clamp
// CHECK: %[[R:.*]] = mcuf.q_add_codes %[[A]], %[[A]] {high = 155 : i64, lhs_mult = 67108864 : i64, low = 0 : i64, rhs_mult = 0 : i64}
// CHECK: mcuf.q_mean_rows %[[R]] {first_row = 0 : i64, mult = 1073741824 : i64, row_count = 256 : i64} : {{.*}} -> tensor<1x1x1x2x!quant.uniform<i16:f32, 7.812500e-03>>
func.func @finer(%image: tensor<1x1x16x16xf32> {mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 0.0078125 : f32}}) -> tensor<1x1x1x2xf32> {
  %w = mcuf.constant dense<2.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x16x16xf32>) -> tensor<1x16x16x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x16x16x1xf32>) -> tensor<1x16x16x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.file_range = {high = 155 : i64, low = -100 : i64, scale = 0.5 : f32}} : (tensor<1x16x16x10xf32>, tensor<2x10xf32>) -> tensor<1x16x16x2xf32>
  %3 = mcuf.unary relu %2 : (tensor<1x16x16x2xf32>) -> tensor<1x16x16x2xf32>
  %4 = mcuf.reduce mean %3 {axes = array<i64: 1, 2>, keep_dims = true} : (tensor<1x16x16x2xf32>) -> tensor<1x1x1x2xf32>
  return %4 : tensor<1x1x1x2xf32>
}

// -----

// What is stored and has no range is named.
func.func @no_range(%image: tensor<1x1x4x4xf32> {mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 0.0078125 : f32}}) -> tensor<1x4x4x2xf32> {
  %w = mcuf.constant dense<2.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  // expected-error @+1 {{has no range in the file: pass --calibrate IMAGES.npy, with which values without one are calibrated}}
  %2 = mcuf.linear %1, %w : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// -----

// Steps that are 64 times as coarse as those of a sum.
func.func @too_coarse(%image: tensor<1x1x4x4xf32> {mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 0.0078125 : f32}}) -> tensor<1x4x4x2xf32> {
  %w = mcuf.constant dense<2.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.file_range = {high = 155 : i64, low = -100 : i64, scale = 0.5 : f32}} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  // expected-error @+1 {{an operand's steps of 5.000000e-01 are more than 32 times as coarse as those of the sum, 7.812500e-03}}
  %3 = mcuf.binary add %2, %2 {mcuf.file_range = {high = 127 : i64, low = -128 : i64, scale = 0.0078125 : f32}} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %3 : tensor<1x4x4x2xf32>
}

// CHECK: codes: "0x{{........}}80FF81FF82FF{{.*}}7E007F007F00"
