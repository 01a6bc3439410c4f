// RUN: mcuform-opt --mcuf-fold-pad --split-input-file %s | FileCheck %s

// Rows above and below, one column left, on top of the convolution's own padding.
// CHECK-LABEL: func @around
// CHECK-NOT: mcuf.concat
// CHECK: mcuf.conv %arg0, {{.*}} pads = array<i64: 1, 2, 3, 1>
func.func @around(%map: tensor<1x2x4x4xf32>) -> tensor<1x3x6x5xf32> {
  %w = mcuf.constant dense<1.0> : tensor<3x2x3x3xf32> : tensor<3x2x3x3xf32>
  %above = mcuf.constant dense<0.0> : tensor<1x2x1x4xf32> : tensor<1x2x1x4xf32>
  %below = mcuf.constant dense<0.0> : tensor<1x2x3x4xf32> : tensor<1x2x3x4xf32>
  %left = mcuf.constant dense<0.0> : tensor<1x2x8x1xf32> : tensor<1x2x8x1xf32>
  %0 = mcuf.concat %above, %map, %below {axis = 2 : i64} : (tensor<1x2x1x4xf32>, tensor<1x2x4x4xf32>, tensor<1x2x3x4xf32>) -> tensor<1x2x8x4xf32>
  %1 = mcuf.concat %left, %0 {axis = 3 : i64} : (tensor<1x2x8x1xf32>, tensor<1x2x8x4xf32>) -> tensor<1x2x8x5xf32>
  %2 = mcuf.conv %1, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x8x5xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x6x5xf32>
  return %2 : tensor<1x3x6x5xf32>
}

// -----

// Other values, further channels and a second map are none.
// CHECK-LABEL: func @others
// CHECK-COUNT-3: mcuf.concat
func.func @others(%map: tensor<1x2x4x4xf32>) -> (tensor<1x3x3x2xf32>, tensor<1x3x2x2xf32>, tensor<1x3x6x2xf32>) {
  %w = mcuf.constant dense<1.0> : tensor<3x2x3x3xf32> : tensor<3x2x3x3xf32>
  %v = mcuf.constant dense<1.0> : tensor<3x3x3x3xf32> : tensor<3x3x3x3xf32>
  %one = mcuf.constant dense<1.0> : tensor<1x2x1x4xf32> : tensor<1x2x1x4xf32>
  %channel = mcuf.constant dense<0.0> : tensor<1x1x4x4xf32> : tensor<1x1x4x4xf32>
  %0 = mcuf.concat %one, %map {axis = 2 : i64} : (tensor<1x2x1x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x5x4xf32>
  %1 = mcuf.conv %0, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x5x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x3x2xf32>
  %2 = mcuf.concat %map, %channel {axis = 1 : i64} : (tensor<1x2x4x4xf32>, tensor<1x1x4x4xf32>) -> tensor<1x3x4x4xf32>
  %3 = mcuf.conv %2, %v {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x3x4x4xf32>, tensor<3x3x3x3xf32>) -> tensor<1x3x2x2xf32>
  %4 = mcuf.concat %map, %map {axis = 2 : i64} : (tensor<1x2x4x4xf32>, tensor<1x2x4x4xf32>) -> tensor<1x2x8x4xf32>
  %5 = mcuf.conv %4, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x8x4xf32>, tensor<3x2x3x3xf32>) -> tensor<1x3x6x2xf32>
  return %1, %3, %5 : tensor<1x3x3x2xf32>, tensor<1x3x2x2xf32>, tensor<1x3x6x2xf32>
}
