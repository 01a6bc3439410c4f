// RUN: mcuform-opt --mcuf-fuse-permute-rows --split-input-file %s | FileCheck %s

// MobileViT's unfold: the pixels of 2 x 2 patches of a map of 4 x 6, by way of planes. Row (py, px, y, x) of the result is pixel (2 y + py, 2 x + px). The
// reshape moves down past what works on rows.
// CHECK-LABEL: func @unfold
// CHECK: %[[MAP:.*]] = mcuf.linear %arg0
// CHECK-NEXT: %[[ROWS:.*]] = mcuf.permute_rows %[[MAP]] {sizes = array<i64: 2, 2, 2, 3>, strides = array<i64: 6, 1, 12, 2>} : (tensor<1x4x6x4xf32>) -> tensor<1x24x4xf32>
// CHECK-NEXT: %[[NORM:.*]] = mcuf.layer_norm %[[ROWS]]
// CHECK-NEXT: mcuf.reshape %[[NORM]] {shape = array<i64: 4, 6, 4>}
func.func @unfold(%arg0: tensor<1x4x6x4xf32>) -> tensor<4x6x4xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x4xf32> : tensor<4x4xf32>
  %0 = mcuf.linear %arg0, %w : (tensor<1x4x6x4xf32>, tensor<4x4xf32>) -> tensor<1x4x6x4xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 0, 3, 1, 2>} : (tensor<1x4x6x4xf32>) -> tensor<1x4x4x6xf32>
  %2 = mcuf.reshape %1 {shape = array<i64: 8, 2, 3, 2>} : (tensor<1x4x4x6xf32>) -> tensor<8x2x3x2xf32>
  %3 = mcuf.transpose %2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<8x2x3x2xf32>) -> tensor<8x3x2x2xf32>
  %4 = mcuf.reshape %3 {shape = array<i64: 1, 4, 6, 4>} : (tensor<8x3x2x2xf32>) -> tensor<1x4x6x4xf32>
  %5 = mcuf.transpose %4 {permutation = array<i64: 0, 3, 2, 1>} : (tensor<1x4x6x4xf32>) -> tensor<1x4x6x4xf32>
  %6 = mcuf.reshape %5 {shape = array<i64: 4, 6, 4>} : (tensor<1x4x6x4xf32>) -> tensor<4x6x4xf32>
  %7 = mcuf.layer_norm %6 {epsilon = 1.0e-5 : f32} : (tensor<4x6x4xf32>) -> tensor<4x6x4xf32>
  return %7 : tensor<4x6x4xf32>
}

// -----

// Its fold: row (y, py, x, px) of the map is row (2 py + px, 3 y + x) of the four sequences. Whatever reads the map pixel by pixel reads the rows.
// CHECK-LABEL: func @fold
// CHECK: %[[NORM:.*]] = mcuf.layer_norm %arg0
// CHECK-NEXT: %[[ROWS:.*]] = mcuf.permute_rows %[[NORM]] {sizes = array<i64: 2, 2, 3, 2>, strides = array<i64: 3, 12, 1, 6>} : (tensor<4x6x8xf32>) -> tensor<1x24x8xf32>
// CHECK-NEXT: %[[OUT:.*]] = mcuf.linear %[[ROWS]]
// CHECK-NEXT: mcuf.reshape %[[OUT]] {shape = array<i64: 1, 4, 6, 2>}
func.func @fold(%arg0: tensor<4x6x8xf32>) -> tensor<1x4x6x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x8xf32> : tensor<2x8xf32>
  %0 = mcuf.layer_norm %arg0 {epsilon = 1.0e-5 : f32} : (tensor<4x6x8xf32>) -> tensor<4x6x8xf32>
  %1 = mcuf.reshape %0 {shape = array<i64: 1, 4, 6, 8>} : (tensor<4x6x8xf32>) -> tensor<1x4x6x8xf32>
  %2 = mcuf.transpose %1 {permutation = array<i64: 0, 3, 2, 1>} : (tensor<1x4x6x8xf32>) -> tensor<1x8x6x4xf32>
  %3 = mcuf.reshape %2 {shape = array<i64: 16, 3, 2, 2>} : (tensor<1x8x6x4xf32>) -> tensor<16x3x2x2xf32>
  %4 = mcuf.transpose %3 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<16x3x2x2xf32>) -> tensor<16x2x3x2xf32>
  %5 = mcuf.reshape %4 {shape = array<i64: 1, 8, 4, 6>} : (tensor<16x2x3x2xf32>) -> tensor<1x8x4x6xf32>
  %6 = mcuf.transpose %5 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x8x4x6xf32>) -> tensor<1x4x6x8xf32>
  %7 = mcuf.linear %6, %w : (tensor<1x4x6x8xf32>, tensor<2x8xf32>) -> tensor<1x4x6x2xf32>
  return %7 : tensor<1x4x6x2xf32>
}

// -----

// Columns that become rows, rows taken apart, and the model's input are no permutation of rows.
// CHECK-LABEL: func @left_alone
// CHECK-NOT: permute_rows
// CHECK: return
func.func @left_alone(%arg0: tensor<1x6x4xf32>) -> (tensor<1x4x6xf32>, tensor<2x6x2xf32>, tensor<2x3x4xf32>) {
  %0 = mcuf.unary relu %arg0 : (tensor<1x6x4xf32>) -> tensor<1x6x4xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 0, 2, 1>} : (tensor<1x6x4xf32>) -> tensor<1x4x6xf32>
  %2 = mcuf.reshape %0 {shape = array<i64: 6, 2, 2>} : (tensor<1x6x4xf32>) -> tensor<6x2x2xf32>
  %3 = mcuf.transpose %2 {permutation = array<i64: 1, 0, 2>} : (tensor<6x2x2xf32>) -> tensor<2x6x2xf32>
  %5 = mcuf.reshape %arg0 {shape = array<i64: 3, 2, 4>} : (tensor<1x6x4xf32>) -> tensor<3x2x4xf32>
  %6 = mcuf.transpose %5 {permutation = array<i64: 1, 0, 2>} : (tensor<3x2x4xf32>) -> tensor<2x3x4xf32>
  return %1, %3, %6 : tensor<1x4x6xf32>, tensor<2x6x2xf32>, tensor<2x3x4xf32>
}
