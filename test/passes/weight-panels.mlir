// RUN: mcuform-opt --mcuf-schedule="token-block=4 patch-block=2 weight-panel=80" --split-input-file --verify-diagnostics %s | FileCheck %s

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!hidden = tensor<1x9x16x!quant.uniform<i16:f32, 2.500000e-04>>

// Halves of 40 bytes: patches of 4 have all 8 units in one panel of 32; rows of 8 come by 4 units, rows of 16 by 2, of 7 units the last with one of zeros.
// CHECK-LABEL: func @panels
// CHECK: %[[P:[^ ]*]] = mcurt.buffer "patch_embed_panels" : memref<1x32xi8>
// CHECK-NEXT: mcurt.call linear_add_panels_s16(inout %{{[^,]*}}, out %[[P]], in %{{.*}}, in %{{.*}}, in %{{.*}}, in %{{.*}}, rows = %{{.*}}, depth = 4, units = 8, panel_units = 8)
// CHECK: %[[UP:[^ ]*]] = mcurt.buffer "head_panels" : memref<2x32xi8>
// CHECK-NEXT: mcurt.call linear_activation_panels_s16(out %{{[^,]*}}, out %[[UP]], {{.*}}depth = 8, units = 16, index_mult = 7, delta_mult = 7, panel_units = 4)
// CHECK: %[[DOWN:[^ ]*]] = mcurt.buffer "head_panels_2" : memref<2x32xi8>
// CHECK: mcurt.call linear_panels_s16(out %{{[^,]*}}, out %[[DOWN]], {{.*}}depth = 16, units = 7, panel_units = 2)
func.func @panels(%image: tensor<6x6x1xui8>) -> tensor<1x9x7x!quant.uniform<i16:f32, 2.500000e-04>> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %w1 = mcuf.constant dense<2> : tensor<16x8xi8> : tensor<16x8xi8>
  %b1 = mcuf.constant dense<3> : tensor<16xi32> : tensor<16xi32>
  %w2 = mcuf.constant dense<2> : tensor<7x16xi8> : tensor<7x16xi8>
  %b2 = mcuf.constant dense<3> : tensor<7xi32> : tensor<7xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %h = mcuf.q_linear_activation %x, %w1, %b1, %b1 {index_mult = 7 : i64, delta_mult = 7 : i64} : (!x, tensor<16x8xi8>, tensor<16xi32>, tensor<16xi32>) -> !hidden
  %y = mcuf.q_linear %h, %w2, %b2, %b2 : (!hidden, tensor<7x16xi8>, tensor<7xi32>, tensor<7xi32>) -> tensor<1x9x7x!quant.uniform<i16:f32, 2.500000e-04>>
  return %y : tensor<1x9x7x!quant.uniform<i16:f32, 2.500000e-04>>
}

// -----

// A pair of 2 x 24 bytes is more than half of the buffer, so that layer reads in place; so does a layer on one row.
// CHECK-LABEL: func @in_place
// CHECK: mcurt.call linear_add_panels_s16(
// CHECK: mcurt.call linear_s16({{.*}}depth = 24, units = 8)
// CHECK: mcurt.call linear_s16({{.*}}rows = 1, depth = 8, units = 4)
func.func @in_place(%image: tensor<6x6x1xui8>) -> tensor<1x1x4x!quant.uniform<i16:f32, 2.500000e-04>> {
  %pw = mcuf.constant dense<1> : tensor<24x4xi8> : tensor<24x4xi8>
  %b = mcuf.constant dense<3> : tensor<24xi32> : tensor<24xi32>
  %pos = mcuf.constant dense<5> : tensor<9x24xi16> : tensor<9x24xi16>
  %w1 = mcuf.constant dense<2> : tensor<8x24xi8> : tensor<8x24xi8>
  %b1 = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %w2 = mcuf.constant dense<2> : tensor<4x8xi8> : tensor<4x8xi8>
  %b2 = mcuf.constant dense<3> : tensor<4xi32> : tensor<4xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<24x4xi8>, tensor<24xi32>, tensor<24xi32>, tensor<9x24xi16>) -> tensor<1x9x24x!quant.uniform<i16:f32, 1.000000e-03>>
  %h = mcuf.q_linear %x, %w1, %b1, %b1 : (tensor<1x9x24x!quant.uniform<i16:f32, 1.000000e-03>>, tensor<8x24xi8>, tensor<8xi32>, tensor<8xi32>) -> tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>
  %p = mcuf.q_mean_rows %h {first_row = 0 : i64, row_count = 9 : i64, mult = 477218588 : i64} : (tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>) -> tensor<1x1x8x!quant.uniform<i16:f32, 2.500000e-04>>
  %y = mcuf.q_linear %p, %w2, %b2, %b2 : (tensor<1x1x8x!quant.uniform<i16:f32, 2.500000e-04>>, tensor<4x8xi8>, tensor<4xi32>, tensor<4xi32>) -> tensor<1x1x4x!quant.uniform<i16:f32, 2.500000e-04>>
  return %y : tensor<1x1x4x!quant.uniform<i16:f32, 2.500000e-04>>
}

// -----

// expected-error @below {{weight panels of 80 bytes hold no pair of units of any layer: the smallest needs 96}}
func.func @none(%image: tensor<6x12x2xui8>) -> tensor<1x6x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x24xi8> : tensor<8x24xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<6x8xi16> : tensor<6x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 3 : i64, patch_width = 4 : i64} : (tensor<6x12x2xui8>, tensor<8x24xi8>, tensor<8xi32>, tensor<8xi32>, tensor<6x8xi16>) -> tensor<1x6x8xi16>
  return %x : tensor<1x6x8xi16>
}
