// RUN: mcuform-opt --mcuf-fold-dead-units --split-input-file %s | FileCheck %s

// Of four hidden units one has weights of zero and the value relu(4) = 4, one has no reader, one has both: 3 + 4 * 20 and 4 * 60 in the biases.
// CHECK-LABEL: func @hidden
// CHECK-DAG: %[[W1:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00]]>
// CHECK-DAG: %[[B1:.*]] = mcuf.constant dense<3.000000e+00> : tensor<1xf32>
// CHECK-DAG: %[[W2:.*]] = mcuf.constant dense<{{\[}}[1.000000e+01], [5.000000e+01]]>
// CHECK-DAG: %[[B2:.*]] = mcuf.constant dense<[8.300000e+01, 2.400000e+02]>
// CHECK: %[[H:.*]] = mcuf.linear %arg0, %[[W1]], %[[B1]]
// CHECK-NEXT: %[[A:.*]] = mcuf.unary relu %[[H]] : (tensor<1x4x1xf32>) -> tensor<1x4x1xf32>
// CHECK: mcuf.linear %[[A]], %[[W2]], %[[B2]]
// CHECK-NEXT: return
func.func @hidden(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w1 = mcuf.constant dense<[[1.0, 2.0], [0.0, 0.0], [5.0, 6.0], [0.0, 0.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %b1 = mcuf.constant dense<[3.0, 4.0, 5.0, 6.0]> : tensor<4xf32> : tensor<4xf32>
  %w2 = mcuf.constant dense<[[10.0, 20.0, 0.0, 0.0], [50.0, 60.0, 0.0, 0.0]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %b2 = mcuf.constant dense<[3.0, 0.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.linear %x, %w1, %b1 : (tensor<1x4x2xf32>, tensor<4x2xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %1 = mcuf.unary relu %0 : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %2 = mcuf.linear %1, %w2, %b2 : (tensor<1x4x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  return %2 : tensor<1x4x2xf32>
}

// -----

// gelu(-1) = -0.158655 through a reader without a bias; a unit that only one of two readers has no weight for stays.
// CHECK-LABEL: func @two_readers
// CHECK-DAG: mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [5.000000e+00, 6.000000e+00]]>
// CHECK-DAG: mcuf.constant dense<{{\[}}{{-0.31731.*, -6.34621.*}}]>
// CHECK-DAG: mcuf.constant dense<{{\[}}{{-1.58655.*, -4.75965.*}}]>
// CHECK: mcuf.gelu {{.*}} -> tensor<1x4x2xf32>
// CHECK: mcuf.linear
// CHECK: mcuf.linear
// CHECK-NEXT: return
func.func @two_readers(%x: tensor<1x4x2xf32>) -> (tensor<1x4x2xf32>, tensor<1x4x2xf32>) {
  %w1 = mcuf.constant dense<[[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %b1 = mcuf.constant dense<[0.0, -1.0, 0.0]> : tensor<3xf32> : tensor<3xf32>
  %w2 = mcuf.constant dense<[[1.0, 2.0, 0.0], [3.0, 4.0, 0.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %w3 = mcuf.constant dense<[[1.0, 10.0, 2.0], [3.0, 30.0, 4.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %0 = mcuf.linear %x, %w1, %b1 : (tensor<1x4x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<1x4x3xf32>
  %1 = mcuf.gelu %0 : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
  %2 = mcuf.linear %1, %w2 : (tensor<1x4x3xf32>, tensor<2x3xf32>) -> tensor<1x4x2xf32>
  %3 = mcuf.linear %1, %w3 : (tensor<1x4x3xf32>, tensor<2x3xf32>) -> tensor<1x4x2xf32>
  return %2, %3 : tensor<1x4x2xf32>, tensor<1x4x2xf32>
}

// -----

// One unit of a hidden layer stays, and units that something else reads.
// CHECK-LABEL: func @stays
// CHECK: mcuf.linear {{.*}} -> tensor<1x4x1xf32>
// CHECK-NEXT: mcuf.gelu
// CHECK: mcuf.linear {{.*}} -> tensor<1x4x2xf32>
// CHECK: mcuf.linear {{.*}} -> tensor<1x4x3xf32>
// CHECK-NEXT: return
func.func @stays(%x: tensor<1x4x2xf32>) -> (tensor<1x4x2xf32>, tensor<1x4x3xf32>) {
  %w1 = mcuf.constant dense<0.0> : tensor<3x2xf32> : tensor<3x2xf32>
  %w2 = mcuf.constant dense<1.0> : tensor<2x3xf32> : tensor<2x3xf32>
  %b = mcuf.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> : tensor<3xf32>
  %0 = mcuf.linear %x, %w1 : (tensor<1x4x2xf32>, tensor<3x2xf32>) -> tensor<1x4x3xf32>
  %1 = mcuf.gelu %0 : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
  %2 = mcuf.linear %1, %w2 : (tensor<1x4x3xf32>, tensor<2x3xf32>) -> tensor<1x4x2xf32>
  %3 = mcuf.linear %x, %w1, %b : (tensor<1x4x2xf32>, tensor<3x2xf32>, tensor<3xf32>) -> tensor<1x4x3xf32>
  return %2, %3 : tensor<1x4x2xf32>, tensor<1x4x3xf32>
}

// -----

// Of two heads the second has values that are the same for all tokens, 7 and 8: it goes, and its context into the bias, 1 + 7 * 3 + 8 * 4.
// CHECK-LABEL: func @head
// CHECK-DAG: %[[P:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00], [5.000000e+00, 6.000000e+00]]>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[5.400000e+01, 1.130000e+02]>
// CHECK: %[[C:.*]] = mcuf.attention {{.*}} {num_heads = 1 : i64, scale = 5.000000e-01 : f32} : (tensor<1x4x2xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
// CHECK: mcuf.linear %[[C]], %[[P]], %[[B]]
// CHECK-NEXT: return
func.func @head(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %wq = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %wk = mcuf.constant dense<[[2.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %wv = mcuf.constant dense<[[3.0, 2.0], [3.0, 4.0], [0.0, 0.0], [0.0, 0.0]]> : tensor<4x2xf32> : tensor<4x2xf32>
  %bv = mcuf.constant dense<[5.0, 6.0, 7.0, 8.0]> : tensor<4xf32> : tensor<4xf32>
  %p = mcuf.constant dense<[[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %b = mcuf.constant dense<[1.0, 0.0]> : tensor<2xf32> : tensor<2xf32>
  %q = mcuf.linear %x, %wq : (tensor<1x4x2xf32>, tensor<4x2xf32>) -> tensor<1x4x4xf32>
  %k = mcuf.linear %x, %wk : (tensor<1x4x2xf32>, tensor<4x2xf32>) -> tensor<1x4x4xf32>
  %v = mcuf.linear %x, %wv, %bv : (tensor<1x4x2xf32>, tensor<4x2xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %c = mcuf.attention %q, %k, %v {num_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<1x4x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %r = mcuf.linear %c, %p, %b : (tensor<1x4x4xf32>, tensor<2x4xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}

// -----

// Keys of one channel less, though one head's is dead for its keys (with a bias, which softmax does not see) and the other's for its queries;
// values of one channel less, since the second head has two that nobody reads and the first only one. Queries that are constant but not zero count.
// CHECK-LABEL: func @channels
// CHECK-DAG: mcuf.constant dense<{{\[}}[1.000000e+00, 1.000000e+00], [3.000000e+00, 3.000000e+00], [0.000000e+00, 0.000000e+00], [5.000000e+00, 5.000000e+00]]>
// CHECK-DAG: mcuf.constant dense<[1.000000e+00, 3.000000e+00, 4.000000e+00, 0.000000e+00]>
// CHECK-DAG: mcuf.constant dense<{{\[}}[1.100000e+01, 1.000000e+01], [1.300000e+01, 1.000000e+01], [1.400000e+01, 1.000000e+01], [1.500000e+01, 1.000000e+01]]>
// CHECK-DAG: mcuf.constant dense<{{\[}}[2.100000e+01, 2.000000e+01], [2.200000e+01, 2.000000e+01], [2.400000e+01, 2.000000e+01], [2.600000e+01, 2.000000e+01]]>
// CHECK-DAG: mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00, 0.000000e+00, 6.000000e+00], [1.000000e+00, 2.000000e+00, 0.000000e+00, 6.000000e+00]]>
// CHECK: mcuf.attention {{.*}} {num_heads = 2 : i64, {{.*}} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
func.func @channels(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %wq = mcuf.constant dense<[[1.0, 1.0], [2.0, 2.0], [3.0, 3.0], [0.0, 0.0], [5.0, 5.0], [0.0, 0.0]]> : tensor<6x2xf32> : tensor<6x2xf32>
  %bq = mcuf.constant dense<[1.0, 2.0, 3.0, 4.0, 0.0, 0.0]> : tensor<6xf32> : tensor<6xf32>
  %wk = mcuf.constant dense<[[11.0, 10.0], [0.0, 0.0], [13.0, 10.0], [14.0, 10.0], [15.0, 10.0], [16.0, 10.0]]> : tensor<6x2xf32> : tensor<6x2xf32>
  %bk = mcuf.constant dense<[0.0, 9.0, 0.0, 0.0, 0.0, 0.0]> : tensor<6xf32> : tensor<6xf32>
  %wv = mcuf.constant dense<[[21.0, 20.0], [22.0, 20.0], [23.0, 20.0], [24.0, 20.0], [25.0, 20.0], [26.0, 20.0]]> : tensor<6x2xf32> : tensor<6x2xf32>
  %p = mcuf.constant dense<[[1.0, 2.0, 0.0, 0.0, 0.0, 6.0], [1.0, 2.0, 0.0, 0.0, 0.0, 6.0]]> : tensor<2x6xf32> : tensor<2x6xf32>
  %q = mcuf.linear %x, %wq, %bq : (tensor<1x4x2xf32>, tensor<6x2xf32>, tensor<6xf32>) -> tensor<1x4x6xf32>
  %k = mcuf.linear %x, %wk, %bk : (tensor<1x4x2xf32>, tensor<6x2xf32>, tensor<6xf32>) -> tensor<1x4x6xf32>
  %v = mcuf.linear %x, %wv : (tensor<1x4x2xf32>, tensor<6x2xf32>) -> tensor<1x4x6xf32>
  %c = mcuf.attention %q, %k, %v {num_heads = 2 : i64, scale = 0.5 : f32}
    : (tensor<1x4x6xf32>, tensor<1x4x6xf32>, tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %r = mcuf.linear %c, %p : (tensor<1x4x6xf32>, tensor<2x6xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}

// -----

// A branch of zeros goes with all that computes it; one with a bias stays.
// CHECK-LABEL: func @branch
// CHECK-NOT: gelu
// CHECK: %[[L:.*]] = mcuf.linear %arg0
// CHECK-NEXT: %[[S:.*]] = mcuf.binary add %arg0, %[[L]]
// CHECK-NEXT: return %[[S]]
func.func @branch(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<2.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %z = mcuf.constant dense<0.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %b = mcuf.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.linear %x, %w : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %1 = mcuf.gelu %0 : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %2 = mcuf.linear %1, %z : (tensor<1x4x2xf32>, tensor<2x2xf32>) -> tensor<1x4x2xf32>
  %3 = mcuf.binary add %x, %2 : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %4 = mcuf.linear %3, %z, %b : (tensor<1x4x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %5 = mcuf.binary add %3, %4 : (tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  return %5 : tensor<1x4x2xf32>
}

// -----

// Of the gated units 1 has a gate of zero, 2 a factor of zero, 3 nobody reads; a factor that is its bias alone (4) stays, since its product varies.
// CHECK-LABEL: func @gated
// CHECK-DAG: %[[WA:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 1.000000e+00], [5.000000e+00, 5.000000e+00]]>
// CHECK-DAG: %[[WB:.*]] = mcuf.constant dense<{{\[}}[1.000000e+01, 1.000000e+01], [0.000000e+00, 0.000000e+00]]>
// CHECK-DAG: %[[BB:.*]] = mcuf.constant dense<[0.000000e+00, 9.000000e+00]>
// CHECK-DAG: %[[WC:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 5.000000e+00], [1.000000e+00, 5.000000e+00]]>
// CHECK: %[[A:.*]] = mcuf.linear %arg0, %[[WA]] :
// CHECK: %[[B:.*]] = mcuf.linear %arg0, %[[WB]], %[[BB]]
// CHECK: %[[G:.*]] = mcuf.gelu %[[A]]
// CHECK: %[[H:.*]] = mcuf.binary mul %[[G]], %[[B]]
// CHECK: mcuf.linear %[[H]], %[[WC]] :
func.func @gated(%x: tensor<1x4x2xf32>) -> tensor<1x4x2xf32> {
  %wa = mcuf.constant dense<[[1.0, 1.0], [0.0, 0.0], [3.0, 3.0], [4.0, 4.0], [5.0, 5.0]]> : tensor<5x2xf32> : tensor<5x2xf32>
  %wb = mcuf.constant dense<[[10.0, 10.0], [20.0, 20.0], [0.0, 0.0], [40.0, 40.0], [0.0, 0.0]]> : tensor<5x2xf32> : tensor<5x2xf32>
  %bb = mcuf.constant dense<[0.0, 1.0, 0.0, 2.0, 9.0]> : tensor<5xf32> : tensor<5xf32>
  %wc = mcuf.constant dense<[[1.0, 2.0, 3.0, 0.0, 5.0], [1.0, 2.0, 3.0, 0.0, 5.0]]> : tensor<2x5xf32> : tensor<2x5xf32>
  %a = mcuf.linear %x, %wa : (tensor<1x4x2xf32>, tensor<5x2xf32>) -> tensor<1x4x5xf32>
  %g = mcuf.gelu %a : (tensor<1x4x5xf32>) -> tensor<1x4x5xf32>
  %b = mcuf.linear %x, %wb, %bb : (tensor<1x4x2xf32>, tensor<5x2xf32>, tensor<5xf32>) -> tensor<1x4x5xf32>
  %h = mcuf.binary mul %g, %b : (tensor<1x4x5xf32>, tensor<1x4x5xf32>) -> tensor<1x4x5xf32>
  %r = mcuf.linear %h, %wc : (tensor<1x4x5xf32>, tensor<2x5xf32>) -> tensor<1x4x2xf32>
  return %r : tensor<1x4x2xf32>
}
