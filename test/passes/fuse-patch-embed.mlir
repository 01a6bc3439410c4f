// RUN: mcuform-opt --mcuf-fuse-patch-embed --split-input-file %s | FileCheck %s

// Convolution, class token, position: the weights [units, channels, height, width] become [units, height, width, channels].
// CHECK-LABEL: func @conv
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[\[\[}}[1.000000e+00, 5.000000e+00], [2.000000e+00, 6.000000e+00]], {{\[}}[3.000000e+00, 7.000000e+00], [4.000000e+00, 8.000000e+00]]]]> : tensor<1x2x2x2xf32>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<9.000000e+00> : tensor<1xf32>
// CHECK-DAG: %[[POSITION:.*]] = mcuf.constant dense<{{\[}}[2.000000e+00], [3.000000e+00], [4.000000e+00], [5.000000e+00]]> : tensor<4x1xf32>
// CHECK-DAG: %[[PREFIX:.*]] = mcuf.constant dense<1.100000e+01> : tensor<1x1xf32>
// CHECK: mcuf.patch_embed %arg0, %[[W]], %[[B]] position %[[POSITION]] prefix %[[PREFIX]] : {{.*}} -> tensor<1x5x1xf32>
// CHECK-NEXT: return
func.func @conv(%image: tensor<1x2x4x5xf32>) -> tensor<1x5x1xf32> {
  %w = mcuf.constant dense<[[[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]]]]> : tensor<1x2x2x2xf32> : tensor<1x2x2x2xf32>
  %b = mcuf.constant dense<9.0> : tensor<1xf32> : tensor<1xf32>
  %token = mcuf.constant dense<10.0> : tensor<1x1x1xf32> : tensor<1x1x1xf32>
  %position = mcuf.constant dense<[[[1.0], [2.0], [3.0], [4.0], [5.0]]]> : tensor<1x5x1xf32> : tensor<1x5x1xf32>
  %0 = mcuf.conv %image, %w, %b {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x2x4x5xf32>, tensor<1x2x2x2xf32>, tensor<1xf32>) -> tensor<1x1x2x2xf32>
  %1 = mcuf.reshape %0 {shape = array<i64: 1, 1, 4>} : (tensor<1x1x2x2xf32>) -> tensor<1x1x4xf32>
  %2 = mcuf.transpose %1 {permutation = array<i64: 0, 2, 1>} : (tensor<1x1x4xf32>) -> tensor<1x4x1xf32>
  %3 = mcuf.concat %token, %2 {axis = 1 : i64} : (tensor<1x1x1xf32>, tensor<1x4x1xf32>) -> tensor<1x5x1xf32>
  %4 = mcuf.binary add %3, %position : (tensor<1x5x1xf32>, tensor<1x5x1xf32>) -> tensor<1x5x1xf32>
  return %4 : tensor<1x5x1xf32>
}

// -----

// Position first, then two tokens; channels last by a transposition before the reshape; no bias.
// CHECK-LABEL: func @position_first
// CHECK: mcuf.patch_embed %arg0, {{.*}} position {{.*}} prefix {{.*}} tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<1x6x2xf32>
// CHECK-NEXT: return
func.func @position_first(%image: tensor<1x1x4x4xf32>) -> tensor<1x6x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x2x2xf32> : tensor<2x1x2x2xf32>
  %class = mcuf.constant dense<10.0> : tensor<1x1x2xf32> : tensor<1x1x2xf32>
  %distillation = mcuf.constant dense<11.0> : tensor<1x1x2xf32> : tensor<1x1x2xf32>
  %position = mcuf.constant dense<1.0> : tensor<4x2xf32> : tensor<4x2xf32>
  %0 = mcuf.conv %image, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x2x2xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %2 = mcuf.reshape %1 {shape = array<i64: 1, 4, 2>} : (tensor<1x2x2x2xf32>) -> tensor<1x4x2xf32>
  %3 = mcuf.binary add %position, %2 : (tensor<4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %4 = mcuf.concat %class, %distillation, %3 {axis = 1 : i64} : (tensor<1x1x2xf32>, tensor<1x1x2xf32>, tensor<1x4x2xf32>) -> tensor<1x6x2xf32>
  return %4 : tensor<1x6x2xf32>
}

// -----

// Patches of 2 x 3 pixels and 2 channels cut by reshapes; pixels in the order (channel, row, column).
// CHECK-LABEL: func @linear
// CHECK: %[[W:.*]] = mcuf.constant dense<{{\[\[\[}}[0.000000e+00, 6.000000e+00], [1.000000e+00, 7.000000e+00], [2.000000e+00, 8.000000e+00]], {{\[}}[3.000000e+00, 9.000000e+00], [4.000000e+00, 1.000000e+01], [5.000000e+00, 1.100000e+01]]]]> : tensor<1x2x3x2xf32>
// CHECK: mcuf.patch_embed %arg0, %[[W]], {{.*}} -> tensor<1x4x1xf32>
// CHECK-NEXT: return
func.func @linear(%image: tensor<1x2x4x6xf32>) -> tensor<1x4x1xf32> {
  %w = mcuf.constant dense<[[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]> : tensor<1x12xf32> : tensor<1x12xf32>
  %b = mcuf.constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %0 = mcuf.reshape %image {shape = array<i64: 1, 2, 2, 2, 2, 3>} : (tensor<1x2x4x6xf32>) -> tensor<1x2x2x2x2x3xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 0, 2, 4, 1, 3, 5>} : (tensor<1x2x2x2x2x3xf32>) -> tensor<1x2x2x2x2x3xf32>
  %2 = mcuf.reshape %1 {shape = array<i64: 1, 4, 12>} : (tensor<1x2x2x2x2x3xf32>) -> tensor<1x4x12xf32>
  %3 = mcuf.linear %2, %w, %b : (tensor<1x4x12xf32>, tensor<1x12xf32>, tensor<1xf32>) -> tensor<1x4x1xf32>
  return %3 : tensor<1x4x1xf32>
}

// -----

// Overlapping windows, a margin as high as a patch, and rows that run along the columns of the image.
// CHECK-LABEL: func @not_patches
// CHECK-NOT: mcuf.patch_embed
func.func @not_patches(%image: tensor<1x1x4x4xf32>) -> (tensor<1x9x2xf32>, tensor<1x9x2xf32>, tensor<1x4x2xf32>) {
  %w = mcuf.constant dense<1.0> : tensor<2x1x2x2xf32> : tensor<2x1x2x2xf32>
  %0 = mcuf.conv %image, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x3x3xf32>
  %1 = mcuf.reshape %0 {shape = array<i64: 1, 2, 9>} : (tensor<1x2x3x3xf32>) -> tensor<1x2x9xf32>
  %2 = mcuf.transpose %1 {permutation = array<i64: 0, 2, 1>} : (tensor<1x2x9xf32>) -> tensor<1x9x2xf32>
  %3 = mcuf.conv %image, %w {strides = array<i64: 2, 2>, pads = array<i64: 2, 1, 1, 1>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x3x3xf32>
  %4 = mcuf.reshape %3 {shape = array<i64: 1, 2, 9>} : (tensor<1x2x3x3xf32>) -> tensor<1x2x9xf32>
  %5 = mcuf.transpose %4 {permutation = array<i64: 0, 2, 1>} : (tensor<1x2x9xf32>) -> tensor<1x9x2xf32>
  %6 = mcuf.conv %image, %w {strides = array<i64: 2, 2>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x4x4xf32>, tensor<2x1x2x2xf32>) -> tensor<1x2x2x2xf32>
  %7 = mcuf.transpose %6 {permutation = array<i64: 0, 3, 2, 1>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %8 = mcuf.reshape %7 {shape = array<i64: 1, 4, 2>} : (tensor<1x2x2x2xf32>) -> tensor<1x4x2xf32>
  return %2, %5, %8 : tensor<1x9x2xf32>, tensor<1x9x2xf32>, tensor<1x4x2xf32>
}

// -----

// The rows of a sequence, each a patch; a class token in front and positions.
// CHECK-LABEL: func @sequence
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{.*}}> : tensor<2x1x1x3xf32>
// CHECK-DAG: %[[POSITION:.*]] = mcuf.constant dense<2.000000e+00> : tensor<4x2xf32>
// CHECK-DAG: %[[PREFIX:.*]] = mcuf.constant dense<9.000000e+00> : tensor<1x2xf32>
// CHECK: %[[TOKENS:.*]] = mcuf.patch_embed %arg0, %[[W]], %{{.*}} position %[[POSITION]] prefix %[[PREFIX]]
// CHECK-SAME: (tensor<1x4x3xf32>, tensor<2x1x1x3xf32>, tensor<2xf32>, tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<1x5x2xf32>
// CHECK-NEXT: return %[[TOKENS]]
func.func @sequence(%rows: tensor<1x4x3xf32>) -> tensor<1x5x2xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %b = mcuf.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %token = mcuf.constant dense<7.0> : tensor<1x1x2xf32> : tensor<1x1x2xf32>
  %positions = mcuf.constant dense<2.0> : tensor<1x5x2xf32> : tensor<1x5x2xf32>
  %0 = mcuf.linear %rows, %w, %b : (tensor<1x4x3xf32>, tensor<2x3xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %1 = mcuf.concat %token, %0 {axis = 1 : i64} : (tensor<1x1x2xf32>, tensor<1x4x2xf32>) -> tensor<1x5x2xf32>
  %2 = mcuf.binary add %1, %positions : (tensor<1x5x2xf32>, tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  return %2 : tensor<1x5x2xf32>
}

// -----

// A margin that is smaller than a patch, above and left only; position behind it.
// CHECK-LABEL: func @padded
// CHECK: mcuf.patch_embed %arg0, {{.*}} position {{.*}} {pads = array<i64: 1, 2, 0, 0>} : {{.*}} -> tensor<1x4x2xf32>
// CHECK-NEXT: return
func.func @padded(%image: tensor<1x1x5x4xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x3x3xf32> : tensor<2x1x3x3xf32>
  %position = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %0 = mcuf.conv %image, %w {strides = array<i64: 3, 3>, pads = array<i64: 1, 2, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x5x4xf32>, tensor<2x1x3x3xf32>) -> tensor<1x2x2x2xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x2x2xf32>
  %2 = mcuf.reshape %1 {shape = array<i64: 1, 4, 2>} : (tensor<1x2x2x2xf32>) -> tensor<1x4x2xf32>
  %3 = mcuf.binary add %position, %2 : (tensor<4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  return %3 : tensor<1x4x2xf32>
}
