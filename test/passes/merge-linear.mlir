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
