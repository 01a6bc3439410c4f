// RUN: mcuform-opt --mcuf-merge-linear %s | FileCheck %s

// W2 (W1 x + b1) + b2.
// CHECK-LABEL: func @merge
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[4.000000e+00, 6.000000e+00], [6.000000e+00, 8.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[1.300000e+01, 1.500000e+01]>
// CHECK: mcuf.linear %arg0, %[[W]], %[[B]]
// CHECK-NEXT: return
func.func @merge(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %w1 = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %b1 = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %w2 = mcuf.constant dense<[[1.0, 1.0], [0.0, 2.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %b2 = mcuf.constant dense<[10.0, 11.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.linear %x, %w1, %b1 : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %1 = mcuf.linear %0, %w2, %b2 : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// A rank of 1 is cheaper than the product.
// CHECK-LABEL: func @low_rank
// CHECK: mcuf.linear
// CHECK-NEXT: mcuf.linear
func.func @low_rank(%x: tensor<3x4xf32>) -> tensor<3x4xf32> {
  %w1 = mcuf.constant dense<1.0> : tensor<1x4xf32> : tensor<1x4xf32>
  %w2 = mcuf.constant dense<1.0> : tensor<4x1xf32> : tensor<4x1xf32>
  %0 = mcuf.linear %x, %w1 : (tensor<3x4xf32>, tensor<1x4xf32>) -> tensor<3x1xf32>
  %1 = mcuf.linear %0, %w2 : (tensor<3x1xf32>, tensor<4x1xf32>) -> tensor<3x4xf32>
  return %1 : tensor<3x4xf32>
}

// Widths 4, 6, 6, 2, 8: of the first three layers one of 4 x 2 is made, the narrow width 2 stays.
// CHECK-LABEL: func @chain
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<3.600000e+01> : tensor<2x4xf32>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<1.300000e+01> : tensor<2xf32>
// CHECK: %[[N:.*]] = mcuf.linear %arg0, %[[W]], %[[B]]
// CHECK: mcuf.linear %[[N]], {{.*}} : (tensor<3x2xf32>, tensor<8x2xf32>) -> tensor<3x8xf32>
// CHECK-NEXT: return
func.func @chain(%x: tensor<3x4xf32>) -> tensor<3x8xf32> {
  %w1 = mcuf.constant dense<1.0> : tensor<6x4xf32> : tensor<6x4xf32>
  %w2 = mcuf.constant dense<1.0> : tensor<6x6xf32> : tensor<6x6xf32>
  %b2 = mcuf.constant dense<2.0> : tensor<6xf32> : tensor<6xf32>
  %w3 = mcuf.constant dense<1.0> : tensor<2x6xf32> : tensor<2x6xf32>
  %b3 = mcuf.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %w4 = mcuf.constant dense<1.0> : tensor<8x2xf32> : tensor<8x2xf32>
  %0 = mcuf.linear %x, %w1 : (tensor<3x4xf32>, tensor<6x4xf32>) -> tensor<3x6xf32>
  %1 = mcuf.linear %0, %w2, %b2 : (tensor<3x6xf32>, tensor<6x6xf32>, tensor<6xf32>) -> tensor<3x6xf32>
  %2 = mcuf.linear %1, %w3, %b3 : (tensor<3x6xf32>, tensor<2x6xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %3 = mcuf.linear %2, %w4 : (tensor<3x2xf32>, tensor<8x2xf32>) -> tensor<3x8xf32>
  return %3 : tensor<3x8xf32>
}

// Widths 8, 2, 2, 8: one of the two inner widths goes.
// CHECK-LABEL: func @middle
// CHECK: mcuf.linear {{.*}} : (tensor<3x8xf32>, tensor<2x8xf32>) -> tensor<3x2xf32>
// CHECK: mcuf.linear {{.*}} : (tensor<3x2xf32>, tensor<8x2xf32>) -> tensor<3x8xf32>
// CHECK-NEXT: return
func.func @middle(%x: tensor<3x8xf32>) -> tensor<3x8xf32> {
  %w1 = mcuf.constant dense<1.0> : tensor<2x8xf32> : tensor<2x8xf32>
  %w2 = mcuf.constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %w3 = mcuf.constant dense<1.0> : tensor<8x2xf32> : tensor<8x2xf32>
  %0 = mcuf.linear %x, %w1 : (tensor<3x8xf32>, tensor<2x8xf32>) -> tensor<3x2xf32>
  %1 = mcuf.linear %0, %w2 : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %2 = mcuf.linear %1, %w3 : (tensor<3x2xf32>, tensor<8x2xf32>) -> tensor<3x8xf32>
  return %2 : tensor<3x8xf32>
}

// Somebody else needs the narrow rows.
// CHECK-LABEL: func @shared
// CHECK: mcuf.linear
// CHECK-NEXT: mcuf.linear
func.func @shared(%x: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %w = mcuf.constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.linear %x, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  %1 = mcuf.linear %0, %w : (tensor<3x2xf32>, tensor<2x2xf32>) -> tensor<3x2xf32>
  return %0, %1 : tensor<3x2xf32>, tensor<3x2xf32>
}
