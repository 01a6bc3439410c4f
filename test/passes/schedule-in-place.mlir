// RUN: mcuform-opt --mcuf-schedule="token-block=4" --cse --split-input-file %s | FileCheck %s

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>

// Nobody reads the old rows: they are overwritten.
// CHECK-LABEL: func @in_place
// CHECK: mcurt.stage "head"
// CHECK-NOT: copy_s16
// CHECK: %[[X:[^ ,()]*]] = mcurt.view %x[
// CHECK: mcurt.call linear_add_s16(inout %[[X]],
// CHECK: mcurt.call linear_add_s16(inout %[[X]],
// CHECK: mcurt.stage "copy_result"
// CHECK-NEXT: mcurt.call copy_s16(out %arg0, in %x, rows = 9, width = 8)
func.func @in_place(%image: tensor<6x6x1xui8>) -> !x {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %n = mcuf.q_layer_norm %x0, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %x1 = mcuf.q_linear_add %n, %w, %b, %b residual %x0 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n1 = mcuf.q_layer_norm %x1, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %x2 = mcuf.q_linear_add %n1, %w, %b, %b residual %x1 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  return %x2 : !x
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>

// The old rows are added once more later in the same loop: a copy is updated.
// CHECK-LABEL: func @old_rows_in_same_loop
// CHECK: mcurt.stage "head"
// CHECK: %[[SUM:[^ ,()]*]] = mcurt.buffer "head_sum" : memref<4x8xi16>
// CHECK: mcurt.call copy_s16(out %[[SUM]], in %[[X:[^ ,()]*]], rows
// CHECK: mcurt.call linear_add_s16(inout %[[SUM]],
// CHECK: mcurt.call layer_norm_s16(out %[[SUM]], in %[[SUM]],
// CHECK: mcurt.call linear_add_s16(inout %[[X]], in %[[SUM]],
func.func @old_rows_in_same_loop(%image: tensor<6x6x1xui8>) -> !x {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %n = mcuf.q_layer_norm %x0, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %x1 = mcuf.q_linear_add %n, %w, %b, %b residual %x0 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n1 = mcuf.q_layer_norm %x1, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %x2 = mcuf.q_linear_add %n1, %w, %b, %b residual %x0 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  return %x2 : !x
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!one = tensor<1x8x!quant.uniform<i16:f32, 2.500000e-04>>
!x1 = tensor<1x8x!quant.uniform<i16:f32, 1.000000e-03>>

// The old rows are read by a later loop: the sum of all rows goes to a buffer of its own.
// CHECK-LABEL: func @old_rows_in_later_loop
// CHECK: %[[SUM:[^ ,()]*]] = mcurt.buffer "sum" : memref<9x8xi16>
// CHECK: mcurt.call copy_s16(out %[[ROWS:[^ ,()]*]], in
// CHECK: mcurt.call linear_add_s16(inout %[[ROWS]],
// CHECK: mcurt.call accumulate_rows_s16
// CHECK: mcurt.stage "copy_result"
// CHECK-NEXT: %[[LAST:[^ ,()]*]] = mcurt.view %[[SUM]][
func.func @old_rows_in_later_loop(%image: tensor<6x6x1xui8>) -> !x1 {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %h = mcuf.q_linear %x0, %w, %b, %b : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !x
  %x1 = mcuf.q_linear_add %h, %w, %b, %b residual %x0 : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %m1 = mcuf.q_mean_rows %x1 {first_row = 0 : i64, row_count = 9 : i64, mult = 477218588 : i64} : (!x) -> !one
  %m0 = mcuf.q_mean_rows %x0 {first_row = 0 : i64, row_count = 9 : i64, mult = 477218588 : i64} : (!x) -> !one
  %y = mcuf.q_linear_add %m0, %w, %b, %b residual %m1 : (!one, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !one) -> !one
  %r = mcuf.slice %x1 {starts = array<i64: 0, 8, 0>, sizes = array<i64: 1, 1, 8>, steps = array<i64: 1, 1, 1>} : (!x) -> tensor<1x1x8x!quant.uniform<i16:f32, 1.000000e-03>>
  %r2 = mcuf.reshape %r {shape = array<i64: 1, 8>} : (tensor<1x1x8x!quant.uniform<i16:f32, 1.000000e-03>>) -> !x1
  %z = mcuf.q_linear_add %y, %w, %b, %b residual %r2 : (!one, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x1) -> !x1
  return %z : !x1
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!x8 = tensor<1x8x8x!quant.uniform<i16:f32, 1.000000e-03>>

// Row t + 1 is updated from row t, which the iteration before would have overwritten: not in place.
// CHECK-LABEL: func @earlier_rows
// CHECK: mcurt.stage "head"
// CHECK: mcurt.call copy_s16(
// CHECK: mcurt.call linear_add_s16(
func.func @earlier_rows(%image: tensor<6x6x1xui8>) -> !x8 {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %a = mcuf.slice %x0 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 8, 8>, steps = array<i64: 1, 1, 1>} : (!x) -> !x8
  %c = mcuf.slice %x0 {starts = array<i64: 0, 1, 0>, sizes = array<i64: 1, 8, 8>, steps = array<i64: 1, 1, 1>} : (!x) -> !x8
  %h = mcuf.q_linear %a, %w, %b, %b : (!x8, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !x8
  %y = mcuf.q_linear_add %h, %w, %b, %b residual %c : (!x8, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x8) -> !x8
  return %y : !x8
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!x8 = tensor<1x8x8x!quant.uniform<i16:f32, 1.000000e-03>>

// Row t is updated from row t + 1, which no iteration has overwritten before: in place.
// CHECK-LABEL: func @later_rows
// CHECK: mcurt.stage "head"
// CHECK-NOT: copy_s16
// CHECK: mcurt.call linear_s16(out %[[H:[^ ,()]*]], in
// CHECK: %[[X:[^ ,()]*]] = mcurt.view %x[
// CHECK: mcurt.call linear_add_s16(inout %[[X]], in %[[H]],
// CHECK: mcurt.stage "copy_result"
func.func @later_rows(%image: tensor<6x6x1xui8>) -> !x8 {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %a = mcuf.slice %x0 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 8, 8>, steps = array<i64: 1, 1, 1>} : (!x) -> !x8
  %c = mcuf.slice %x0 {starts = array<i64: 0, 1, 0>, sizes = array<i64: 1, 8, 8>, steps = array<i64: 1, 1, 1>} : (!x) -> !x8
  %h = mcuf.q_linear %c, %w, %b, %b : (!x8, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !x8
  %y = mcuf.q_linear_add %h, %w, %b, %b residual %a : (!x8, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x8) -> !x8
  return %y : !x8
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>

// x + W x: the operand is what would be overwritten while it is read.
// CHECK-LABEL: func @operand_is_residual
// CHECK: mcurt.stage "head"
// CHECK: mcurt.call copy_s16(out %[[SUM:[^ ,()]*]], in %[[X:[^ ,()]*]], rows
// CHECK: mcurt.call linear_add_s16(inout %[[SUM]], in %[[X]],
func.func @operand_is_residual(%image: tensor<6x6x1xui8>) -> !x {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %y = mcuf.q_linear_add %x0, %w, %b, %b residual %x0 : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  return %y : !x
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!cache = tensor<1x9x8x!quant.uniform<i8:f32, 1.000000e+00>>

// A block with its LayerNorms behind the sums: they too are computed in place, so one buffer holds the rows of all blocks.
// CHECK-LABEL: func @post_norm
// CHECK: mcurt.buffer "x" : memref<9x8xi16>
// CHECK-NOT: mcurt.buffer {{.*}} memref<9x8xi16>
// CHECK: mcurt.stage "block_0_head"
// CHECK: mcurt.call layer_norm_s16(out %[[X:[^ ,()]*]], in %[[X]],
func.func @post_norm(%image: tensor<6x6x1xui8>) -> tensor<1x1x8x!quant.uniform<i16:f32, 1.000000e-03>> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %s = mcuf.constant dense<6> : tensor<2xi32> : tensor<2xi32>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %q = mcuf.q_linear %x0, %w, %b, %b : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !x
  %k = mcuf.q_linear %x0, %w, %b, %b : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %x0, %w, %b, %b : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c = mcuf.q_attention %q, %k, %v, %s {num_heads = 2 : i64} : (!x, !cache, !cache, tensor<2xi32>) -> !x
  %x1 = mcuf.q_linear_add %c, %w, %b, %b residual %x0 : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n1 = mcuf.q_layer_norm %x1, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !x
  %h = mcuf.q_linear %n1, %w, %b, %b : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !x
  %x2 = mcuf.q_linear_add %h, %w, %b, %b residual %n1 : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n2 = mcuf.q_layer_norm %x2, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !x
  %r = mcuf.slice %n2 {starts = array<i64: 0, 8, 0>, sizes = array<i64: 1, 1, 8>, steps = array<i64: 1, 1, 1>} : (!x) -> tensor<1x1x8x!quant.uniform<i16:f32, 1.000000e-03>>
  return %r : tensor<1x1x8x!quant.uniform<i16:f32, 1.000000e-03>>
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!in = tensor<1x9x6x!quant.uniform<i16:f32, 1.000000e-02>>

// Rows of a sequence are read where they lie. A normalization of the stream, as in post-norm blocks, overwrites the sum, and the next sum overwrites it.
// CHECK-LABEL: func @post_norm_stream
// CHECK: %[[SEQUENCE:[^ ,()]*]] = mcurt.buffer "sequence" input : memref<1x9x6xi16>
// CHECK: mcurt.stage "patch_embed"
// CHECK-NOT: unfold
// CHECK: %[[ROWS:[^ ,()]*]] = mcurt.view %[[SEQUENCE]][0, %{{.*}}, 0]
// CHECK: mcurt.call linear_add_s16(inout %{{[^ ,()]*}}, in %[[ROWS]],
// CHECK: mcurt.stage "head"
// CHECK-NOT: copy_s16
// CHECK: %[[X:[^ ,()]*]] = mcurt.view %x[
// CHECK: mcurt.call layer_norm_affine_s16(out %[[X]], in %[[X]],
// CHECK: mcurt.call linear_add_s16(inout %[[X]], in %
// CHECK: %[[OUT:[^ ,()]*]] = mcurt.view %arg0[
// CHECK: mcurt.call layer_norm_affine_s16(out %[[OUT]], in %[[X]],
// CHECK-NOT: copy_s16
func.func @post_norm_stream(%rows: !in) -> !x {
  %pw = mcuf.constant dense<1> : tensor<8x6xi8> : tensor<8x6xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %x0 = mcuf.q_patch_embed %rows, %pw, %b, %b position %pos {patch_height = 1 : i64, patch_width = 1 : i64} : (!in, tensor<8x6xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %n = mcuf.q_layer_norm_affine %x0, %f, %b, %f {epsilon = 1 : i64} : (!x, tensor<8xi16>, tensor<8xi32>, tensor<8xi16>) -> !x
  %h = mcuf.q_linear %n, %w, %b, %b : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !x
  %x1 = mcuf.q_linear_add %h, %w, %b, %b residual %n : (!x, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %x2 = mcuf.q_layer_norm_affine %x1, %f, %b, %f {epsilon = 1 : i64} : (!x, tensor<8xi16>, tensor<8xi32>, tensor<8xi16>) -> !x
  return %x2 : !x
}
