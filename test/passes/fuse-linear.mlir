// RUN: mcuform-opt --mcuf-fuse-linear --mlir-print-debuginfo --mlir-print-local-scope %s | FileCheck %s

// CHECK-LABEL: func @matmul_add
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf32>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00]>
// CHECK: mcuf.linear %arg0, %[[W]], %[[B]] {{.*}} loc(fused["/fc/MatMul", "/fc/Add"])
// CHECK-NEXT: return
func.func @matmul_add(%x: tensor<1x4x2xf32>) -> tensor<1x4x3xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32> : tensor<2x3xf32>
  %b = mcuf.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32> : tensor<3xf32>
  %0 = mcuf.matmul %x, %w : (tensor<1x4x2xf32>, tensor<2x3xf32>) -> tensor<1x4x3xf32> loc("/fc/MatMul")
  %1 = mcuf.binary add %b, %0 : (tensor<3xf32>, tensor<1x4x3xf32>) -> tensor<1x4x3xf32> loc("/fc/Add")
  return %1 : tensor<1x4x3xf32>
}

// No bias; two added vectors are one; a bias of which the sum without it is used too stays apart.
// CHECK-LABEL: func @biases
// CHECK-DAG: %[[SUM:.*]] = mcuf.constant dense<3.000000e+00> : tensor<2xf32>
// CHECK: mcuf.linear %arg0, %{{[a-z0-9_]*}} :
// CHECK: mcuf.linear %arg1, %{{.*}}, %[[SUM]]
// CHECK: %[[BARE:.*]] = mcuf.linear %arg2, %{{[a-z0-9_]*}} :
// CHECK-NEXT: mcuf.binary add %[[BARE]]
func.func @biases(%x: tensor<4x2xf32>, %y: tensor<4x2xf32>, %z: tensor<4x2xf32>) -> (tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>) {
  %w = mcuf.constant dense<[[1.0, 2.0], [4.0, 5.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %a = mcuf.constant dense<1.0> : tensor<2xf32> : tensor<2xf32>
  %b = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.matmul %x, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %1 = mcuf.matmul %y, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %2 = mcuf.binary add %1, %a : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  %3 = mcuf.binary add %2, %b : (tensor<4x2xf32>, tensor<f32>) -> tensor<4x2xf32>
  %4 = mcuf.matmul %z, %w : (tensor<4x2xf32>, tensor<2x2xf32>) -> tensor<4x2xf32>
  %5 = mcuf.binary add %4, %a : (tensor<4x2xf32>, tensor<2xf32>) -> tensor<4x2xf32>
  return %0, %3, %4, %5 : tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>, tensor<4x2xf32>
}

// Two computed matrices; one matrix per batch; a constant for each row is no bias.
// CHECK-LABEL: func @not_linear
// CHECK: mcuf.matmul
// CHECK: mcuf.matmul
// CHECK: mcuf.linear
// CHECK: mcuf.binary add
func.func @not_linear(%x: tensor<2x4x2xf32>, %y: tensor<2x2x3xf32>, %z: tensor<2x2xf32>) -> (tensor<2x4x3xf32>, tensor<2x4x2xf32>, tensor<2x2xf32>) {
  %w = mcuf.constant dense<1.0> : tensor<2x2x2xf32> : tensor<2x2x2xf32>
  %v = mcuf.constant dense<1.0> : tensor<2x2xf32> : tensor<2x2xf32>
  %rows = mcuf.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32> : tensor<2x1xf32>
  %0 = mcuf.matmul %x, %y : (tensor<2x4x2xf32>, tensor<2x2x3xf32>) -> tensor<2x4x3xf32>
  %1 = mcuf.matmul %x, %w : (tensor<2x4x2xf32>, tensor<2x2x2xf32>) -> tensor<2x4x2xf32>
  %2 = mcuf.matmul %z, %v : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = mcuf.binary add %2, %rows : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %0, %1, %3 : tensor<2x4x3xf32>, tensor<2x4x2xf32>, tensor<2x2xf32>
}
