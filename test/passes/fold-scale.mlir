// RUN: mcuform-opt --mcuf-fold-scale --split-input-file %s | FileCheck %s

// CHECK-LABEL: func @neutral
// CHECK-NEXT: return %arg0
func.func @neutral(%x: tensor<2x2xf32>) -> tensor<2x2xf32> {
  %one = mcuf.constant dense<1.0> : tensor<f32> : tensor<f32>
  %zero = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.binary mul %one, %x : (tensor<f32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = mcuf.binary add %0, %zero : (tensor<2x2xf32>, tensor<2xf32>) -> tensor<2x2xf32>
  %2 = mcuf.binary div %1, %one : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  return %2 : tensor<2x2xf32>
}

// -----

// A scalar in front scales the columns, a vector behind (layer scale) the rows and the bias.
// CHECK-LABEL: func @around_linear
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{\[}}[2.000000e+00, 4.000000e+00], [6.000000e+01, 8.000000e+01]]>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[1.000000e+00, 2.000000e+01]>
// CHECK: mcuf.linear %arg0, %[[W]], %[[B]]
// CHECK-NEXT: return
func.func @around_linear(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %half = mcuf.constant dense<0.5> : tensor<f32> : tensor<f32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %b = mcuf.constant dense<[1.0, 2.0]> : tensor<2xf32> : tensor<2xf32>
  %gain = mcuf.constant dense<[1.0, 10.0]> : tensor<2xf32> : tensor<2xf32>
  %0 = mcuf.binary div %x, %half : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %1 = mcuf.linear %0, %w, %b : (tensor<3x2xf32>, tensor<2x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  %2 = mcuf.binary mul %1, %gain : (tensor<3x2xf32>, tensor<2xf32>) -> tensor<3x2xf32>
  return %2 : tensor<3x2xf32>
}

// -----

// CHECK-LABEL: func @twice
// CHECK: %[[C:.*]] = mcuf.constant dense<5.000000e-01>
// CHECK-NEXT: mcuf.binary mul %arg0, %[[C]]
// CHECK-NEXT: return
func.func @twice(%x: tensor<3x2xf32>) -> tensor<3x2xf32> {
  %a = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %b = mcuf.constant dense<4.0> : tensor<f32> : tensor<f32>
  %0 = mcuf.binary mul %x, %a : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  %1 = mcuf.binary div %0, %b : (tensor<3x2xf32>, tensor<f32>) -> tensor<3x2xf32>
  return %1 : tensor<3x2xf32>
}

// -----

// The mean of two heads.
// CHECK-LABEL: func @mean_of_layers
// CHECK: %[[W:.*]] = mcuf.constant dense<{{\[}}[5.000000e-01, 1.000000e+00], [1.500000e+00, 2.000000e+00]]>
// CHECK: %[[A:.*]] = mcuf.linear %arg0, %[[W]]
// CHECK: %[[B:.*]] = mcuf.linear %arg1
// CHECK-NEXT: mcuf.binary add %[[A]], %[[B]]
// CHECK-NEXT: return
func.func @mean_of_layers(%x: tensor<1x2xf32>, %y: tensor<1x2xf32>) -> tensor<1x2xf32> {
  %two = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.linear %x, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %1 = mcuf.linear %y, %w : (tensor<1x2xf32>, tensor<2x2xf32>) -> tensor<1x2xf32>
  %2 = mcuf.binary add %0, %1 : (tensor<1x2xf32>, tensor<1x2xf32>) -> tensor<1x2xf32>
  %3 = mcuf.binary div %2, %two : (tensor<1x2xf32>, tensor<f32>) -> tensor<1x2xf32>
  return %3 : tensor<1x2xf32>
}

// -----

// Batch normalization behind a convolution.
// CHECK-LABEL: func @after_conv
// CHECK-DAG: %[[W:.*]] = mcuf.constant dense<{{.*}}2.000000e+00{{.*}}3.000000e+00{{.*}}> : tensor<2x1x1x1xf32>
// CHECK-DAG: %[[B:.*]] = mcuf.constant dense<[5.000000e+00, 6.000000e+00]>
// CHECK: mcuf.conv %arg0, %[[W]], %[[B]]
// CHECK-NEXT: return
func.func @after_conv(%x: tensor<1x1x2x2xf32>) -> tensor<1x2x2x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x1xf32> : tensor<2x1x1x1xf32>
  %gain = mcuf.constant dense<[[[[2.0]], [[3.0]]]]> : tensor<1x2x1x1xf32> : tensor<1x2x1x1xf32>
  %shift = mcuf.constant dense<[[[[5.0]], [[6.0]]]]> : tensor<1x2x1x1xf32> : tensor<1x2x1x1xf32>
  %0 = mcuf.conv %x, %w {strides = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, dilations = array<i64: 1, 1>, groups = 1 : i64}
    : (tensor<1x1x2x2xf32>, tensor<2x1x1x1xf32>) -> tensor<1x2x2x2xf32>
  %1 = mcuf.binary mul %0, %gain : (tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  %2 = mcuf.binary add %1, %shift : (tensor<1x2x2x2xf32>, tensor<1x2x1x1xf32>) -> tensor<1x2x2x2xf32>
  return %2 : tensor<1x2x2x2xf32>
}

// -----

// The unscaled output is used too; constant / x is no factor; a factor a row is none of the columns.
// CHECK-LABEL: func @not_folded
// CHECK: mcuf.linear
// CHECK-NEXT: mcuf.binary mul
// CHECK-NEXT: mcuf.binary div
// CHECK-NEXT: mcuf.binary mul
func.func @not_folded(%x: tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>) {
  %two = mcuf.constant dense<2.0> : tensor<f32> : tensor<f32>
  %rows = mcuf.constant dense<[[1.0], [2.0]]> : tensor<2x1xf32> : tensor<2x1xf32>
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %0 = mcuf.linear %x, %w : (tensor<2x2xf32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %1 = mcuf.binary mul %0, %two : (tensor<2x2xf32>, tensor<f32>) -> tensor<2x2xf32>
  %2 = mcuf.binary div %two, %x : (tensor<f32>, tensor<2x2xf32>) -> tensor<2x2xf32>
  %3 = mcuf.binary mul %2, %rows : (tensor<2x2xf32>, tensor<2x1xf32>) -> tensor<2x2xf32>
  return %0, %1, %2, %3 : tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>, tensor<2x2xf32>
}
