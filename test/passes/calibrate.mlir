// RUN: mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_images_u8.npy mean=0.5 std=0.5}))" | FileCheck %s
// RUN: mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_images_u8.npy mean=0.5 std=0.5 covariance=false}))" | FileCheck %s --check-prefix=MOMENTS
// RUN: not mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate))" 2>&1 | FileCheck %s --check-prefix=NOTHING
// RUN: not mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/wrong_shape_u8.npy mean=0.5 std=0.5}))" 2>&1 | FileCheck %s --check-prefix=SHAPE
// RUN: not mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_images_u8.npy mean=0.5,0.5 std=0.5}))" 2>&1 | FileCheck %s --check-prefix=MEAN
// RUN: not mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/Inputs/two_images_u8.npy mean=0.5 std=0}))" 2>&1 | FileCheck %s --check-prefix=STD
// RUN: not mcuform-opt %s "--pass-pipeline=builtin.module(func.func(mcuf-calibrate{inputs=%S/missing.npy mean=0.5 std=0.5}))" 2>&1 | FileCheck %s --check-prefix=MISSING

// One image is all 255, that is 1 after normalization, the other all 0, that is -1.
// CHECK: func.func @main(%{{.*}}: tensor<1x1x2x2xf32> {mcuf.mean = array<f32: 5.000000e-01>, mcuf.std = array<f32: 5.000000e-01>})
// CHECK-SAME: mcuf.calibration_inputs = 2 : i64
// CHECK: mcuf.patch_embed {{.*}}mcuf.max_abs = dense<[4.000000e+00, 8.000000e+00]>
// CHECK-SAME: mcuf.mean = dense<0.000000e+00>
// CHECK-SAME: mcuf.mean_square = dense<[1.600000e+01, 6.400000e+01]>
// Two rows say little of four pixels' correlations: a third of them is believed.
// CHECK-SAME{LITERAL}: mcuf.patch_covariance = dense<[[16256.25, 5.418750e+03, 5.418750e+03, 5.418750e+03], [5.418750e+03, 16256.25, 5.418750e+03, 5.418750e+03],
// CHECK-SAME: mcuf.patch_mean = dense<1.275000e+02>

// MOMENTS-NOT: covariance
// MOMENTS: mcuf.patch_mean_square
// MOMENTS-NOT: covariance

// NOTHING: quantization needs calibration inputs: pass --calibrate IMAGES.npy with 32 to 128 typical inputs
// SHAPE: the array has shape [2, 3, 3, 1], the network takes uint8 [N, 2, 2, 1] (height, width, channels) or float32 [N, 1, 2, 2]
// MEAN: mean has 2 values, the input has 1 channels
// STD: std must be finite and positive
// MISSING: missing.npy
func.func @main(%image: tensor<1x1x2x2xf32>) -> tensor<1x1x2xf32> {
  %w = mcuf.constant dense<[[[[1.0], [1.0]], [[1.0], [1.0]]], [[[2.0], [2.0]], [[2.0], [2.0]]]]> : tensor<2x2x2x1xf32> : tensor<2x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %image, %w, %b : (tensor<1x1x2x2xf32>, tensor<2x2x2x1xf32>, tensor<2xf32>) -> tensor<1x1x2xf32>
  return %x : tensor<1x1x2xf32>
}
