// RUN: mcuform-opt --mcuf-fuse-layer-norm --split-input-file %s | FileCheck %s

// The nine nodes of torch before opset 17; gamma on the left.
// CHECK-LABEL: func @torch
// CHECK-DAG: %[[GAMMA:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-DAG: %[[BETA:.*]] = mcuf.constant dense<[3.000000e+00, 4.000000e+00]> : tensor<2xf32>
// CHECK: mcuf.layer_norm %arg0 gamma %[[GAMMA]] beta %[[BETA]] {epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT: return
func.func @torch(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %two = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = mcuf.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %gamma = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %beta = mcuf.constant dense<[[[3.0, 4.0]]]> : tensor<1x1x2xf32> : tensor<1x1x2xf32>
  %mean = mcuf.reduce mean %x {axes = array<i64: 2>, keep_dims = true} : (tensor<1x3x2xf32>) -> tensor<1x3x1xf32>
  %d = mcuf.binary sub %x, %mean : (tensor<1x3x2xf32>, tensor<1x3x1xf32>) -> tensor<1x3x2xf32>
  %square = mcuf.binary pow %d, %two : (tensor<1x3x2xf32>, tensor<f32>) -> tensor<1x3x2xf32>
  %var = mcuf.reduce mean %square {axes = array<i64: 2>, keep_dims = true} : (tensor<1x3x2xf32>) -> tensor<1x3x1xf32>
  %sum = mcuf.binary add %var, %eps : (tensor<1x3x1xf32>, tensor<f32>) -> tensor<1x3x1xf32>
  %root = mcuf.unary sqrt %sum : (tensor<1x3x1xf32>) -> tensor<1x3x1xf32>
  %n = mcuf.binary div %d, %root : (tensor<1x3x2xf32>, tensor<1x3x1xf32>) -> tensor<1x3x2xf32>
  %g = mcuf.binary mul %gamma, %n : (tensor<2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  %b = mcuf.binary add %g, %beta : (tensor<1x3x2xf32>, tensor<1x1x2xf32>) -> tensor<1x3x2xf32>
  return %b : tensor<1x3x2xf32>
}

// -----

// A product with the reciprocal, the square as a product, epsilon on the left, the difference computed twice, no affine part.
// CHECK-LABEL: func @reciprocal
// CHECK-NEXT: mcuf.layer_norm %arg0 {epsilon
// CHECK-NEXT: return
func.func @reciprocal(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %eps = mcuf.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %mean = mcuf.reduce mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %d = mcuf.binary sub %x, %mean : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %d2 = mcuf.binary sub %x, %mean : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %square = mcuf.binary mul %d, %d : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %var = mcuf.reduce mean %square {axes = array<i64: 1>, keep_dims = true} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %sum = mcuf.binary add %eps, %var : (tensor<f32>, tensor<3x1xf32>) -> tensor<3x1xf32>
  %root = mcuf.unary sqrt %sum : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %r = mcuf.unary reciprocal %root : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %n = mcuf.binary mul %r, %d2 : (tensor<3x1xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  return %n : tensor<3x2xf32>
}

// -----

// gamma without beta, scalar; the power -0.5.
// CHECK-LABEL: func @power
// CHECK: %[[GAMMA:.*]] = mcuf.constant dense<3.000000e+00> : tensor<2xf32>
// CHECK-NEXT: mcuf.layer_norm %arg0 gamma %[[GAMMA]] {epsilon
// CHECK-NEXT: return
func.func @power(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %eps = mcuf.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %exponent = mcuf.constant dense<-0.5> : tensor<f32> : tensor<f32>
  %gamma = mcuf.constant dense<3.0> : tensor<f32> : tensor<f32>
  %mean = mcuf.reduce mean %x {axes = array<i64: 1>, keep_dims = true} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %d = mcuf.binary sub %x, %mean : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %square = mcuf.binary mul %d, %d : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %var = mcuf.reduce mean %square {axes = array<i64: 1>, keep_dims = true} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %sum = mcuf.binary add %var, %eps : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %r = mcuf.binary pow %sum, %exponent : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %n = mcuf.binary mul %d, %r : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %g = mcuf.binary mul %n, %gamma : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %g : tensor<3x2xf32>
}

// -----

// Over another dimension; or around the mean of something else, which is RMSNorm of the difference.
// CHECK-LABEL: func @not_layer_norm
// CHECK-NOT: mcuf.layer_norm
// CHECK: %[[D:.*]] = mcuf.binary sub %arg0, %{{.*}} : (tensor<2x2xf32>, tensor<2x1xf32>)
// CHECK-NEXT: mcuf.layer_norm %[[D]] {centered = false, epsilon
// CHECK-NOT: mcuf.layer_norm
func.func @not_layer_norm(%x: tensor<2x2xf32>, %y: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>) {
  %eps = mcuf.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %m0 = mcuf.reduce mean %x {axes = array<i64: 0>, keep_dims = true} : (tensor<2x2xf32>) -> tensor<1x2xf32>
  %d0 = mcuf.binary sub %x, %m0 : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  %q0 = mcuf.binary mul %d0, %d0 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %v0 = mcuf.reduce mean %q0 {axes = array<i64: 0>, keep_dims = true} : (tensor<2x2xf32>) -> tensor<1x2xf32>
  %s0 = mcuf.binary add %v0, %eps : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  %r0 = mcuf.unary sqrt %s0 : (tensor<1x2xf32>) -> tensor<1x2xf32>
  %n0 = mcuf.binary div %d0, %r0 : (tensor<2x2xf32>, tensor<1x2xf32>) -> tensor<2x2xf32>
  %m1 = mcuf.reduce mean %y {axes = array<i64: 1>, keep_dims = true} : (tensor<2x2xf32>) -> tensor<2x1xf32>
  %d1 = mcuf.binary sub %x, %m1 : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  %q1 = mcuf.binary mul %d1, %d1 : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %v1 = mcuf.reduce mean %q1 {axes = array<i64: 1>, keep_dims = true} : (tensor<2x2xf32>) -> tensor<2x1xf32>
  %s1 = mcuf.binary add %v1, %eps : (tensor<2x1xf32>, tensor<f32>) -> tensor<2x1xf32>
  %r1 = mcuf.unary sqrt %s1 : (tensor<2x1xf32>) -> tensor<2x1xf32>
  %n1 = mcuf.binary div %d1, %r1 : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %n0, %n1 : tensor<2x2xf32>, tensor<2x2xf32>
}

// -----

// Llama's RMSNorm: the reciprocal of the root, gamma on the left.
// CHECK-LABEL: func @rms_norm
// CHECK: %[[GAMMA:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
// CHECK-NEXT: mcuf.layer_norm %arg0 gamma %[[GAMMA]] {centered = false, epsilon = 9.99999974E-6 : f32}
// CHECK-NEXT: return
func.func @rms_norm(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %two = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %eps = mcuf.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %gamma = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %square = mcuf.binary pow %x, %two : (tensor<1x3x2xf32>, tensor<f32>) -> tensor<1x3x2xf32>
  %mean = mcuf.reduce mean %square {axes = array<i64: 2>, keep_dims = true} : (tensor<1x3x2xf32>) -> tensor<1x3x1xf32>
  %sum = mcuf.binary add %mean, %eps : (tensor<1x3x1xf32>, tensor<f32>) -> tensor<1x3x1xf32>
  %root = mcuf.unary sqrt %sum : (tensor<1x3x1xf32>) -> tensor<1x3x1xf32>
  %r = mcuf.unary reciprocal %root : (tensor<1x3x1xf32>) -> tensor<1x3x1xf32>
  %n = mcuf.binary mul %x, %r : (tensor<1x3x2xf32>, tensor<1x3x1xf32>) -> tensor<1x3x2xf32>
  %g = mcuf.binary mul %gamma, %n : (tensor<2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  return %g : tensor<1x3x2xf32>
}

// -----

// The quotient, the square as a product; something else is divided by the root of the mean square.
// CHECK-LABEL: func @rms_norm_of_others
// CHECK: %[[N:.*]] = mcuf.layer_norm %arg0 {centered = false, epsilon
// CHECK: %[[OTHER:.*]] = mcuf.binary div %arg1, %{{.*}}
// CHECK: return %[[N]], %[[OTHER]]
func.func @rms_norm_of_others(%x: tensor<3x2xf32>, %y: tensor<3x2xf32>) -> (tensor<3x2xf32>, tensor<3x2xf32>) {
  %eps = mcuf.constant dense<1.0e-5> : tensor<f32> : tensor<f32>
  %square = mcuf.binary mul %x, %x : (tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<3x2xf32>
  %mean = mcuf.reduce mean %square {axes = array<i64: 1>, keep_dims = true} : (tensor<3x2xf32>) -> tensor<3x1xf32>
  %sum = mcuf.binary add %mean, %eps : (tensor<3x1xf32>, tensor<f32>) -> tensor<3x1xf32>
  %root = mcuf.unary sqrt %sum : (tensor<3x1xf32>) -> tensor<3x1xf32>
  %n = mcuf.binary div %x, %root : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  %other = mcuf.binary div %y, %root : (tensor<3x2xf32>, tensor<3x1xf32>) -> tensor<3x2xf32>
  return %n, %other : tensor<3x2xf32>, tensor<3x2xf32>
}
