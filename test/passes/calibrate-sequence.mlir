// RUN: mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_sequences_f32.npy}))" | FileCheck %s
// RUN: not mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_images_u8.npy mean=0.5 std=0.5}))" 2>&1 | FileCheck %s --check-prefix=PIXELS

// The rows are (1, -2), (3, 4) and (-5, 6), (7, -8): the features' moments stand beside those of the tokens. A sequence has no mean and std of pixels.
// CHECK: func.func @main(%{{.*}}: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> attributes {mcuf.calibration_inputs = 2 : i64}
// CHECK: mcuf.patch_embed {{.*}}mcuf.patch_max_abs = dense<[7.000000e+00, 8.000000e+00]>
// CHECK-SAME: mcuf.patch_mean = dense<[1.500000e+00, 0.000000e+00]>
// CHECK-SAME: mcuf.patch_mean_square = dense<[2.100000e+01, 3.000000e+01]>
// PIXELS: uint8 pixels need a network with an image input [1, channels, height, width], this one takes [1, 2, 2]
func.func @main(%rows: tensor<1x2x2xf32>) -> tensor<1x2x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %rows, %w, %b : (tensor<1x2x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<1x2x2xf32>
  return %x : tensor<1x2x2xf32>
}
