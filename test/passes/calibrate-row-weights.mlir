// RUN: mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_sequences_f32.npy row-weights=true}))" | FileCheck %s

// The result reads the first row alone. There are two such rows for two channels, so the weights are 1.5 and 0.5. First rows are -1 and 1, second rows 7 and -1.
// CHECK: mcuf.patch_embed {{.*}}mcuf.covariance
// CHECK-SAME: mcuf.mean = dense<1.500000e+00>
// CHECK-SAME: mcuf.weighted_mean = dense<7.500000e-01>
func.func @main(%rows: tensor<1x2x2xf32>) -> tensor<1x1x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %rows, %w, %b : (tensor<1x2x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<1x2x2xf32>
  %m = mcuf.constant dense<[[1.0, 0.0], [0.0, 1.0]]> : tensor<2x2xf32> : tensor<2x2xf32>
  %y = mcuf.linear %x, %m : (tensor<1x2x2xf32>, tensor<2x2xf32>) -> tensor<1x2x2xf32>
  %first = mcuf.slice %y {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 1, 2>, steps = array<i64: 1, 1, 1>} : (tensor<1x2x2xf32>) -> tensor<1x1x2xf32>
  return %first : tensor<1x1x2xf32>
}
