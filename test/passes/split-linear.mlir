// RUN: mcuform-opt --mcuf-split-linear %s | FileCheck %s

// The third of the columns that nobody uses goes too.
// CHECK-LABEL: func @slices
// CHECK-DAG: %[[W0:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00]]>
// CHECK-DAG: %[[B0:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+00]>
// CHECK-DAG: %[[W1:.*]] = mcuf.constant dense<{{\[}}[7.000000e+00, 8.000000e+00], [5.000000e+00, 6.000000e+00]]>
// CHECK-DAG: %[[B1:.*]] = mcuf.constant dense<[4.000000e+00, 3.000000e+00]>
// CHECK: %[[FIRST:.*]] = mcuf.linear %arg0, %[[W0]], %[[B0]]
// CHECK-NEXT: %[[SECOND:.*]] = mcuf.linear %arg0, %[[W1]], %[[B1]]
// CHECK-NEXT: return %[[SECOND]], %[[FIRST]]
func.func @slices(%x: tensor<1x3x2xf32>) -> (tensor<1x3x2xf32>, tensor<1x3x2xf32>) {
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, 9.0]]> : tensor<5x2xf32> : tensor<5x2xf32>
  %b = mcuf.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0]> : tensor<5xf32> : tensor<5xf32>
  %order = mcuf.constant dense<[3, 2]> : tensor<2xi64> : tensor<2xi64>
  %0 = mcuf.linear %x, %w, %b : (tensor<1x3x2xf32>, tensor<5x2xf32>, tensor<5xf32>) -> tensor<1x3x5xf32>
  %1 = mcuf.slice %0 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 3, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x5xf32>) -> tensor<1x3x2xf32>
  %2 = mcuf.gather %0, %order {axis = 2 : i64} : (tensor<1x3x5xf32>, tensor<2xi64>) -> tensor<1x3x2xf32>
  return %2, %1 : tensor<1x3x2xf32>, tensor<1x3x2xf32>
}

// Somebody uses all columns, or only some of the rows.
// CHECK-LABEL: func @not_split
// CHECK: mcuf.linear
// CHECK-NEXT: mcuf.slice
// CHECK-NEXT: mcuf.linear
// CHECK-NEXT: mcuf.slice
// CHECK-NEXT: return
func.func @not_split(%x: tensor<1x3x2xf32>) -> (tensor<1x3x2xf32>, tensor<1x3x1xf32>, tensor<1x2x1xf32>) {
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.linear %x, %w : (tensor<1x3x2xf32>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %1 = mcuf.slice %0 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 3, 1>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x2xf32>) -> tensor<1x3x1xf32>
  %2 = mcuf.linear %0, %w : (tensor<1x3x2xf32>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %3 = mcuf.slice %2 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 2, 1>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x2xf32>) -> tensor<1x2x1xf32>
  return %0, %1, %3 : tensor<1x3x2xf32>, tensor<1x3x1xf32>, tensor<1x2x1xf32>
}
