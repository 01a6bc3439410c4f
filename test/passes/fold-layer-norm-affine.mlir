// RUN: mcuform-opt --mcuf-fold-layer-norm-affine --split-input-file %s | FileCheck %s

// Two layers, one with a bias and one without.
// CHECK-LABEL: func @two_layers
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[1.000000e+01, 4.000000e+02], [3.000000e+01, 8.000000e+02]]>
// CHECK-DAG: %[[B0:.*]] = mcuf.constant dense<[1.300000e+01, 2.100000e+01]>
// CHECK-DAG: %[[B1:.*]] = mcuf.constant dense<[5.000000e+00, 1.100000e+01]>
// CHECK: %[[NORM:.*]] = mcuf.layer_norm %arg0 {epsilon
// CHECK-NEXT: mcuf.linear %[[NORM]], %[[W]], %[[B0]]
// CHECK-NEXT: mcuf.linear %[[NORM]], %{{.*}}, %[[B1]]
// CHECK-NEXT: return
func.func @two_layers(%x: tensor<1x3x2xf32>) -> (tensor<1x3x2xf32>, tensor<1x3x2xf32>) {
  %gamma = mcuf.constant dense<[10.0, 200.0]> : tensor<2xf32> : tensor<2xf32>
  %beta = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %b = mcuf.constant dense<[8.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.layer_norm %x gamma %gamma beta %beta {epsilon = 1.0e-6 : f32} : (tensor<1x3x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %1 = mcuf.linear %0, %w, %b : (tensor<1x3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %2 = mcuf.linear %0, %w : (tensor<1x3x2xf32>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  return %1, %2 : tensor<1x3x2xf32>, tensor<1x3x2xf32>
}

// -----

// Through a selection and a mean of rows.
// CHECK-LABEL: func @pooled
// CHECK: mcuf.layer_norm %arg0 {epsilon
// CHECK-NEXT: mcuf.slice
// CHECK-NEXT: mcuf.reduce mean
// CHECK-NEXT: mcuf.linear
func.func @pooled(%x: tensor<1x3x2xf32>) -> tensor<1x2xf32> {
  %gamma = mcuf.constant dense<[10.0, 200.0]> : tensor<2xf32> : tensor<2xf32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.layer_norm %x gamma %gamma {epsilon = 1.0e-6 : f32} : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %1 = mcuf.slice %0 {starts = array<i64: 0, 1, 0>, sizes = array<i64: 1, 2, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x3x2xf32>) -> tensor<1x2x2xf32>
  %2 = mcuf.reduce mean %1 {axes = array<i64: 1>, keep_dims = false} : (tensor<1x2x2xf32>) -> tensor<1x2xf32>
  %3 = mcuf.linear %2, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// -----

// One of the users is a residual addition (post-norm).
// CHECK-LABEL: func @not_folded
// CHECK: mcuf.layer_norm %arg0 gamma
func.func @not_folded(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %gamma = mcuf.constant dense<[10.0, 200.0]> : tensor<2xf32> : tensor<2xf32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.layer_norm %x gamma %gamma {epsilon = 1.0e-6 : f32} : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %1 = mcuf.linear %0, %w : (tensor<1x3x2xf32>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  %2 = mcuf.binary add %0, %1 : (tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x3x2xf32>
  return %2 : tensor<1x3x2xf32>
}

// -----

// RMSNorm stays what it is.
// CHECK-LABEL: func @rms_norm
// CHECK: mcuf.layer_norm %arg0 {centered = false, epsilon
func.func @rms_norm(%x: tensor<1x3x2xf32>) -> tensor<1x3x2xf32> {
  %gamma = mcuf.constant dense<[10.0, 200.0]> : tensor<2xf32> : tensor<2xf32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.layer_norm %x gamma %gamma {centered = false, epsilon = 1.0e-6 : f32} : (tensor<1x3x2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %1 = mcuf.linear %0, %w : (tensor<1x3x2xf32>, tensor<2x2xf32>) -> tensor<1x3x2xf32>
  return %1 : tensor<1x3x2xf32>
}

// -----

// Through sequence pooling: the query takes gamma, the layer behind it both.
// CHECK-LABEL: func @sequence_pool
// CHECK-DAG: %[[Q:.*]] = mcuf.constant dense<{{\[\[\[}}3.000000e+01, 8.000000e+02]]]> : tensor<1x1x2xf32>
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[1.000000e+01, 4.000000e+02], [3.000000e+01, 8.000000e+02]]>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[5.000000e+00, 1.100000e+01]>
// CHECK: %[[NORM:.*]] = mcuf.layer_norm %arg0 {epsilon
// CHECK-NEXT: %[[P:.*]] = mcuf.attention %[[Q]], %[[NORM]], %[[NORM]]
// CHECK-NEXT: mcuf.linear %[[P]], %[[W]], %[[B]]
func.func @sequence_pool(%x: tensor<1x3x2xf32>) -> tensor<1x1x2xf32> {
  %gamma = mcuf.constant dense<[10.0, 200.0]> : tensor<2xf32> : tensor<2xf32>
  %beta = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %q = mcuf.constant dense<[[[3.0, 4.0]]]> : tensor<1x1x2xf32> : tensor<1x1x2xf32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.layer_norm %x gamma %gamma beta %beta {epsilon = 1.0e-6 : f32} : (tensor<1x3x2xf32>, tensor<2xf32>, tensor<2xf32>) -> tensor<1x3x2xf32>
  %1 = mcuf.attention %q, %0, %0 {num_heads = 1 : i64, scale = 1.0 : f32} : (tensor<1x1x2xf32>, tensor<1x3x2xf32>, tensor<1x3x2xf32>) -> tensor<1x1x2xf32>
  %2 = mcuf.linear %1, %w : (tensor<1x1x2xf32>, tensor<2x2xf32>) -> tensor<1x1x2xf32>
  return %2 : tensor<1x1x2xf32>
}
