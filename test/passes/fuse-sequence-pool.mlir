// RUN: mcuform-opt --mcuf-fuse-sequence-pool --split-input-file %s | FileCheck %s

// As CCT is exported; the bias of the scores is gone.
// CHECK-LABEL: func @cct
// CHECK: %[[W:.*]] = mcuf.constant dense<{{\[\[\[}}1.000000e+00, 2.000000e+00]]]> : tensor<1x1x2xf32>
// CHECK-NEXT: %[[P:.*]] = mcuf.attention %[[W]], %arg0, %arg0 {num_heads = 1 : i64, scale = 1.000000e+00 : f32} : (tensor<1x1x2xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x1x2xf32>
// CHECK-NEXT: return %[[P]]
func.func @cct(%x: tensor<1x4x2xf32>) -> tensor<1x1x2xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32> : tensor<1x2xf32>
  %b = mcuf.constant dense<[3.0]> : tensor<1xf32> : tensor<1xf32>
  %0 = mcuf.linear %x, %w, %b : (tensor<1x4x2xf32>, tensor<1x2xf32>, tensor<1xf32>) -> tensor<1x4x1xf32>
  %1 = mcuf.softmax %0 {axis = 1 : i64} : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  %2 = mcuf.transpose %1 {permutation = array<i64: 0, 2, 1>} : (tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  %3 = mcuf.matmul %2, %x : (tensor<1x1x4xf32>, tensor<1x4x2xf32>) -> tensor<1x1x2xf32>
  return %3 : tensor<1x1x2xf32>
}

// -----

// Scores as a row, scaled, on reshaped tokens.
// CHECK-LABEL: func @row
// CHECK: mcuf.attention %{{.*}}, %arg0, %arg0 {num_heads = 1 : i64, scale = 5.000000e-01 : f32}
// CHECK: mcuf.reshape
func.func @row(%x: tensor<1x4x2xf32>) -> tensor<1x2xf32> {
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %w = mcuf.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32> : tensor<1x2xf32>
  %rows = mcuf.reshape %x {shape = array<i64: 4, 2>} : (tensor<1x4x2xf32>) -> tensor<4x2xf32>
  %0 = mcuf.linear %rows, %w : (tensor<4x2xf32>, tensor<1x2xf32>) -> tensor<4x1xf32>
  %1 = mcuf.reshape %0 {shape = array<i64: 1, 4>} : (tensor<4x1xf32>) -> tensor<1x4xf32>
  %2 = mcuf.binary mul %1, %half : (tensor<1x4xf32>, tensor<f32>) -> tensor<1x4xf32>
  %3 = mcuf.softmax %2 {axis = 1 : i64} : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %4 = mcuf.matmul %3, %rows : (tensor<1x4xf32>, tensor<4x2xf32>) -> tensor<1x2xf32>
  return %4 : tensor<1x2xf32>
}

// -----

// The scores are those of other rows, or softmax goes over something else.
// CHECK-LABEL: func @others
// CHECK-NOT: mcuf.attention
func.func @others(%x: tensor<1x4x2xf32>, %y: tensor<1x4x2xf32>) -> (tensor<1x1x2xf32>, tensor<1x1x2xf32>) {
  %w = mcuf.constant dense<[[1.0, 2.0]]> : tensor<1x2xf32> : tensor<1x2xf32>
  %0 = mcuf.linear %y, %w : (tensor<1x4x2xf32>, tensor<1x2xf32>) -> tensor<1x4x1xf32>
  %1 = mcuf.softmax %0 {axis = 1 : i64} : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  %2 = mcuf.transpose %1 {permutation = array<i64: 0, 2, 1>} : (tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  %3 = mcuf.matmul %2, %x : (tensor<1x1x4xf32>, tensor<1x4x2xf32>) -> tensor<1x1x2xf32>
  %4 = mcuf.linear %x, %w : (tensor<1x4x2xf32>, tensor<1x2xf32>) -> tensor<1x4x1xf32>
  %5 = mcuf.softmax %4 {axis = 2 : i64} : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
  %6 = mcuf.transpose %5 {permutation = array<i64: 0, 2, 1>} : (tensor<1x4x1xf32>) -> tensor<1x1x4xf32>
  %7 = mcuf.matmul %6, %x : (tensor<1x1x4xf32>, tensor<1x4x2xf32>) -> tensor<1x1x2xf32>
  return %3, %7 : tensor<1x1x2xf32>, tensor<1x1x2xf32>
}
