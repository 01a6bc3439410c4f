// Feature maps in integers. The scales are chosen so that the numbers are round.
// RUN: mcuform-opt %s --mcuf-quantize --split-input-file --verify-diagnostics | FileCheck %s

// The windows of the image hold (pixel << 7) - 255 * 128 * mean, so that a zero beside the image is the network's zero. The sum of two maps of one
// scale, s, with ReLU: the result's scale is s, too, since all reach the same, so both multipliers are 2^24.
// CHECK-LABEL: func.func @residual
// CHECK-SAME: %[[IMAGE:.*]]: tensor<4x4x1xui8>
// CHECK-DAG: %[[OFFSET:.*]] = mcuf.constant dense<16320> : tensor<1xi16>
// CHECK: %[[ROWS:.*]] = mcuf.q_windows %[[IMAGE]] offset %[[OFFSET]] {kernel = array<i64: 3, 3>, pads = array<i64: 1, 1, 1, 1>, shift = 7 : i64, strides = array<i64: 1, 1>}
// CHECK-SAME: tensor<1x4x4x10x!quant.uniform<i16:f32, 3.06{{.*}}E-5>>
// CHECK: %[[A:.*]] = mcuf.q_linear %[[ROWS]],
// CHECK: %[[B:.*]] = mcuf.q_linear %[[ROWS]],
// CHECK: %[[SUM:.*]] = mcuf.q_add %[[A]], %[[B]] {lhs_mult = 16777216 : i64, low = 0 : i64, rhs_mult = 16777216 : i64}
// CHECK: return %[[SUM]]
func.func @residual(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 1.0>}) -> tensor<1x4x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %v = mcuf.constant dense<0.5> : tensor<2x10xf32> : tensor<2x10xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  %3 = mcuf.linear %1, %v {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  %4 = mcuf.binary add %2, %3 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %5 = mcuf.unary relu %4 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %5 : tensor<1x4x4x2xf32>
}

// -----

// ReLU6: 6 is the largest integer, of 15 bits behind a linear layer and of 16 behind a depthwise convolution, so that saturation is the limit:
// 6 / 16383 and 6 / 32767. A map that stays below it has its own range. The pools keep the scale of what they read; a mean is a convolution
// whose weights are all 127.
// CHECK-LABEL: func.func @relu6
// CHECK: %[[X:.*]] = mcuf.q_linear_activation {{.*}}delta_mult = 0 : i64{{.*}} -> tensor<1x4x4x2x!quant.uniform<i16<-16384:16383>:f32, 3.6623{{.*}}E-4>>
// CHECK: %[[D:.*]] = mcuf.q_depthwise %[[X]], {{.*}} {kernel = array<i64: 3, 3>, low = 0 : i64, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>} : {{.*}}tensor<9x2xi8>{{.*}} -> tensor<1x4x4x2x!quant.uniform<i16:f32, 1.8311{{.*}}E-4>>
// CHECK: %[[M:.*]] = mcuf.q_max_pool %[[D]] {{.*}} -> tensor<1x2x2x2x!quant.uniform<i16:f32, 1.8311{{.*}}E-4>>
// CHECK: mcuf.constant dense<127> : tensor<4x2xi8>
// CHECK: mcuf.q_depthwise %[[M]], {{.*}} {kernel = array<i64: 2, 2>, low = -32768 : i64, {{.*}} -> tensor<1x1x1x2x!quant.uniform<i16:f32, 1.8311{{.*}}E-4>>
func.func @relu6(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 1.0>}) -> tensor<1x1x1x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %k = mcuf.constant dense<1.0> : tensor<3x3x2xf32> : tensor<3x3x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.max_abs = dense<40.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  %3 = mcuf.clipped_relu %2 {limit = 6.0 : f32, mcuf.max_abs = dense<6.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %4 = mcuf.depthwise %3, %k, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, mcuf.max_abs = dense<50.0> : tensor<2xf32>}
    : (tensor<1x4x4x2xf32>, tensor<3x3x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %5 = mcuf.clipped_relu %4 {limit = 6.0 : f32, mcuf.max_abs = dense<6.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %6 = mcuf.pool max %5 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, count_padding = false, mcuf.max_abs = dense<6.0> : tensor<2xf32>}
    : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  %7 = mcuf.pool mean %6 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, count_padding = false, mcuf.max_abs = dense<6.0> : tensor<2xf32>}
    : (tensor<1x2x2x2xf32>) -> tensor<1x1x1x2xf32>
  return %7 : tensor<1x1x1x2xf32>
}

// -----

// ReLU of a map that has another reader is a sum with nothing.
// CHECK-LABEL: func.func @relu_beside
// CHECK: %[[X:.*]] = mcuf.q_max_pool
// CHECK: mcuf.q_add %[[X]], %[[X]] {lhs_mult = 16777216 : i64, low = 0 : i64, rhs_mult = 0 : i64}
func.func @relu_beside(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 1.0>}) -> tensor<1x2x2x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  %3 = mcuf.pool max %2 {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, count_padding = false, mcuf.max_abs = dense<4.0> : tensor<2xf32>}
    : (tensor<1x4x4x2xf32>) -> tensor<1x2x2x2xf32>
  %4 = mcuf.unary relu %3 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  return %4 : tensor<1x2x2x2xf32>
}

// -----

func.func @mean_out_of_range(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 200.0>, mcuf.std = array<f32: 1.0>}) -> tensor<1x4x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  // expected-error @+1 {{the mean of the image's pixels lies too far outside of their range}}
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  return %2 : tensor<1x4x4x2xf32>
}

// -----

// Positions, a constant, on the pixels of a map: 4 in the largest integer. The sum's scale is 8 * 1.5 / 32767, the map's 4 * 1.25 / 32767.
// CHECK-LABEL: func.func @positions
// CHECK: %[[A:.*]] = mcuf.q_linear
// CHECK: %[[P:.*]] = mcuf.constant dense<32767> : tensor<1x4x4x2xi16>
// CHECK: mcuf.q_add %[[A]], %[[P]] {lhs_mult = 6990507 : i64, low = -32768 : i64, rhs_mult = 5592405 : i64}
func.func @positions(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 1.0>}) -> tensor<1x4x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %p = mcuf.constant dense<4.0> : tensor<1x4x4x2xf32> : tensor<1x4x4x2xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  %3 = mcuf.binary add %2, %p {mcuf.max_abs = dense<8.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  return %3 : tensor<1x4x4x2xf32>
}

// -----

// SiLU behind a depthwise convolution is a pass of its own: its scale is that of 15 bits, 1.25 * 4 / 16383, the multiplier the ratio of the scales by 2^16.
// Channels of two maps meet in the scale of both, 1.25 * 8 / 32767: what has another is brought to it.
// CHECK-LABEL: func.func @silu_and_concat
// CHECK: %[[X:.*]] = mcuf.q_linear_activation
// CHECK-SAME: delta = 2 : i32
// CHECK: %[[D:.*]] = mcuf.q_depthwise %[[X]], {{.*}}low = -32768{{.*}} -> tensor<1x4x4x2x!quant.uniform<i16:f32, [[SD:.*]]>>
// CHECK: %[[A:.*]] = mcuf.q_activation %[[D]] {delta = 2 : i32, delta_mult = {{[1-9][0-9]*}} : i64, index_mult = {{[1-9][0-9]*}} : i64, mult = {{[1-9][0-9]*}} : i64}
// CHECK-SAME: -> tensor<1x4x4x2x!quant.uniform<i16<-16384:16383>:f32,
// CHECK: %[[L:.*]] = mcuf.q_add %[[D]], %[[D]] {lhs_mult = {{[1-9][0-9]*}} : i64, low = -32768 : i64, rhs_mult = 0 : i64}
// CHECK: %[[R:.*]] = mcuf.q_add %[[A]], %[[A]] {lhs_mult = {{[1-9][0-9]*}} : i64, low = -32768 : i64, rhs_mult = 0 : i64}
// CHECK: mcuf.concat %[[L]], %[[R]] {axis = 3 : i64}
func.func @silu_and_concat(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 1.0>}) -> tensor<1x4x4x4xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x10xf32> : tensor<2x10xf32>
  %k = mcuf.constant dense<1.0> : tensor<3x3x2xf32> : tensor<3x3x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.transpose %image {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x1x4x4xf32>) -> tensor<1x4x4x1xf32>
  %1 = mcuf.windows %0 {kernel = array<i64: 3, 3>, strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>} : (tensor<1x4x4x1xf32>) -> tensor<1x4x4x10xf32>
  %2 = mcuf.linear %1, %w {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x10xf32>, tensor<2x10xf32>) -> tensor<1x4x4x2xf32>
  %3 = mcuf.swish %2 {slope = 1.0 : f32, mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %4 = mcuf.depthwise %3, %k, %b {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, mcuf.max_abs = dense<8.0> : tensor<2xf32>}
    : (tensor<1x4x4x2xf32>, tensor<3x3x2xf32>, tensor<2xf32>) -> tensor<1x4x4x2xf32>
  %5 = mcuf.swish %4 {slope = 1.0 : f32, mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
  %6 = mcuf.concat %4, %5 {axis = 3 : i64, mcuf.max_abs = dense<8.0> : tensor<4xf32>} : (tensor<1x4x4x2xf32>, tensor<1x4x4x2xf32>) -> tensor<1x4x4x4xf32>
  return %6 : tensor<1x4x4x4xf32>
}
