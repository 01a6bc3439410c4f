// RUN: mcuform-opt --mcuf-absorb-projections --split-input-file %s | FileCheck %s

// Weights are [units, depth]: rows 0-1 are the first head's. Keys go to the queries' side as their transposed weights, values behind the
// attention with their bias; the keys' bias is gone.
// CHECK-LABEL: func @two_heads
// CHECK: %[[Y:.*]] = mcuf.layer_norm
// CHECK: %[[QW:.*]] = mcuf.constant dense<{{.*}}1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00], [5.000000e+00
// CHECK: %[[Q0:.*]] = mcuf.linear %[[Y]], %[[QW]], %{{.*}} -> tensor<1x3x2xf32>
// CHECK: %[[BACK:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 5.000000e+00], [2.000000e+00, 6.000000e+00], [3.000000e+00, 7.000000e+00], [4.000000e+00, 8.000000e+00]]> : tensor<4x2xf32>
// CHECK: %[[T0:.*]] = mcuf.linear %[[Q0]], %[[BACK]] : {{.*}} -> tensor<1x3x4xf32>
// CHECK: %[[A0:.*]] = mcuf.attention %[[T0]], %[[Y]], %[[Y]] {mcuf.head = 0 : i64, num_heads = 1 : i64, scale = 5.000000e-01 : f32}
// CHECK: %[[VB0:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK: %[[C0:.*]] = mcuf.linear %[[A0]], %{{.*}}, %[[VB0]] : {{.*}} -> tensor<1x3x2xf32>
// CHECK: %[[A1:.*]] = mcuf.attention %{{.*}}, %[[Y]], %[[Y]] {mcuf.head = 1 : i64
// CHECK: %[[VB1:.*]] = mcuf.constant dense<[3.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK: %[[C1:.*]] = mcuf.linear %[[A1]], %{{.*}}, %[[VB1]]
// CHECK: %[[C:.*]] = mcuf.concat %[[C0]], %[[C1]] {axis = 2 : i64}
// CHECK: return %[[C]]
func.func @two_heads(%x: tensor<1x3x4xf32>) -> tensor<1x3x4xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0], [9.0, 10.0, 11.0, 12.0], [13.0, 14.0, 15.0, 16.0]]> : tensor<4x4xf32> : tensor<4x4xf32>
  %b = mcuf.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32> : tensor<4xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-05 : f32} : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %q = mcuf.linear %y, %w, %b : (tensor<1x3x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x3x4xf32>
  %k = mcuf.linear %y, %w, %b : (tensor<1x3x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x3x4xf32>
  %v = mcuf.linear %y, %w, %b : (tensor<1x3x4xf32>, tensor<4x4xf32>, tensor<4xf32>) -> tensor<1x3x4xf32>
  %c = mcuf.attention %q, %k, %v {num_heads = 2 : i64, scale = 5.0e-01 : f32} : (tensor<1x3x4xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %c : tensor<1x3x4xf32>
}

// -----

// Keys and values of different rows, and keys that somebody else reads.
// CHECK-LABEL: func @left_alone
// CHECK-COUNT-2: mcuf.attention {{.*}} {num_heads = 2 : i64
// CHECK-NOT: mcuf.head
func.func @left_alone(%x: tensor<1x3x4xf32>) -> tensor<1x3x4xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x4xf32> : tensor<4x4xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-05 : f32} : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %q = mcuf.linear %y, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %k = mcuf.linear %y, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %v = mcuf.linear %x, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %c = mcuf.attention %q, %k, %v {num_heads = 2 : i64, scale = 5.0e-01 : f32} : (tensor<1x3x4xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %z = mcuf.layer_norm %c {epsilon = 1.0e-05 : f32} : (tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %q2 = mcuf.linear %z, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %k2 = mcuf.linear %z, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %v2 = mcuf.linear %z, %w : (tensor<1x3x4xf32>, tensor<4x4xf32>) -> tensor<1x3x4xf32>
  %c2 = mcuf.attention %q2, %k2, %v2 {num_heads = 2 : i64, scale = 5.0e-01 : f32} : (tensor<1x3x4xf32>, tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  %r = mcuf.binary add %c2, %k2 : (tensor<1x3x4xf32>, tensor<1x3x4xf32>) -> tensor<1x3x4xf32>
  return %r : tensor<1x3x4xf32>
}
