// RUN: mcuform-opt --mcuf-fuse-conv --split-input-file %s | FileCheck %s

// A convolution of the image and one of its map: rows of windows, linear layers, no transposition in between. 3 x 3 x 3 values get one of zero.
// The layer's weights follow the order of the pixels in a window: [units, height, width, channels].
// CHECK-LABEL: func @stem
// CHECK-DAG: %[[W:.*]] = mcuf.constant {{.*}} : tensor<2x28xf32>
// CHECK-DAG: %[[P:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]> : tensor<2x2xf32>
// CHECK: %[[ROWS:.*]] = mcuf.transpose %arg0 {permutation = array<i64: 0, 2, 3, 1>}
// CHECK-NEXT: %[[WINDOWS:.*]] = mcuf.windows %[[ROWS]] {kernel = array<i64: 3, 3>, pads = array<i64: 0, 0, 1, 1>, strides = array<i64: 2, 2>} : (tensor<1x8x6x3xf32>) -> tensor<1x4x3x28xf32>
// CHECK-NEXT: %[[LINEAR:.*]] = mcuf.linear %[[WINDOWS]], %[[W]] : {{.*}} -> tensor<1x4x3x2xf32>
// CHECK-NEXT: %[[RELU:.*]] = mcuf.unary relu %[[LINEAR]]
// CHECK-NEXT: %[[PIXELS:.*]] = mcuf.linear %[[RELU]], %[[P]] : (tensor<1x4x3x2xf32>
// CHECK-NEXT: %[[SUM:.*]] = mcuf.binary add %[[RELU]], %[[PIXELS]]
// CHECK-NEXT: %[[MEAN:.*]] = mcuf.reduce mean %[[SUM]] {axes = array<i64: 1, 2>, keep_dims = true}
// CHECK-NEXT: mcuf.reshape %[[MEAN]] {shape = array<i64: 1, 2>}
// CHECK-NEXT: return
func.func @stem(%image: tensor<1x3x8x6xf32>) -> tensor<1x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x3x3x3xf32> : tensor<2x3x3x3xf32>
  %p = mcuf.constant dense<[[[[1.0]], [[2.0]]], [[[3.0]], [[4.0]]]]> : tensor<2x2x1x1xf32> : tensor<2x2x1x1xf32>
  %0 = mcuf.conv %image, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x3x8x6xf32>, tensor<2x3x3x3xf32>) -> tensor<1x2x4x3xf32>
  %1 = mcuf.unary relu %0 : (tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %2 = mcuf.conv %1, %p {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x3xf32>, tensor<2x2x1x1xf32>) -> tensor<1x2x4x3xf32>
  %3 = mcuf.binary add %1, %2 : (tensor<1x2x4x3xf32>, tensor<1x2x4x3xf32>) -> tensor<1x2x4x3xf32>
  %4 = mcuf.reduce mean %3 {axes = array<i64: 2, 3>, keep_dims = true} : (tensor<1x2x4x3xf32>) -> tensor<1x2x1x1xf32>
  %5 = mcuf.reshape %4 {shape = array<i64: 1, 2>} : (tensor<1x2x1x1xf32>) -> tensor<1x2xf32>
  return %5 : tensor<1x2xf32>
}

// -----

// A group for each channel; Clip becomes ReLU with a limit; a pool of the whole map a mean; a layer on a flattened map one on its only window, its
// weights by pixel and channel instead of by channel and pixel.
// CHECK-LABEL: func @depthwise
// CHECK-DAG: %[[K:.*]] = mcuf.constant dense<{{\[}}{{\[}}[1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]]> : tensor<1x3x2xf32>
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 3.000000e+00, 2.000000e+00, 4.000000e+00]]> : tensor<1x4xf32>
// CHECK: %[[ROWS:.*]] = mcuf.transpose %arg0
// CHECK-NEXT: %[[D:.*]] = mcuf.depthwise %[[ROWS]], %[[K]], %{{.*}} {pads = array<i64: 0, 0, 0, 1>, strides = array<i64: 1, 1>}
// CHECK-NEXT: %[[C:.*]] = mcuf.clipped_relu %[[D]] {limit = 6.000000e+00 : f32}
// CHECK-NEXT: %[[M:.*]] = mcuf.pool max %[[C]] {{.*}} -> tensor<1x1x2x2xf32>
// CHECK-NEXT: %[[ALL:.*]] = mcuf.windows %[[M]] {kernel = array<i64: 1, 2>{{.*}} -> tensor<1x1x1x4xf32>
// CHECK-NEXT: %[[L:.*]] = mcuf.linear %[[ALL]], %[[W]]
// CHECK-NEXT: mcuf.reshape %[[L]] {shape = array<i64: 1, 1>}
func.func @depthwise(%image: tensor<1x2x1x5xf32>) -> tensor<1x1xf32> {
  %k = mcuf.constant dense<[[[[1.0, 2.0, 3.0]]], [[[4.0, 5.0, 6.0]]]]> : tensor<2x1x1x3xf32> : tensor<2x1x1x3xf32>
  %w = mcuf.constant dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32> : tensor<1x4xf32>
  %zero = mcuf.constant dense<0.0> : tensor<f32> : tensor<f32>
  %six = mcuf.constant dense<6.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.conv %image, %k {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 1>, dilations = array<i64: 1, 1>, groups = 2 : i64}
    : (tensor<1x2x1x5xf32>, tensor<2x1x1x3xf32>) -> tensor<1x2x1x4xf32>
  %1 = mcuf.binary max %0, %zero : (tensor<1x2x1x4xf32>, tensor<f32>) -> tensor<1x2x1x4xf32>
  %2 = mcuf.binary min %1, %six : (tensor<1x2x1x4xf32>, tensor<f32>) -> tensor<1x2x1x4xf32>
  %3 = mcuf.transpose %2 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x1x4xf32>) -> tensor<1x1x4x2xf32>
  %4 = mcuf.pool max %3 {kernel = array<i64: 1, 2>, strides = array<i64: 1, 2>, pads = array<i64: 0, 0, 0, 0>, count_padding = false}
    : (tensor<1x1x4x2xf32>) -> tensor<1x1x2x2xf32>
  %5 = mcuf.transpose %4 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x1x2x2xf32>) -> tensor<1x2x1x2xf32>
  %6 = mcuf.reshape %5 {shape = array<i64: 1, 4>} : (tensor<1x2x1x2xf32>) -> tensor<1x4xf32>
  %7 = mcuf.linear %6, %w : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x1xf32>
  return %7 : tensor<1x1xf32>
}

// -----

// A mean over a window that is the whole map is one over its rows; the largest value of a map is a pool.
// CHECK-LABEL: func @whole
// CHECK: mcuf.reduce mean %arg0 {axes = array<i64: 1, 2>, keep_dims = true} : (tensor<1x3x2x4xf32>) -> tensor<1x1x1x4xf32>
// CHECK: mcuf.pool max %arg0 {count_padding = false, kernel = array<i64: 3, 2>
func.func @whole(%map: tensor<1x3x2x4xf32>) -> (tensor<1x1x1x4xf32>, tensor<1x4xf32>) {
  %0 = mcuf.pool mean %map {kernel = array<i64: 3, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, count_padding = false}
    : (tensor<1x3x2x4xf32>) -> tensor<1x1x1x4xf32>
  %1 = mcuf.reduce max %map {axes = array<i64: 1, 2>, keep_dims = false} : (tensor<1x3x2x4xf32>) -> tensor<1x4xf32>
  return %0, %1 : tensor<1x1x1x4xf32>, tensor<1x4xf32>
}

// -----

// Two groups, and dilated windows, have no such form: they stay what they are, for mcuf-verify-fused to report.
// CHECK-LABEL: func @left_alone
// CHECK-COUNT-2: mcuf.conv
func.func @left_alone(%image: tensor<1x4x8x8xf32>) -> (tensor<1x4x6x6xf32>, tensor<1x4x4x4xf32>) {
  %w = mcuf.constant dense<1.0> : tensor<4x2x3x3xf32> : tensor<4x2x3x3xf32>
  %v = mcuf.constant dense<1.0> : tensor<4x4x3x3xf32> : tensor<4x4x3x3xf32>
  %0 = mcuf.conv %image, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 2 : i64}
    : (tensor<1x4x8x8xf32>, tensor<4x2x3x3xf32>) -> tensor<1x4x6x6xf32>
  %1 = mcuf.conv %image, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 2, 2>, groups = 1 : i64}
    : (tensor<1x4x8x8xf32>, tensor<4x4x3x3xf32>) -> tensor<1x4x4x4xf32>
  return %0, %1 : tensor<1x4x6x6xf32>, tensor<1x4x4x4xf32>
}

// -----

// Channels of two maps side by side are columns of their rows; SiLU and HardSwish move up to the rows, too.
// CHECK-LABEL: func @joined
// CHECK: %[[A:.*]] = mcuf.linear
// CHECK: %[[B:.*]] = mcuf.swish %[[A]]
// CHECK: %[[C:.*]] = mcuf.depthwise %[[B]]
// CHECK: %[[D:.*]] = mcuf.hard_swish %[[C]] : (tensor<1x2x3x4xf32>) -> tensor<1x2x3x4xf32>
// CHECK: %[[E:.*]] = mcuf.concat %[[B]], %[[D]] {axis = 3 : i64} : (tensor<1x2x3x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x3x8xf32>
// CHECK: mcuf.linear %[[E]]
func.func @joined(%image: tensor<1x2x2x3xf32>) -> tensor<1x2x2x3xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x1x1xf32> : tensor<4x2x1x1xf32>
  %k = mcuf.constant dense<1.0> : tensor<4x1x3x3xf32> : tensor<4x1x3x3xf32>
  %v = mcuf.constant dense<1.0> : tensor<2x8x1x1xf32> : tensor<2x8x1x1xf32>
  %0 = mcuf.conv %image, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x2x3xf32>, tensor<4x2x1x1xf32>) -> tensor<1x4x2x3xf32>
  %1 = mcuf.swish %0 {slope = 1.0 : f32} : (tensor<1x4x2x3xf32>) -> tensor<1x4x2x3xf32>
  %2 = mcuf.conv %1, %k {strides = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 4 : i64}
    : (tensor<1x4x2x3xf32>, tensor<4x1x3x3xf32>) -> tensor<1x4x2x3xf32>
  %3 = mcuf.hard_swish %2 : (tensor<1x4x2x3xf32>) -> tensor<1x4x2x3xf32>
  %4 = mcuf.concat %1, %3 {axis = 1 : i64} : (tensor<1x4x2x3xf32>, tensor<1x4x2x3xf32>) -> tensor<1x8x2x3xf32>
  %5 = mcuf.conv %4, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x8x2x3xf32>, tensor<2x8x1x1xf32>) -> tensor<1x2x2x3xf32>
  return %5 : tensor<1x2x2x3xf32>
}
