// Weights of four bits are packed when they are scheduled, and their layer is computed by the kernel that unpacks them.
// RUN: mcuform-opt --mcuf-schedule="token-block=4 patch-block=2 weight-panel=80" --split-input-file --verify-diagnostics %s | FileCheck %s

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!y = tensor<1x9x2x!quant.uniform<i16:f32, 2.500000e-04>>

// Scales 1, 1 and 2, 17; then codes: the weight over its scale plus 8, inputs 0 and 1 in lower halves, 2 and 3 in upper ones.
// CHECK-LABEL: func @packed
// CHECK: %[[W:[^ ]*]] = mcurt.constant "{{.*}}" int4 dense<{{\[}}[1, 1, 2, 17, 185, 17, 202, 17, 185, 153, 202, 153]]> : tensor<1x12xui8>
// CHECK: mcurt.call linear_add_panels_s16(
// CHECK: %[[PAIR:[^ ]*]] = mcurt.buffer "head_pair" : memref<16xi8>
// CHECK-NEXT: mcurt.call linear_int4_s16(out %{{[^,]*}}, out %[[PAIR]], in %{{.*}}, in %[[W]], in %{{.*}}, in %{{.*}}, rows = %{{.*}}, depth = 8, units = 2, group = 4)
func.func @packed(%image: tensor<6x6x1xui8>) -> !y {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %w = mcuf.constant dense<[[1, 2, 3, 4, 2, 4, 6, 8], [-7, -7, -7, -7, 17, 17, 17, 17]]> : tensor<2x8xi8> : tensor<2x8xi8>
  %b1 = mcuf.constant dense<3> : tensor<2xi32> : tensor<2xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %y = mcuf.q_linear %x, %w, %b1, %b1 {weight_scales = dense<[[1, 2], [1, 17]]> : tensor<2x2xi8>, weight_group = 4 : i64} : (!x, tensor<2x8xi8>, tensor<2xi32>, tensor<2xi32>) -> !y
  return %y : !y
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!y = tensor<1x9x2x!quant.uniform<i16:f32, 2.500000e-04>>

func.func @no_multiple(%image: tensor<6x6x1xui8>) -> !y {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %w = mcuf.constant dense<[[1, 2, 3, 4, 2, 4, 6, 8], [-7, -7, -7, -7, 17, 17, 18, 17]]> : tensor<2x8xi8> : tensor<2x8xi8>
  %b1 = mcuf.constant dense<3> : tensor<2xi32> : tensor<2xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  // expected-error @below {{weight 18 of unit 1, input 6 is no multiple from -7 to 7 of its group's scale of 17}}
  %y = mcuf.q_linear %x, %w, %b1, %b1 {weight_scales = dense<[[1, 2], [1, 17]]> : tensor<2x2xi8>, weight_group = 4 : i64} : (!x, tensor<2x8xi8>, tensor<2xi32>, tensor<2xi32>) -> !y
  return %y : !y
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!y = tensor<1x9x2x!quant.uniform<i16:f32, 2.500000e-04>>

func.func @wrong_groups(%x: !x, %w: tensor<2x8xi8>, %b: tensor<2xi32>) -> !y {
  // expected-error @below {{weight_scales must be i8 of shape [2, 1], got}}
  %y = mcuf.q_linear %x, %w, %b, %b {weight_scales = dense<1> : tensor<2x2xi8>, weight_group = 8 : i64} : (!x, tensor<2x8xi8>, tensor<2xi32>, tensor<2xi32>) -> !y
  return %y : !y
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!y = tensor<1x9x2x!quant.uniform<i16:f32, 2.500000e-04>>

func.func @no_scales(%x: !x, %w: tensor<2x8xi8>, %b: tensor<2xi32>) -> !y {
  // expected-error @below {{need weight_scales and a weight_group that is a multiple of 4}}
  %y = mcuf.q_linear %x, %w, %b, %b {weight_group = 8 : i64} : (!x, tensor<2x8xi8>, tensor<2xi32>, tensor<2xi32>) -> !y
  return %y : !y
}
