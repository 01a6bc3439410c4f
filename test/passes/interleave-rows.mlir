// RUN: mcuform-opt --mcuf-schedule="token-block=6 patch-block=2 interleave-from=4" %s | FileCheck %s
// RUN: mcuform-opt --mcuf-schedule="token-block=6 patch-block=2 interleave-from=4 weight-panel=64" %s | FileCheck %s --check-prefix=PANELS

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!hidden = tensor<1x9x16x!quant.uniform<i16:f32, 2.500000e-04>>

// Two patches at a time are no group of four; six rows are one group, and two that stay as they are. Where weights come by panels, rows stay as they are, too.
// CHECK-LABEL: func @rows
// CHECK: mcurt.call linear_add_s16(
// CHECK: %[[UP:[^ ]*]] = mcurt.buffer "head_fours" : memref<6x8xi16>
// CHECK-NEXT: mcurt.call linear_activation_fours_s16(out %[[HIDDEN:[^,]*]], out %[[UP]], {{.*}}depth = 8, units = 16, index_mult = 7, delta_mult = 7)
// CHECK: %[[DOWN:[^ ]*]] = mcurt.buffer "head_fours_2" : memref<6x16xi16>
// CHECK-NEXT: mcurt.call linear_fours_s16(out %{{[^,]*}}, out %[[DOWN]], in %[[HIDDEN]], {{.*}}depth = 16, units = 7)
// PANELS: mcurt.call linear_add_panels_s16(
// PANELS: mcurt.call linear_activation_panels_s16(
// PANELS: mcurt.call linear_panels_s16(
func.func @rows(%image: tensor<6x6x1xui8>) -> tensor<1x9x7x!quant.uniform<i16:f32, 2.500000e-04>> {
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
