// RUN: mcuform-opt --mcuf-pad-widths %s | FileCheck %s

// Three hidden units become four.
// CHECK-LABEL: func @hidden
// CHECK-DAG: %[[W1:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [3.000000e+00, 4.000000e+00], [5.000000e+00, 6.000000e+00], [0.000000e+00, 0.000000e+00]]>
// CHECK-DAG: %[[B1:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 0.000000e+00]>
// CHECK-DAG: %[[W2:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00, 3.000000e+00, 0.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00, 0.000000e+00]]>
// CHECK: %[[H:.*]] = mcuf.linear %arg0, %[[W1]], %[[B1]]
// CHECK: %[[G:.*]] = mcuf.gelu %[[H]]
// CHECK: mcuf.linear %[[G]], %[[W2]]
// CHECK-NEXT: return
func.func @hidden(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w1 = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %b1 = mcuf.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> : tensor<3xf32>
  %w2 = mcuf.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %0 = mcuf.linear %x, %w1, %b1 : (tensor<1x4x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<1x4x3xf32>
  %1 = mcuf.gelu %0 : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
  %2 = mcuf.linear %1, %w2 : (tensor<1x4x3xf32>, tensor<2x3xf32>) -> tensor<1x4x2xf32>
  return %2 : tensor<1x4x2xf32>
}

// Two heads of one channel get a second one each; the scale stays.
// CHECK-LABEL: func @heads
// CHECK-DAG: %[[QKV:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [0.000000e+00, 0.000000e+00], [3.000000e+00, 4.000000e+00], [0.000000e+00, 0.000000e+00]]>
// CHECK-DAG: %[[PROJ:.*]] = mcuf.constant dense<{{\[}}[5.000000e+00, 0.000000e+00, 6.000000e+00, 0.000000e+00], [7.000000e+00, 0.000000e+00, 8.000000e+00, 0.000000e+00]]>
// CHECK: %[[Q:.*]] = mcuf.linear %arg0, %[[QKV]]
// CHECK: %[[C:.*]] = mcuf.attention %{{.*}}, %{{.*}}, %{{.*}} {num_heads = 2 : i64, scale = 5.000000e-01 : f32} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
// CHECK: mcuf.linear %[[C]], %[[PROJ]]
// CHECK-NEXT: return
func.func @heads(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %p = mcuf.constant dense<[[5.0, 6.0], [7.0, 8.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %q = mcuf.linear %x, %w : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %k = mcuf.linear %x, %w : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %v = mcuf.linear %x, %w : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %c = mcuf.attention %q, %k, %v {num_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<1x4x2xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %r = mcuf.linear %c, %p : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}

// An odd number of logits, and hidden units that something else reads, stay.
// CHECK-LABEL: func @stays
// CHECK: mcuf.linear {{.*}} -> tensor<1x4x3xf32>
// CHECK-NEXT: mcuf.gelu
// CHECK-NEXT: return
func.func @stays(%x: tensor<1x4x2xf32>) -> tensor<1x4x3xf32> {
  %w = mcuf.constant dense<1.0> : tensor<3x2xf32> : tensor<3x2xf32>
  %0 = mcuf.linear %x, %w : (tensor<1x4x2xf32>, tensor<3x2xf32>) -> tensor<1x4x3xf32>
  %1 = mcuf.gelu %0 : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
  return %1 : tensor<1x4x3xf32>
}

// An odd rank that two layers read, and hidden units behind max(x, 0).
// CHECK-LABEL: func @shared_rank
// CHECK: %[[R:.*]] = mcuf.linear %arg0, {{.*}} -> tensor<2x4xf32>
// CHECK: mcuf.linear %[[R]], {{.*}} : (tensor<2x4xf32>, tensor<2x4xf32>)
// CHECK: mcuf.linear %[[R]], {{.*}} : (tensor<2x4xf32>, tensor<2x4xf32>)
// CHECK: mcuf.unary relu {{.*}} : (tensor<2x4xf32>) -> tensor<2x4xf32>
func.func @shared_rank(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %w1 = mcuf.constant dense<1.0> : tensor<3x2xf32> : tensor<3x2xf32>
  %w2 = mcuf.constant dense<2.0> : tensor<2x3xf32> : tensor<2x3xf32>
  %w3 = mcuf.constant dense<3.0> : tensor<2x3xf32> : tensor<2x3xf32>
  %r = mcuf.linear %x, %w1 : (tensor<2x2xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  %a = mcuf.linear %r, %w2 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  %b = mcuf.linear %r, %w3 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  %h = mcuf.linear %x, %w1 : (tensor<2x2xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  %p = mcuf.unary relu %h : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %c = mcuf.linear %p, %w2 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  return %a, %b, %c : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}

// A gated MLP: both layers get a unit more.
// CHECK-LABEL: func @gated
// CHECK-DAG: %[[A:.*]] = mcuf.linear %arg0, {{.*}} -> tensor<2x4xf32>
// CHECK-DAG: %[[B:.*]] = mcuf.linear %arg0, {{.*}} -> tensor<2x4xf32>
// CHECK: %[[S:.*]] = mcuf.swish %[[A]]
// CHECK: %[[H:.*]] = mcuf.binary mul %[[S]], %[[B]]
// CHECK: mcuf.linear %[[H]], {{.*}} : (tensor<2x4xf32>, tensor<2x4xf32>) -> tensor<2x2xf32>
func.func @gated(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %w1 = mcuf.constant dense<1.0> : tensor<3x2xf32> : tensor<3x2xf32>
  %w2 = mcuf.constant dense<2.0> : tensor<2x3xf32> : tensor<2x3xf32>
  %w3 = mcuf.constant dense<3.0> : tensor<3x2xf32> : tensor<3x2xf32>
  %a = mcuf.linear %x, %w1 : (tensor<2x2xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  %b = mcuf.linear %x, %w3 : (tensor<2x2xf32>, tensor<3x2xf32>) -> tensor<2x3xf32>
  %s = mcuf.swish %a {slope = 1.0 : f32} : (tensor<2x3xf32>) -> tensor<2x3xf32>
  %h = mcuf.binary mul %s, %b : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x3xf32>
  %r = mcuf.linear %h, %w2 : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<2x2xf32>
  return %r : tensor<2x2xf32>
}
