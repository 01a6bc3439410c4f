// RUN: mcuform-opt --mcuf-fold-layout --split-input-file %s | FileCheck %s

// CHECK-LABEL: func @there_and_back
// CHECK-NEXT: return %arg0
func.func @there_and_back(%x: tensor<1x6x4xf32>) -> tensor<1x6x4xf32> {
  %0 = mcuf.reshape %x {shape = array<i64: 6, 2, 2>} : (tensor<1x6x4xf32>) -> tensor<6x2x2xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<6x2x2xf32>) -> tensor<2x6x2xf32>
  %2 = mcuf.reshape %1 {shape = array<i64: 1, 2, 6, 2>} : (tensor<2x6x2xf32>) -> tensor<1x2x6x2xf32>
  %3 = mcuf.transpose %2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x2x6x2xf32>) -> tensor<1x6x2x2xf32>
  %4 = mcuf.reshape %3 {shape = array<i64: 1, 6, 4>} : (tensor<1x6x2x2xf32>) -> tensor<1x6x4xf32>
  return %4 : tensor<1x6x4xf32>
}

// -----

// Only a dimension of size 1 moves.
// CHECK-LABEL: func @unit_dimension
// CHECK-NEXT: mcuf.reshape %arg0 {shape = array<i64: 6, 1, 4>}
// CHECK-NEXT: return
func.func @unit_dimension(%x: tensor<1x6x4xf32>) -> tensor<6x1x4xf32> {
  %0 = mcuf.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<1x6x4xf32>) -> tensor<6x1x4xf32>
  return %0 : tensor<6x1x4xf32>
}

// -----

// A residual block on [tokens, 1, width] becomes one on [1, tokens, width].
// CHECK-LABEL: func @sink
// CHECK: %[[NORM:.*]] = mcuf.layer_norm %arg0 {{.*}} -> tensor<1x6x2xf32>
// CHECK-NEXT: %[[LINEAR:.*]] = mcuf.linear %[[NORM]], {{.*}} -> tensor<1x6x2xf32>
// CHECK-NEXT: %[[GELU:.*]] = mcuf.gelu %[[LINEAR]] {{.*}} -> tensor<1x6x2xf32>
// CHECK-NEXT: %[[BIAS:.*]] = mcuf.binary add %[[GELU]], {{.*}} -> tensor<1x6x2xf32>
// CHECK-NEXT: %[[ADD:.*]] = mcuf.binary add %arg0, %[[BIAS]] {{.*}} -> tensor<1x6x2xf32>
// CHECK-NEXT: return %[[ADD]]
func.func @sink(%x: tensor<1x6x2xf32>) -> tensor<1x6x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %b = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.transpose %x {permutation = array<i64: 1, 0, 2>} : (tensor<1x6x2xf32>) -> tensor<6x1x2xf32>
  %1 = mcuf.layer_norm %0 {epsilon = 1.0e-6 : f32} : (tensor<6x1x2xf32>) -> tensor<6x1x2xf32>
  %2 = mcuf.matmul %1, %w : (tensor<6x1x2xf32>, tensor<2x2xf32>) -> tensor<6x1x2xf32>
  %3 = mcuf.linear %1, %w : (tensor<6x1x2xf32>, tensor<2x2xf32>) -> tensor<6x1x2xf32>
  %4 = mcuf.gelu %3 : (tensor<6x1x2xf32>) -> tensor<6x1x2xf32>
  %5 = mcuf.binary add %4, %b : (tensor<6x1x2xf32>, tensor<2xf32>) -> tensor<6x1x2xf32>
  %6 = mcuf.binary add %0, %5 : (tensor<6x1x2xf32>, tensor<6x1x2xf32>) -> tensor<6x1x2xf32>
  %7 = mcuf.transpose %6 {permutation = array<i64: 1, 0, 2>} : (tensor<6x1x2xf32>) -> tensor<1x6x2xf32>
  return %7 : tensor<1x6x2xf32>
}

// -----

// The mean over tokens as pooling of [1, width, tokens].
// CHECK-LABEL: func @pooling
// CHECK-NEXT: %[[MEAN:.*]] = mcuf.reduce mean %arg0 {axes = array<i64: 1>, keep_dims = true} : {{.*}} -> tensor<1x1x4xf32>
// CHECK-NEXT: mcuf.reshape %[[MEAN]] {shape = array<i64: 1, 4>}
// CHECK-NEXT: return
func.func @pooling(%x: tensor<1x6x4xf32>) -> tensor<1x4xf32> {
  %0 = mcuf.transpose %x {permutation = array<i64: 0, 2, 1>} : (tensor<1x6x4xf32>) -> tensor<1x4x6xf32>
  %1 = mcuf.reduce mean %0 {axes = array<i64: 2>, keep_dims = true} : (tensor<1x4x6xf32>) -> tensor<1x4x1xf32>
  %2 = mcuf.reshape %1 {shape = array<i64: 1, 4>} : (tensor<1x4x1xf32>) -> tensor<1x4xf32>
  return %2 : tensor<1x4xf32>
}

// -----

// A transposition that moves elements stays, and so does a reshape that changes rows.
// CHECK-LABEL: func @not_folded
// CHECK: mcuf.transpose
// CHECK-NEXT: mcuf.reshape
// CHECK-NEXT: mcuf.linear
func.func @not_folded(%x: tensor<1x6x4xf32>) -> tensor<1x3x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x8xf32> : tensor<2x8xf32>
  %0 = mcuf.transpose %x {permutation = array<i64: 0, 2, 1>} : (tensor<1x6x4xf32>) -> tensor<1x4x6xf32>
  %1 = mcuf.reshape %0 {shape = array<i64: 1, 3, 8>} : (tensor<1x4x6xf32>) -> tensor<1x3x8xf32>
  %2 = mcuf.linear %1, %w : (tensor<1x3x8xf32>, tensor<2x8xf32>) -> tensor<1x3x2xf32>
  return %2 : tensor<1x3x2xf32>
}
