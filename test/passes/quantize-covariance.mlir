// Weights are rounded together where the covariance of their inputs is known.
// RUN: mcuform-opt %s --mcuf-quantize | FileCheck %s
// RUN: mcuform-opt %s "--mcuf-quantize=compensate-rounding=false" | FileCheck %s --check-prefix=NEAREST

// The last three inputs are one and the same: 3 * 10.4 is nearer to 10 + 11 + 10 than to 10 + 10 + 10.
// CHECK: mcuf.constant dense<{{\[\[}}127, 10, 11, 10]]> : tensor<1x4xi8>
// CHECK-NOT: mcuf.covariance
// NEAREST: mcuf.constant dense<{{\[\[}}127, 10, 10, 10]]> : tensor<1x4xi8>
// NEAREST-NOT: mcuf.covariance
func.func @main(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x1xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<[100.0, 1.0, 1.0, 1.0]> : tensor<4xf32>,
      mcuf.covariance = dense<[[100.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0], [0.0, 1.0, 1.0, 1.0]]> : tensor<4x4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %u = mcuf.constant dense<[[127.0, 10.4, 10.4, 10.4]]> : tensor<1x4xf32> : tensor<1x4xf32>
  %z = mcuf.linear %y, %u {mcuf.max_abs = dense<200.0> : tensor<1xf32>} : (tensor<1x4x4xf32>, tensor<1x4xf32>) -> tensor<1x4x1xf32>
  return %z : tensor<1x4x1xf32>
}
