// RUN: mcuform-opt --mcuf-fuse-attention --mcuf-fold-layout --split-input-file %s | FileCheck %s
// RUN: not mcuform-opt --mcuf-fuse-attention --mcuf-verify-fused --split-input-file %s 2>&1 | FileCheck --check-prefix=ERROR %s

// A class token and 2 x 2 patches, two heads of width 2. The embeddings of keys are twice as strong as the keys, whose products alone are scaled;
// those of values are halved. Row 0 of the tables is the class token's, then three distances of rows and three of columns.
// CHECK-LABEL: func @both_terms
// CHECK-DAG: %[[KT:.*]] = mcuf.constant dense<{{\[}}[1.400000e+01, 1.800000e+01], [-6.000000e+00, 8.000000e+00], [0.000000e+00, -1.600000e+01], [6.000000e+00, 8.000000e+00], [2.000000e+00, 4.000000e+00], [-4.000000e+00, 0.000000e+00], [2.000000e+00, -4.000000e+00]]> : tensor<7x2xf32>
// CHECK-DAG: %[[VT:.*]] = mcuf.constant dense<{{\[}}[3.500000e+00, 4.500000e+00], [-1.500000e+00, 2.000000e+00], [0.000000e+00, -4.000000e+00], [1.500000e+00, 2.000000e+00], [5.000000e-01, 1.000000e+00], [-1.000000e+00, 0.000000e+00], [5.000000e-01, -1.000000e+00]]> : tensor<7x2xf32>
// CHECK-DAG: %[[Q:.*]] = mcuf.slice %arg0 {sizes = array<i64: 1, 5, 4>, starts = array<i64: 0, 0, 0>
// CHECK: %[[CONTEXT:.*]] = mcuf.attention %[[Q]], %{{.*}}, %{{.*}} k_table %[[KT]] v_table %[[VT]] {grid = array<i64: 1, 2, 2, 1, 1>, num_heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT: return %[[CONTEXT]]
func.func @both_terms(%qkv: tensor<1x5x12xf32>) -> tensor<1x5x4xf32> {
  %scale = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %ek = mcuf.constant dense<[[[7.0, 7.0, 7.0, 7.0, 7.0], [9.0, 9.0, 9.0, 9.0, 9.0]], [[7.0, -2.0, 1.0, 1.0, 4.0], [9.0, -8.0, -10.0, 4.0, 2.0]], [[7.0, 1.0, -2.0, 4.0, 1.0], [9.0, -6.0, -8.0, 6.0, 4.0]], [[7.0, -5.0, -2.0, -2.0, 1.0], [9.0, 4.0, 2.0, -8.0, -10.0]], [[7.0, -2.0, -5.0, 1.0, -2.0], [9.0, 6.0, 4.0, -6.0, -8.0]]]> : tensor<5x2x5xf32> : tensor<5x2x5xf32>
  %ev = mcuf.constant dense<[[[7.0, 9.0], [7.0, 9.0], [7.0, 9.0], [7.0, 9.0], [7.0, 9.0]], [[7.0, 9.0], [-2.0, -8.0], [1.0, -10.0], [1.0, 4.0], [4.0, 2.0]], [[7.0, 9.0], [1.0, -6.0], [-2.0, -8.0], [4.0, 6.0], [1.0, 4.0]], [[7.0, 9.0], [-5.0, 4.0], [-2.0, 2.0], [-2.0, -8.0], [1.0, -10.0]], [[7.0, 9.0], [-2.0, 6.0], [-5.0, 4.0], [1.0, -6.0], [-2.0, -8.0]]]> : tensor<5x5x2xf32> : tensor<5x5x2xf32>
  %0 = mcuf.reshape %qkv {shape = array<i64: 1, 5, 3, 2, 2>} : (tensor<1x5x12xf32>) -> tensor<1x5x3x2x2xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x5x3x2x2xf32>) -> tensor<3x1x2x5x2xf32>
  %2 = mcuf.slice %1 {starts = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %q = mcuf.reshape %2 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %3 = mcuf.slice %1 {starts = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %k = mcuf.reshape %3 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %4 = mcuf.slice %1 {starts = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %v = mcuf.reshape %4 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %kt = mcuf.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x2xf32>) -> tensor<1x2x2x5xf32>
  %s = mcuf.matmul %q, %kt : (tensor<1x2x5x2xf32>, tensor<1x2x2x5xf32>) -> tensor<1x2x5x5xf32>
  %ss = mcuf.binary mul %s, %scale : (tensor<1x2x5x5xf32>, tensor<f32>) -> tensor<1x2x5x5xf32>
  %5 = mcuf.transpose %q {permutation = array<i64: 2, 0, 1, 3>} : (tensor<1x2x5x2xf32>) -> tensor<5x1x2x2xf32>
  %6 = mcuf.reshape %5 {shape = array<i64: 5, 2, 2>} : (tensor<5x1x2x2xf32>) -> tensor<5x2x2xf32>
  %7 = mcuf.matmul %6, %ek : (tensor<5x2x2xf32>, tensor<5x2x5xf32>) -> tensor<5x2x5xf32>
  %8 = mcuf.transpose %7 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x5xf32>) -> tensor<2x5x5xf32>
  %9 = mcuf.reshape %8 {shape = array<i64: 1, 2, 5, 5>} : (tensor<2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %10 = mcuf.binary add %9, %ss : (tensor<1x2x5x5xf32>, tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %p = mcuf.softmax %10 {axis = 3 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %c = mcuf.matmul %p, %v : (tensor<1x2x5x5xf32>, tensor<1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %11 = mcuf.transpose %c {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x2x5x2xf32>) -> tensor<1x5x2x2xf32>
  %12 = mcuf.reshape %11 {shape = array<i64: 1, 5, 4>} : (tensor<1x5x2x2xf32>) -> tensor<1x5x4xf32>
  %13 = mcuf.transpose %p {permutation = array<i64: 2, 0, 1, 3>} : (tensor<1x2x5x5xf32>) -> tensor<5x1x2x5xf32>
  %14 = mcuf.reshape %13 {shape = array<i64: 5, 2, 5>} : (tensor<5x1x2x5xf32>) -> tensor<5x2x5xf32>
  %15 = mcuf.matmul %14, %ev : (tensor<5x2x5xf32>, tensor<5x5x2xf32>) -> tensor<5x2x2xf32>
  %16 = mcuf.binary mul %scale, %15 : (tensor<f32>, tensor<5x2x2xf32>) -> tensor<5x2x2xf32>
  %17 = mcuf.reshape %16 {shape = array<i64: 1, 5, 4>} : (tensor<5x2x2xf32>) -> tensor<1x5x4xf32>
  %18 = mcuf.binary add %12, %17 : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  return %18 : tensor<1x5x4xf32>
}

// -----

// One vector is another: nothing is fused, and the message says where it fails.
// CHECK-LABEL: func @no_sum
// CHECK-NOT: mcuf.attention
// ERROR: error: MCF0201: an op: a product with a constant matrix for each token is supported as 2-D relative position in attention; here the embedding of tokens 3 and 4 is no sum of one for a distance of rows and one for a distance of columns, with 1 class tokens and a grid of 2x2 patches, nor with any other grid
func.func @no_sum(%qkv: tensor<1x5x12xf32>) -> tensor<1x5x4xf32> {
  %scale = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %ek = mcuf.constant dense<[[[7.0, 7.0, 7.0, 7.0, 7.0], [9.0, 9.0, 9.0, 9.0, 9.0]], [[7.0, -2.0, 1.0, 1.0, 4.0], [9.0, -8.0, -10.0, 4.0, 2.0]], [[7.0, 1.0, -2.0, 4.0, 1.0], [9.0, -6.0, -8.0, 6.0, 4.0]], [[7.0, -5.0, -2.0, -2.0, 1.0], [9.0, 4.0, 2.0, -8.0, -10.0]], [[7.0, -2.0, -5.0, 1.0, -2.0], [9.0, 6.0, 4.0, -6.0, -8.0]]]> : tensor<5x2x5xf32> : tensor<5x2x5xf32>
  %ev = mcuf.constant dense<[[[7.0, 9.0], [7.0, 9.0], [7.0, 9.0], [7.0, 9.0], [7.0, 9.0]], [[7.0, 9.0], [-2.0, -8.0], [1.0, -10.0], [1.0, 4.0], [4.0, 2.0]], [[7.0, 9.0], [1.0, -6.0], [-2.0, -8.0], [4.0, 6.0], [1.0, 4.0]], [[7.0, 9.0], [-5.0, 4.0], [-2.0, 2.0], [-2.0, -8.0], [1.0, -9.0]], [[7.0, 9.0], [-2.0, 6.0], [-5.0, 4.0], [1.0, -6.0], [-2.0, -8.0]]]> : tensor<5x5x2xf32> : tensor<5x5x2xf32>
  %0 = mcuf.reshape %qkv {shape = array<i64: 1, 5, 3, 2, 2>} : (tensor<1x5x12xf32>) -> tensor<1x5x3x2x2xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x5x3x2x2xf32>) -> tensor<3x1x2x5x2xf32>
  %2 = mcuf.slice %1 {starts = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %q = mcuf.reshape %2 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %3 = mcuf.slice %1 {starts = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %k = mcuf.reshape %3 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %4 = mcuf.slice %1 {starts = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %v = mcuf.reshape %4 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %kt = mcuf.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x2xf32>) -> tensor<1x2x2x5xf32>
  %s = mcuf.matmul %q, %kt : (tensor<1x2x5x2xf32>, tensor<1x2x2x5xf32>) -> tensor<1x2x5x5xf32>
  %ss = mcuf.binary mul %s, %scale : (tensor<1x2x5x5xf32>, tensor<f32>) -> tensor<1x2x5x5xf32>
  %5 = mcuf.transpose %q {permutation = array<i64: 2, 0, 1, 3>} : (tensor<1x2x5x2xf32>) -> tensor<5x1x2x2xf32>
  %6 = mcuf.reshape %5 {shape = array<i64: 5, 2, 2>} : (tensor<5x1x2x2xf32>) -> tensor<5x2x2xf32>
  %7 = mcuf.matmul %6, %ek : (tensor<5x2x2xf32>, tensor<5x2x5xf32>) -> tensor<5x2x5xf32>
  %8 = mcuf.transpose %7 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x5xf32>) -> tensor<2x5x5xf32>
  %9 = mcuf.reshape %8 {shape = array<i64: 1, 2, 5, 5>} : (tensor<2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %10 = mcuf.binary add %9, %ss : (tensor<1x2x5x5xf32>, tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %p = mcuf.softmax %10 {axis = 3 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %c = mcuf.matmul %p, %v : (tensor<1x2x5x5xf32>, tensor<1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %11 = mcuf.transpose %c {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x2x5x2xf32>) -> tensor<1x5x2x2xf32>
  %12 = mcuf.reshape %11 {shape = array<i64: 1, 5, 4>} : (tensor<1x5x2x2xf32>) -> tensor<1x5x4xf32>
  %13 = mcuf.transpose %p {permutation = array<i64: 2, 0, 1, 3>} : (tensor<1x2x5x5xf32>) -> tensor<5x1x2x5xf32>
  %14 = mcuf.reshape %13 {shape = array<i64: 5, 2, 5>} : (tensor<5x1x2x5xf32>) -> tensor<5x2x5xf32>
  %15 = mcuf.matmul %14, %ev : (tensor<5x2x5xf32>, tensor<5x5x2xf32>) -> tensor<5x2x2xf32>
  %16 = mcuf.binary mul %scale, %15 : (tensor<f32>, tensor<5x2x2xf32>) -> tensor<5x2x2xf32>
  %17 = mcuf.reshape %16 {shape = array<i64: 1, 5, 4>} : (tensor<5x2x2xf32>) -> tensor<1x5x4xf32>
  %18 = mcuf.binary add %12, %17 : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  return %18 : tensor<1x5x4xf32>
}

// -----

// Tokens and heads are exchanged on the way to the context.
// CHECK-LABEL: func @other_elements
// CHECK-NOT: mcuf.attention
// ERROR: here no attention was found in which it is added to the context of the same probabilities
func.func @other_elements(%qkv: tensor<1x5x12xf32>) -> tensor<1x5x4xf32> {
  %scale = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %ek = mcuf.constant dense<[[[7.0, 7.0, 7.0, 7.0, 7.0], [9.0, 9.0, 9.0, 9.0, 9.0]], [[7.0, -2.0, 1.0, 1.0, 4.0], [9.0, -8.0, -10.0, 4.0, 2.0]], [[7.0, 1.0, -2.0, 4.0, 1.0], [9.0, -6.0, -8.0, 6.0, 4.0]], [[7.0, -5.0, -2.0, -2.0, 1.0], [9.0, 4.0, 2.0, -8.0, -10.0]], [[7.0, -2.0, -5.0, 1.0, -2.0], [9.0, 6.0, 4.0, -6.0, -8.0]]]> : tensor<5x2x5xf32> : tensor<5x2x5xf32>
  %ev = mcuf.constant dense<[[[7.0, 9.0], [7.0, 9.0], [7.0, 9.0], [7.0, 9.0], [7.0, 9.0]], [[7.0, 9.0], [-2.0, -8.0], [1.0, -10.0], [1.0, 4.0], [4.0, 2.0]], [[7.0, 9.0], [1.0, -6.0], [-2.0, -8.0], [4.0, 6.0], [1.0, 4.0]], [[7.0, 9.0], [-5.0, 4.0], [-2.0, 2.0], [-2.0, -8.0], [1.0, -10.0]], [[7.0, 9.0], [-2.0, 6.0], [-5.0, 4.0], [1.0, -6.0], [-2.0, -8.0]]]> : tensor<5x5x2xf32> : tensor<5x5x2xf32>
  %0 = mcuf.reshape %qkv {shape = array<i64: 1, 5, 3, 2, 2>} : (tensor<1x5x12xf32>) -> tensor<1x5x3x2x2xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x5x3x2x2xf32>) -> tensor<3x1x2x5x2xf32>
  %2 = mcuf.slice %1 {starts = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %q = mcuf.reshape %2 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %3 = mcuf.slice %1 {starts = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %k = mcuf.reshape %3 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %4 = mcuf.slice %1 {starts = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 2>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x2xf32>) -> tensor<1x1x2x5x2xf32>
  %v = mcuf.reshape %4 {shape = array<i64: 1, 2, 5, 2>} : (tensor<1x1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %kt = mcuf.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x2xf32>) -> tensor<1x2x2x5xf32>
  %s = mcuf.matmul %q, %kt : (tensor<1x2x5x2xf32>, tensor<1x2x2x5xf32>) -> tensor<1x2x5x5xf32>
  %ss = mcuf.binary mul %s, %scale : (tensor<1x2x5x5xf32>, tensor<f32>) -> tensor<1x2x5x5xf32>
  %5 = mcuf.transpose %q {permutation = array<i64: 2, 0, 1, 3>} : (tensor<1x2x5x2xf32>) -> tensor<5x1x2x2xf32>
  %6 = mcuf.reshape %5 {shape = array<i64: 5, 2, 2>} : (tensor<5x1x2x2xf32>) -> tensor<5x2x2xf32>
  %7 = mcuf.matmul %6, %ek : (tensor<5x2x2xf32>, tensor<5x2x5xf32>) -> tensor<5x2x5xf32>
  %8 = mcuf.transpose %7 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x5xf32>) -> tensor<2x5x5xf32>
  %9 = mcuf.reshape %8 {shape = array<i64: 1, 2, 5, 5>} : (tensor<2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %10 = mcuf.binary add %9, %ss : (tensor<1x2x5x5xf32>, tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %p = mcuf.softmax %10 {axis = 3 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %c = mcuf.matmul %p, %v : (tensor<1x2x5x5xf32>, tensor<1x2x5x2xf32>) -> tensor<1x2x5x2xf32>
  %11 = mcuf.transpose %c {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x2x5x2xf32>) -> tensor<1x5x2x2xf32>
  %12 = mcuf.reshape %11 {shape = array<i64: 1, 5, 4>} : (tensor<1x5x2x2xf32>) -> tensor<1x5x4xf32>
  %13 = mcuf.transpose %p {permutation = array<i64: 2, 0, 1, 3>} : (tensor<1x2x5x5xf32>) -> tensor<5x1x2x5xf32>
  %14 = mcuf.reshape %13 {shape = array<i64: 5, 2, 5>} : (tensor<5x1x2x5xf32>) -> tensor<5x2x5xf32>
  %15 = mcuf.matmul %14, %ev : (tensor<5x2x5xf32>, tensor<5x5x2xf32>) -> tensor<5x2x2xf32>
  %16 = mcuf.transpose %15 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x2xf32>) -> tensor<2x5x2xf32>
  %17 = mcuf.reshape %16 {shape = array<i64: 1, 5, 4>} : (tensor<2x5x2xf32>) -> tensor<1x5x4xf32>
  %18 = mcuf.binary add %12, %17 : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  return %18 : tensor<1x5x4xf32>
}
