// RUN: mcuform-opt --mcuf-fold-dead-channels --split-input-file %s | FileCheck %s

// Channel 1 has no weights and no bias: zero behind ReLU, beside the map as well. Nobody reads channel 2. Channel 3 is 5 everywhere but beside the map, so it stays.
// CHECK-LABEL: func @padded
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[\[}}1.000000e+00, 1.000000e+00], [0.000000e+00, 0.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[1.000000e+00, 5.000000e+00]>
// CHECK-DAG: %[[R:.*]] = mcuf.constant dense<{{\[\[}}1.000000e+00, 4.000000e+00, 1.000000e+00, 4.000000e+00]]>
// CHECK: %[[L:.*]] = mcuf.linear %arg0, %[[W]], %[[B]]
// CHECK: %[[A:.*]] = mcuf.unary relu %[[L]]
// CHECK: %[[V:.*]] = mcuf.windows %[[A]] {{.*}} -> tensor<1x2x3x4xf32>
// CHECK: mcuf.linear %[[V]], %[[R]]
func.func @padded(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x3x1xf32> {
  %w = mcuf.constant dense<[[1.0, 1.0], [0.0, 0.0], [3.0, 3.0], [0.0, 0.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %b = mcuf.constant dense<[1.0, 0.0, 3.0, 5.0]> : tensor<4xf32> : tensor<4xf32>
  %r = mcuf.constant dense<[[1.0, 2.0, 0.0, 4.0, 1.0, 2.0, 0.0, 4.0]]> : tensor<1x8xf32> : tensor<1x8xf32>
  %0 = mcuf.linear %x, %w, %b : (tensor<1x2x2x2xf32>, tensor<4x2xf32>, tensor<4xf32>) -> tensor<1x2x2x4xf32>
  %1 = mcuf.unary relu %0 : (tensor<1x2x2x4xf32>) -> tensor<1x2x2x4xf32>
  %2 = mcuf.windows %1 {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 1, 0, 1>} : (tensor<1x2x2x4xf32>) -> tensor<1x2x3x8xf32>
  %3 = mcuf.linear %2, %r : (tensor<1x2x3x8xf32>, tensor<1x8xf32>) -> tensor<1x2x3x1xf32>
  return %3 : tensor<1x2x3x1xf32>
}

// -----

// Without padding a channel of 5 (3) is in the bias behind: 5 * (4 + 4) + 1. A depthwise convolution without weights for channel 0 makes it its bias, 7: 7 * (1 + 1).
// CHECK-LABEL: func @depthwise
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<5.500000e+01> : tensor<1xf32>
// CHECK-DAG: %[[R:.*]] = mcuf.constant dense<{{\[\[}}2.000000e+00, 3.000000e+00, 2.000000e+00, 3.000000e+00]]>
// CHECK: mcuf.depthwise {{.*}} -> tensor<1x2x2x2xf32>
// CHECK: %[[V:.*]] = mcuf.windows {{.*}} -> tensor<1x2x1x4xf32>
// CHECK: mcuf.linear %[[V]], %[[R]], %[[B]]
func.func @depthwise(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x1x1xf32> {
  %w = mcuf.constant dense<[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [0.0, 0.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %b = mcuf.constant dense<[1.0, 0.0, 3.0, 5.0]> : tensor<4xf32> : tensor<4xf32>
  %d = mcuf.constant dense<[[[0.0, 1.0, 1.0, 1.0]]]> : tensor<1x1x4xf32> : tensor<1x1x4xf32>
  %e = mcuf.constant dense<[7.0, 0.0, 0.0, 0.0]> : tensor<4xf32> : tensor<4xf32>
  %r = mcuf.constant dense<[[1.0, 2.0, 3.0, 4.0, 1.0, 2.0, 3.0, 4.0]]> : tensor<1x8xf32> : tensor<1x8xf32>
  %c = mcuf.constant dense<1.0> : tensor<1xf32> : tensor<1xf32>
  %0 = mcuf.linear %x, %w, %b : (tensor<1x2x2x2xf32>, tensor<4x2xf32>, tensor<4xf32>) -> tensor<1x2x2x4xf32>
  %1 = mcuf.depthwise %0, %d, %e {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x4xf32>, tensor<1x1x4xf32>, tensor<4xf32>) -> tensor<1x2x2x4xf32>
  %2 = mcuf.windows %1 {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x4xf32>) -> tensor<1x2x1x8xf32>
  %3 = mcuf.linear %2, %r, %c : (tensor<1x2x1x8xf32>, tensor<1x8xf32>, tensor<1xf32>) -> tensor<1x2x1x1xf32>
  return %3 : tensor<1x2x1x1xf32>
}

// -----

// One dead channel of two stays, since the number is to be even; and nothing is known behind a sum.
// CHECK-LABEL: func @stays
// CHECK: mcuf.windows {{.*}} -> tensor<1x2x1x4xf32>
func.func @stays(%x: tensor<1x2x2x2xf32>) -> tensor<1x2x1x1xf32> {
  %w = mcuf.constant dense<[[1.0, 1.0], [0.0, 0.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %r = mcuf.constant dense<[[1.0, 2.0, 1.0, 2.0]]> : tensor<1x4xf32> : tensor<1x4xf32>
  %0 = mcuf.linear %x, %w : (tensor<1x2x2x2xf32>, tensor<2x2xf32>) -> tensor<1x2x2x2xf32>
  %2 = mcuf.windows %0 {kernel = array<i64: 1, 2>, strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>} : (tensor<1x2x2x2xf32>) -> tensor<1x2x1x4xf32>
  %3 = mcuf.linear %2, %r : (tensor<1x2x1x4xf32>, tensor<1x4xf32>) -> tensor<1x2x1x1xf32>
  return %3 : tensor<1x2x1x1xf32>
}
