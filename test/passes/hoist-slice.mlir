// RUN: mcuform-opt --mcuf-hoist-slice --split-input-file %s | FileCheck %s
// RUN: mcuform-opt --mcuf-hoist-slice=through-residual=true --split-input-file %s | FileCheck --check-prefix=THROUGH %s

// The class token before the last normalization, also across the reshape; the residual addition is passed only if told to.
// CHECK-LABEL: func @class_token
// CHECK: %[[SUM:.*]] = mcuf.binary add %arg0, %arg1
// CHECK-NEXT: %[[ROW:.*]] = mcuf.slice %[[SUM]] {{.*}} -> tensor<1x1x2xf32>
// CHECK-NEXT: %[[NORM:.*]] = mcuf.layer_norm %[[ROW]]
// CHECK-NEXT: mcuf.linear %[[NORM]], {{.*}} -> tensor<1x1x2xf32>
// CHECK-NEXT: mcuf.reshape {{.*}} -> tensor<1x2xf32>
// CHECK-NEXT: return
// THROUGH-LABEL: func @class_token
// THROUGH-DAG: %[[A:.*]] = mcuf.slice %arg0
// THROUGH-DAG: %[[B:.*]] = mcuf.slice %arg1
// THROUGH: mcuf.binary add %[[A]], %[[B]] : {{.*}} -> tensor<1x1x2xf32>
func.func @class_token(%x: tensor<1x5x2xf32>, %y: tensor<1x5x2xf32>) -> tensor<1x2xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.binary add %x, %y : (tensor<1x5x2xf32>, tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %1 = mcuf.layer_norm %0 {epsilon = 1.0e-6 : f32} : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %2 = mcuf.linear %1, %w : (tensor<1x5x2xf32>, tensor<2x2xf32>) -> tensor<1x5x2xf32>
  %3 = mcuf.reshape %2 {shape = array<i64: 5, 2>} : (tensor<1x5x2xf32>) -> tensor<5x2xf32>
  %4 = mcuf.slice %3 {starts = array<i64: 0, 0>, sizes = array<i64: 1, 2>, steps = array<i64: 1, 1>} : (tensor<5x2xf32>) -> tensor<1x2xf32>
  return %4 : tensor<1x2xf32>
}

// -----

// Only the queries of attention are cut.
// CHECK-LABEL: func @attention
// CHECK: mcuf.attention %arg0
// THROUGH-LABEL: func @attention
// THROUGH: %[[Q:.*]] = mcuf.slice %arg0
// THROUGH: mcuf.attention %[[Q]], %arg1, %arg1 {{.*}} -> tensor<1x1x2xf32>
func.func @attention(%x: tensor<1x5x2xf32>, %y: tensor<1x5x2xf32>) -> tensor<1x1x2xf32> {
  %0 = mcuf.attention %x, %y, %y {num_heads = 1 : i64, scale = 1.0 : f32} : (tensor<1x5x2xf32>, tensor<1x5x2xf32>, tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %1 = mcuf.slice %0 {starts = array<i64: 0, 1, 0>, sizes = array<i64: 1, 1, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x2xf32>) -> tensor<1x1x2xf32>
  return %1 : tensor<1x1x2xf32>
}

// -----

// All rows are needed by somebody else; columns are no rows.
// CHECK-LABEL: func @not_hoisted
// CHECK: mcuf.layer_norm
// CHECK-NEXT: mcuf.slice
// CHECK-NEXT: mcuf.gelu
// CHECK-NEXT: mcuf.slice
func.func @not_hoisted(%x: tensor<1x5x2xf32>) -> (tensor<1x5x2xf32>, tensor<1x1x2xf32>, tensor<1x5x1xf32>) {
  %0 = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32} : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %1 = mcuf.slice %0 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 1, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x2xf32>) -> tensor<1x1x2xf32>
  %2 = mcuf.gelu %0 : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %3 = mcuf.slice %2 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 5, 1>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x2xf32>) -> tensor<1x5x1xf32>
  return %0, %1, %3 : tensor<1x5x2xf32>, tensor<1x1x2xf32>, tensor<1x5x1xf32>
}
