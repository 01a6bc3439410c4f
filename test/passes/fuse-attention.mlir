// RUN: mcuform-opt --mcuf-fuse-attention --mcuf-fold-layout --split-input-file %s | FileCheck %s

// timm: [1, T, 3, H, w] permuted to [3, 1, H, T, w] and taken apart; the scale on q.
// CHECK-LABEL: func @unbind
// CHECK: %[[Q:.*]] = mcuf.slice %arg0 {sizes = array<i64: 1, 5, 6>, starts = array<i64: 0, 0, 0>
// CHECK-NEXT: %[[K:.*]] = mcuf.slice %arg0 {sizes = array<i64: 1, 5, 6>, starts = array<i64: 0, 0, 6>
// CHECK-NEXT: %[[V:.*]] = mcuf.slice %arg0 {sizes = array<i64: 1, 5, 6>, starts = array<i64: 0, 0, 12>
// CHECK-NEXT: %[[CONTEXT:.*]] = mcuf.attention %[[Q]], %[[K]], %[[V]] {num_heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT: return %[[CONTEXT]]
func.func @unbind(%qkv: tensor<1x5x18xf32>) -> tensor<1x5x6xf32> {
  %scale = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.reshape %qkv {shape = array<i64: 1, 5, 3, 2, 3>} : (tensor<1x5x18xf32>) -> tensor<1x5x3x2x3xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 2, 0, 3, 1, 4>} : (tensor<1x5x3x2x3xf32>) -> tensor<3x1x2x5x3xf32>
  %2 = mcuf.slice %1 {starts = array<i64: 0, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 3>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x3xf32>) -> tensor<1x1x2x5x3xf32>
  %q = mcuf.reshape %2 {shape = array<i64: 1, 2, 5, 3>} : (tensor<1x1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %3 = mcuf.slice %1 {starts = array<i64: 1, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 3>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x3xf32>) -> tensor<1x1x2x5x3xf32>
  %k = mcuf.reshape %3 {shape = array<i64: 1, 2, 5, 3>} : (tensor<1x1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %4 = mcuf.slice %1 {starts = array<i64: 2, 0, 0, 0, 0>, sizes = array<i64: 1, 1, 2, 5, 3>, steps = array<i64: 1, 1, 1, 1, 1>} : (tensor<3x1x2x5x3xf32>) -> tensor<1x1x2x5x3xf32>
  %v = mcuf.reshape %4 {shape = array<i64: 1, 2, 5, 3>} : (tensor<1x1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %qs = mcuf.binary mul %q, %scale : (tensor<1x2x5x3xf32>, tensor<f32>) -> tensor<1x2x5x3xf32>
  %kt = mcuf.transpose %k {permutation = array<i64: 0, 1, 3, 2>} : (tensor<1x2x5x3xf32>) -> tensor<1x2x3x5xf32>
  %scores = mcuf.matmul %qs, %kt : (tensor<1x2x5x3xf32>, tensor<1x2x3x5xf32>) -> tensor<1x2x5x5xf32>
  %p = mcuf.softmax %scores {axis = 3 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %c = mcuf.matmul %p, %v : (tensor<1x2x5x5xf32>, tensor<1x2x5x3xf32>) -> tensor<1x2x5x3xf32>
  %5 = mcuf.transpose %c {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x2x5x3xf32>) -> tensor<1x5x2x3xf32>
  %6 = mcuf.reshape %5 {shape = array<i64: 1, 5, 6>} : (tensor<1x5x2x3xf32>) -> tensor<1x5x6xf32>
  return %6 : tensor<1x5x6xf32>
}

// -----

// Three tensors, heads folded into the batch (bmm), scale on q, on k and on the scores, a reshape around the softmax.
// CHECK-LABEL: func @separate
// CHECK-NEXT: %[[CONTEXT:.*]] = mcuf.attention %arg0, %arg1, %arg2 {num_heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT: return %[[CONTEXT]]
func.func @separate(%x: tensor<1x5x6xf32>, %y: tensor<1x5x6xf32>, %z: tensor<1x5x6xf32>) -> tensor<1x5x6xf32> {
  %two = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.reshape %x {shape = array<i64: 5, 2, 3>} : (tensor<1x5x6xf32>) -> tensor<5x2x3xf32>
  %1 = mcuf.transpose %0 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x3xf32>) -> tensor<2x5x3xf32>
  %q = mcuf.binary div %1, %two : (tensor<2x5x3xf32>, tensor<f32>) -> tensor<2x5x3xf32>
  %2 = mcuf.binary mul %y, %half : (tensor<1x5x6xf32>, tensor<f32>) -> tensor<1x5x6xf32>
  %3 = mcuf.reshape %2 {shape = array<i64: 5, 2, 3>} : (tensor<1x5x6xf32>) -> tensor<5x2x3xf32>
  %k = mcuf.transpose %3 {permutation = array<i64: 1, 2, 0>} : (tensor<5x2x3xf32>) -> tensor<2x3x5xf32>
  %4 = mcuf.reshape %z {shape = array<i64: 5, 2, 3>} : (tensor<1x5x6xf32>) -> tensor<5x2x3xf32>
  %v = mcuf.transpose %4 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x3xf32>) -> tensor<2x5x3xf32>
  %s = mcuf.matmul %q, %k : (tensor<2x5x3xf32>, tensor<2x3x5xf32>) -> tensor<2x5x5xf32>
  %ss = mcuf.binary mul %two, %s : (tensor<f32>, tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %5 = mcuf.reshape %ss {shape = array<i64: 1, 2, 5, 5>} : (tensor<2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %p = mcuf.softmax %5 {axis = 3 : i64} : (tensor<1x2x5x5xf32>) -> tensor<1x2x5x5xf32>
  %6 = mcuf.reshape %p {shape = array<i64: 2, 5, 5>} : (tensor<1x2x5x5xf32>) -> tensor<2x5x5xf32>
  %c = mcuf.matmul %6, %v : (tensor<2x5x5xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  %7 = mcuf.transpose %c {permutation = array<i64: 1, 0, 2>} : (tensor<2x5x3xf32>) -> tensor<5x2x3xf32>
  %8 = mcuf.reshape %7 {shape = array<i64: 1, 5, 6>} : (tensor<5x2x3xf32>) -> tensor<1x5x6xf32>
  return %8 : tensor<1x5x6xf32>
}

// -----

// One head without any transposition but k's; the query is one token.
// CHECK-LABEL: func @one_query
// CHECK: %[[Q:.*]] = mcuf.slice %arg0 {sizes = array<i64: 1, 1, 4>
// CHECK: mcuf.attention %[[Q]], %arg1, %arg1 {num_heads = 1 : i64, scale = 1.000000e+00 : f32} : {{.*}} -> tensor<1x1x4xf32>
// CHECK-NEXT: return
func.func @one_query(%x: tensor<1x5x4xf32>, %y: tensor<1x5x4xf32>) -> tensor<1x1x4xf32> {
  %q = mcuf.slice %x {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 1, 4>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x4xf32>) -> tensor<1x1x4xf32>
  %k = mcuf.transpose %y {permutation = array<i64: 0, 2, 1>} : (tensor<1x5x4xf32>) -> tensor<1x4x5xf32>
  %s = mcuf.matmul %q, %k : (tensor<1x1x4xf32>, tensor<1x4x5xf32>) -> tensor<1x1x5xf32>
  %p = mcuf.softmax %s {axis = 2 : i64} : (tensor<1x1x5xf32>) -> tensor<1x1x5xf32>
  %c = mcuf.matmul %p, %y : (tensor<1x1x5xf32>, tensor<1x5x4xf32>) -> tensor<1x1x4xf32>
  return %c : tensor<1x1x4xf32>
}

// -----

// Channels outside of heads ([T, w, H]): the columns of a head are scattered.
// CHECK-LABEL: func @interleaved_heads
// CHECK: %[[ORDER:.*]] = mcuf.constant dense<[0, 2, 4, 1, 3, 5]> : tensor<6xi64>
// CHECK: %[[Q:.*]] = mcuf.gather %arg0, %[[ORDER]] {axis = 2 : i64}
// CHECK: %[[K:.*]] = mcuf.gather %arg0, %{{.*}} {axis = 2 : i64}
// CHECK: mcuf.attention %[[Q]], %[[K]], %arg1 {num_heads = 2 : i64
func.func @interleaved_heads(%x: tensor<1x5x6xf32>, %y: tensor<1x5x6xf32>) -> tensor<2x5x3xf32> {
  %0 = mcuf.reshape %x {shape = array<i64: 5, 3, 2>} : (tensor<1x5x6xf32>) -> tensor<5x3x2xf32>
  %q = mcuf.transpose %0 {permutation = array<i64: 2, 0, 1>} : (tensor<5x3x2xf32>) -> tensor<2x5x3xf32>
  %k = mcuf.transpose %0 {permutation = array<i64: 2, 1, 0>} : (tensor<5x3x2xf32>) -> tensor<2x3x5xf32>
  %1 = mcuf.reshape %y {shape = array<i64: 5, 2, 3>} : (tensor<1x5x6xf32>) -> tensor<5x2x3xf32>
  %v = mcuf.transpose %1 {permutation = array<i64: 1, 0, 2>} : (tensor<5x2x3xf32>) -> tensor<2x5x3xf32>
  %s = mcuf.matmul %q, %k : (tensor<2x5x3xf32>, tensor<2x3x5xf32>) -> tensor<2x5x5xf32>
  %p = mcuf.softmax %s {axis = 2 : i64} : (tensor<2x5x5xf32>) -> tensor<2x5x5xf32>
  %c = mcuf.matmul %p, %v : (tensor<2x5x5xf32>, tensor<2x5x3xf32>) -> tensor<2x5x3xf32>
  return %c : tensor<2x5x3xf32>
}

// -----

// A bias on the scores, a softmax over the wrong dimension, two sequences of queries with the keys of one: left alone.
// CHECK-LABEL: func @not_attention
// CHECK-NOT: mcuf.attention
func.func @not_attention(%x: tensor<1x5x4xf32>, %bias: tensor<1x5x5xf32>, %two: tensor<2x5x8xf32>, %one: tensor<1x5x8xf32>) -> (tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<2x2x5x4xf32>) {
  %k = mcuf.transpose %x {permutation = array<i64: 0, 2, 1>} : (tensor<1x5x4xf32>) -> tensor<1x4x5xf32>
  %s = mcuf.matmul %x, %k : (tensor<1x5x4xf32>, tensor<1x4x5xf32>) -> tensor<1x5x5xf32>
  %b = mcuf.binary add %s, %bias : (tensor<1x5x5xf32>, tensor<1x5x5xf32>) -> tensor<1x5x5xf32>
  %p0 = mcuf.softmax %b {axis = 2 : i64} : (tensor<1x5x5xf32>) -> tensor<1x5x5xf32>
  %c0 = mcuf.matmul %p0, %x : (tensor<1x5x5xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %p1 = mcuf.softmax %s {axis = 1 : i64} : (tensor<1x5x5xf32>) -> tensor<1x5x5xf32>
  %c1 = mcuf.matmul %p1, %x : (tensor<1x5x5xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %0 = mcuf.reshape %two {shape = array<i64: 2, 5, 2, 4>} : (tensor<2x5x8xf32>) -> tensor<2x5x2x4xf32>
  %q2 = mcuf.transpose %0 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<2x5x2x4xf32>) -> tensor<2x2x5x4xf32>
  %1 = mcuf.reshape %one {shape = array<i64: 1, 5, 2, 4>} : (tensor<1x5x8xf32>) -> tensor<1x5x2x4xf32>
  %k2 = mcuf.transpose %1 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<1x5x2x4xf32>) -> tensor<1x2x4x5xf32>
  %v2 = mcuf.transpose %1 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<1x5x2x4xf32>) -> tensor<1x2x5x4xf32>
  %s2 = mcuf.matmul %q2, %k2 : (tensor<2x2x5x4xf32>, tensor<1x2x4x5xf32>) -> tensor<2x2x5x5xf32>
  %p2 = mcuf.softmax %s2 {axis = 3 : i64} : (tensor<2x2x5x5xf32>) -> tensor<2x2x5x5xf32>
  %c2 = mcuf.matmul %p2, %v2 : (tensor<2x2x5x5xf32>, tensor<1x2x5x4xf32>) -> tensor<2x2x5x4xf32>
  return %c0, %c1, %c2 : tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<2x2x5x4xf32>
}

// -----

// Sigmoids with a bias: 0.5 * (q k^T - 3) is 0.5 q k^T - 1.5.
// CHECK-LABEL: func @sigmoid
// CHECK: mcuf.attention %{{.*}}, %{{.*}}, %{{.*}} {num_heads = 1 : i64, scale = 5.000000e-01 : f32, sigmoid_bias = -1.500000e+00 : f32}
// CHECK-NOT: mcuf.matmul
func.func @sigmoid(%q: tensor<1x5x4xf32>, %k: tensor<1x5x4xf32>, %v: tensor<1x5x4xf32>) -> tensor<1x5x4xf32> {
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %three = mcuf.constant dense<3.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.transpose %k {permutation = array<i64: 0, 2, 1>} : (tensor<1x5x4xf32>) -> tensor<1x4x5xf32>
  %1 = mcuf.matmul %q, %0 : (tensor<1x5x4xf32>, tensor<1x4x5xf32>) -> tensor<1x5x5xf32>
  %2 = mcuf.binary sub %1, %three : (tensor<1x5x5xf32>, tensor<f32>) -> tensor<1x5x5xf32>
  %3 = mcuf.binary mul %2, %half : (tensor<1x5x5xf32>, tensor<f32>) -> tensor<1x5x5xf32>
  %4 = mcuf.unary sigmoid %3 : (tensor<1x5x5xf32>) -> tensor<1x5x5xf32>
  %5 = mcuf.matmul %4, %v : (tensor<1x5x5xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  return %5 : tensor<1x5x4xf32>
}

// -----

// Three sequences of five tokens, two heads: the groups are rows, and each sequence attends to itself.
// CHECK-LABEL: func @groups
// CHECK-NEXT: %[[CONTEXT:.*]] = mcuf.attention %arg0, %arg1, %arg2 {groups = 3 : i64, num_heads = 2 : i64, scale = 5.000000e-01 : f32}
// CHECK-NEXT: return %[[CONTEXT]]
func.func @groups(%x: tensor<3x5x6xf32>, %y: tensor<3x5x6xf32>, %z: tensor<3x5x6xf32>) -> tensor<3x5x6xf32> {
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %0 = mcuf.reshape %x {shape = array<i64: 3, 5, 2, 3>} : (tensor<3x5x6xf32>) -> tensor<3x5x2x3xf32>
  %q = mcuf.transpose %0 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<3x5x2x3xf32>) -> tensor<3x2x5x3xf32>
  %1 = mcuf.reshape %y {shape = array<i64: 3, 5, 2, 3>} : (tensor<3x5x6xf32>) -> tensor<3x5x2x3xf32>
  %k = mcuf.transpose %1 {permutation = array<i64: 0, 2, 3, 1>} : (tensor<3x5x2x3xf32>) -> tensor<3x2x3x5xf32>
  %2 = mcuf.reshape %z {shape = array<i64: 3, 5, 2, 3>} : (tensor<3x5x6xf32>) -> tensor<3x5x2x3xf32>
  %v = mcuf.transpose %2 {permutation = array<i64: 0, 2, 1, 3>} : (tensor<3x5x2x3xf32>) -> tensor<3x2x5x3xf32>
  %s = mcuf.matmul %q, %k : (tensor<3x2x5x3xf32>, tensor<3x2x3x5xf32>) -> tensor<3x2x5x5xf32>
  %ss = mcuf.binary mul %s, %half : (tensor<3x2x5x5xf32>, tensor<f32>) -> tensor<3x2x5x5xf32>
  %p = mcuf.softmax %ss {axis = 3 : i64} : (tensor<3x2x5x5xf32>) -> tensor<3x2x5x5xf32>
  %c = mcuf.matmul %p, %v : (tensor<3x2x5x5xf32>, tensor<3x2x5x3xf32>) -> tensor<3x2x5x3xf32>
  %3 = mcuf.transpose %c {permutation = array<i64: 0, 2, 1, 3>} : (tensor<3x2x5x3xf32>) -> tensor<3x5x2x3xf32>
  %4 = mcuf.reshape %3 {shape = array<i64: 3, 5, 6>} : (tensor<3x5x2x3xf32>) -> tensor<3x5x6xf32>
  return %4 : tensor<3x5x6xf32>
}
