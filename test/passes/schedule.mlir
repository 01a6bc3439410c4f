// RUN: mcuform-opt --mcuf-schedule="token-block=4 patch-block=2" --cse --split-input-file %s | FileCheck %s

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>
!cache = tensor<1x9x8x!quant.uniform<i8:f32, 1.000000e+00>>

// A whole block. Keys and values come from the old rows in a loop of their own; then everything but X exists for four rows.
// CHECK-LABEL: func @block
// CHECK-SAME: (%arg0: memref<9x8xi16> {mcurt.scale = {{.*}}})
// CHECK-DAG: %image = mcurt.buffer "image" input : memref<6x6x1xui8>
// CHECK-DAG: %x = mcurt.buffer "x" : memref<9x8xi16>
// CHECK-DAG: %keys_0 = mcurt.buffer "keys_0" : memref<2x40xi8>
// CHECK-DAG: %values_0 = mcurt.buffer "values_0" : memref<2x40xi8>
// CHECK-NOT: mcurt.buffer
// CHECK: mcurt.stage "patch_embed" {
// CHECK-NEXT: mcurt.for %[[P:[^ ,()]*]], %[[N:[^ ,()]*]] = 9 step 2 {
// CHECK: %[[PATCHES:[^ ,()]*]] = mcurt.buffer "patch_embed_patches" : memref<2x4xi16>
// CHECK-NEXT: mcurt.call unfold_u8(out %[[PATCHES]], in %image, first = %[[P]], rows = %[[N]], width = 6, channels = 1, patch_height = 2, patch_width = 2)
// CHECK: mcurt.call copy_s16(out %[[ROWS:[^ ,()]*]], in %{{.*}}, rows = %[[N]], width = 8)
// CHECK: mcurt.call linear_add_s16(inout %[[ROWS]], in %[[PATCHES]],
// CHECK: mcurt.stage "block_0_keys_values" block 0 {
// CHECK-NEXT: mcurt.for %[[F:[^ ,()]*]], %[[R:[^ ,()]*]] = 9 step 4 {
// CHECK: mcurt.call layer_norm_s16(out %[[NORMED:[^ ,()]*]], in
// CHECK-NEXT: mcurt.call linear_keys_s8(out %keys_0, in %[[NORMED]],{{.*}}first = %[[F]], rows = %[[R]], depth = 8, units = 8, tokens = 9, head_width = 4)
// CHECK-NEXT: mcurt.call linear_values_s8(out %values_0, in %[[NORMED]],
// CHECK: mcurt.stage "block_0_head" block 0 {
// CHECK-NEXT: mcurt.for %[[F2:[^ ,()]*]], %[[R2:[^ ,()]*]] = 9 step 4 {
// CHECK: %[[XROWS:[^ ,()]*]] = mcurt.view %x[%[[F2]], 0]
// CHECK: mcurt.call layer_norm_s16(out %{{.*}}, in %[[XROWS]],
// CHECK: mcurt.call linear_s16(out %[[Q:[^ ,()]*]], in
// CHECK: %[[CONTEXT:[^ ,()]*]] = mcurt.buffer "block_0_head_context" : memref<4x8xi16>
// CHECK-NEXT: mcurt.for %[[HEAD:[^ ,()]*]], %{{.*}} = 2 step 1 {
// CHECK: %[[SCORES:[^ ,()]*]] = mcurt.buffer "block_0_head_scores" : memref<4x10xi16>
// CHECK: mcurt.view %[[Q]][0, %[[HEAD]] * 4] : memref<4x8xi16>
// CHECK: mcurt.view %keys_0[%[[HEAD]], 0]
// CHECK: mcurt.call attention_scores_s16(out %[[SCORES]],
// CHECK: mcurt.call softmax_s16(inout %[[SCORES]], out %[[SUMS:[^ ,()]*]], rows = %[[R2]], tokens = 9)
// CHECK: mcurt.call attention_context_s16(
// CHECK: }
// CHECK: mcurt.call linear_add_s16(inout %[[XROWS]], in %[[CONTEXT]],
// CHECK: mcurt.call layer_norm_s16
// CHECK: mcurt.call linear_activation_s16(out %[[HIDDEN:[^ ,()]*]], in
// CHECK: mcurt.call linear_add_s16(inout %{{.*}}, in %[[HIDDEN]],
// CHECK: %[[OUT:[^ ,()]*]] = mcurt.view %arg0[%[[F2]], 0]
// CHECK: mcurt.call layer_norm_s16(out %[[OUT]], in
// CHECK-NOT: mcuf.
func.func @block(%image: tensor<6x6x1xui8>) -> !row {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %m = mcuf.constant dense<4> : tensor<8xi32> : tensor<8xi32>
  %w1 = mcuf.constant dense<2> : tensor<16x8xi8> : tensor<16x8xi8>
  %b1 = mcuf.constant dense<3> : tensor<16xi32> : tensor<16xi32>
  %w2 = mcuf.constant dense<2> : tensor<8x16xi8> : tensor<8x16xi8>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %s = mcuf.constant dense<6> : tensor<2xi32> : tensor<2xi32>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %m position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %n = mcuf.q_layer_norm %x0, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %q = mcuf.q_linear %n, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k = mcuf.q_linear %n, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %n, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c = mcuf.q_attention %q, %k, %v, %s {num_heads = 2 : i64} : (!row, !cache, !cache, tensor<2xi32>) -> !row
  %x1 = mcuf.q_linear_add %c, %w, %b, %m residual %x0 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n2 = mcuf.q_layer_norm %x1, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %h = mcuf.q_linear_activation %n2, %w1, %b1, %b1 {index_mult = 7 : i64, delta_mult = 8 : i64} : (!row, tensor<16x8xi8>, tensor<16xi32>, tensor<16xi32>) -> tensor<1x9x16x!quant.uniform<i16:f32, 1.000000e-03>>
  %x2 = mcuf.q_linear_add %h, %w2, %b, %m residual %x1 : (tensor<1x9x16x!quant.uniform<i16:f32, 1.000000e-03>>, tensor<8x16xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n3 = mcuf.q_layer_norm %x2, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  return %n3 : !row
}

// -----

!x = tensor<1x10x8x!quant.uniform<i16:f32, 1.000000e-03>>
!row = tensor<1x10x8x!quant.uniform<i16:f32, 2.500000e-04>>
!one = tensor<1x8x!quant.uniform<i16:f32, 2.500000e-04>>
!slice = tensor<1x1x8x!quant.uniform<i16:f32, 2.500000e-04>>
!hidden = tensor<1x10x8x!quant.uniform<i16:f32, 1.000000e-03>>

// Only the row that the head reads is computed, without a loop; reshape and slice leave no trace.
// CHECK-LABEL: func @one_row
// CHECK: mcurt.call copy_s16(out %x, in %{{.*}}prefix, rows = 1, width = 8)
// CHECK: mcurt.view %x[%{{.*}} + 1, 0]
// CHECK: mcurt.stage "head" {
// CHECK-NOT: mcurt.for
// CHECK-NOT: mcurt.view
// CHECK: mcurt.call layer_norm_s16(out %[[NORMED:[^ ,()]*]], in %x, {{.*}}rows = 1,
// CHECK: mcurt.call linear_add_s16(inout %x, in %[[NORMED]], {{.*}}rows = 1,
// CHECK-NEXT: mcurt.call layer_norm_s16(out %x, in %x, {{.*}}rows = 1,
// CHECK-NEXT: mcurt.call linear_s16(out %arg0, in %x, {{.*}}rows = 1, depth = 8, units = 8)
// CHECK-NEXT: }
// CHECK-NEXT: return
func.func @one_row(%image: tensor<6x6x1xui8>) -> !one {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %cls = mcuf.constant dense<5> : tensor<1x8xi16> : tensor<1x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos prefix %cls {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>, tensor<1x8xi16>) -> !x
  %n = mcuf.q_layer_norm %x0, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %x1 = mcuf.q_linear_add %n, %w, %b, %b residual %x0 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !x) -> !x
  %n2 = mcuf.q_layer_norm %x1, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %s = mcuf.slice %n2 {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 1, 8>, steps = array<i64: 1, 1, 1>} : (!row) -> !slice
  %r = mcuf.reshape %s {shape = array<i64: 1, 8>} : (!slice) -> !one
  %y = mcuf.q_linear %r, %w, %b, %b : (!one, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !one
  return %y : !one
}

// -----

!x = tensor<1x9x8x!quant.uniform<i16:f32, 1.000000e-03>>
!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>
!one = tensor<1x8x!quant.uniform<i16:f32, 2.500000e-04>>

// The mean of rows 2 to 7 is summed up in the loop that computes them.
// CHECK-LABEL: func @mean
// CHECK: mcurt.stage "pool_head" {
// CHECK-NEXT: %[[SUMS:[^ ,()]*]] = mcurt.buffer {{.*}} : memref<8xi32>
// CHECK-NEXT: mcurt.call fill_zero_s32(out %[[SUMS]], width = 8)
// CHECK-NEXT: mcurt.for %[[F:[^ ,()]*]], %[[R:[^ ,()]*]] = 6 step 4 {
// CHECK-NEXT: %[[ROWS:[^ ,()]*]] = mcurt.view %x[%[[F]] + 2, 0]
// CHECK: mcurt.call layer_norm_s16(out %[[ROWS]], in %[[ROWS]],
// CHECK: mcurt.call accumulate_rows_s16(inout %[[SUMS]], in %[[ROWS]], rows = %[[R]], width = 8)
// CHECK-NEXT: }
// CHECK-NEXT: mcurt.call scale_s32_s16(out %arg0, in %[[SUMS]], width = 8, mult = 715827883)
func.func @mean(%image: tensor<6x6x1xui8>) -> !one {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !x
  %n = mcuf.q_layer_norm %x0, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!x, tensor<8xi16>) -> !row
  %y = mcuf.q_mean_rows %n {first_row = 2 : i64, row_count = 6 : i64, mult = 715827883 : i64} : (!row) -> !one
  return %y : !one
}

// -----

!map = tensor<1x12x8x!quant.uniform<i16:f32, 1.000000e-03>>
!row = tensor<1x12x8x!quant.uniform<i16:f32, 2.500000e-04>>
!cache = tensor<1x12x8x!quant.uniform<i8:f32, 1.000000e+00>>

// Two sequences of six rows, each every second row of what the embedding makes: each loop is there twice, reads the rows where they lie, and has caches and
// rows of its own. What is computed for the rows of a block is the same memory in both.
// CHECK-LABEL: func @groups
// CHECK-DAG: mcurt.buffer "keys_0" : memref<4x24xi8>
// CHECK-DAG: mcurt.buffer "values_0" : memref<4x24xi8>
// CHECK: mcurt.stage "block_0_keys_values" block 0 {
// CHECK-NEXT: %[[BLOCK:[^ ,()]*]] = mcurt.buffer {{.*}} : memref<4x8xi16>
// CHECK-NEXT: mcurt.for %[[F:[^ ,()]*]], %[[R:[^ ,()]*]] = 6 step 4 {
// CHECK: mcurt.call permute_rows_s16(out %[[BLOCK]], in %x, first = %[[F]], rows = %[[R]], base = 0, width = 8, size1 = 1, size2 = 2, size3 = 6, stride0 = 0, stride1 = 0, stride2 = 1, stride3 = 2)
// CHECK: mcurt.call linear_keys_s8(out %keys_0, {{.*}}first = %[[F]], rows = %[[R]], depth = 8, units = 8, tokens = 6, head_width = 4)
// CHECK: mcurt.for %[[F:[^ ,()]*]], %[[R:[^ ,()]*]] = 6 step 4 {
// CHECK: mcurt.call permute_rows_s16(out %[[BLOCK]], {{.*}}base = 6,
// CHECK: %[[KEYS:[^ ,()]*]] = mcurt.view %keys_0[2, 0]
// CHECK: mcurt.call linear_keys_s8(out %[[KEYS]], {{.*}}first = %[[F]],
// CHECK: mcurt.stage "block_0_head" block 0 {
// CHECK: mcurt.view %keys_0[%{{[^ ,()]*}}, 0]
// CHECK: mcurt.view %arg0[%{{[^ ,()]*}}, 0]
// CHECK: mcurt.call permute_rows_s16({{.*}}base = 6,
// CHECK: mcurt.view %keys_0[%{{[^ ,()]*}} + 2, 0]
// CHECK: mcurt.call attention_scores_s16({{.*}}tokens = 6,
// CHECK: mcurt.view %arg0[%{{[^ ,()]*}} + 6, 0]
func.func @groups(%image: tensor<6x8x1xui8>) -> !row {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<12x8xi16> : tensor<12x8xi16>
  %s = mcuf.constant dense<6> : tensor<2xi32> : tensor<2xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x8x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<12x8xi16>) -> !map
  %p = mcuf.permute_rows %x {sizes = array<i64: 2, 6>, strides = array<i64: 1, 2>} : (!map) -> !map
  %q = mcuf.q_linear %p, %w, %b, %b : (!map, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k = mcuf.q_linear %p, %w, %b, %b : (!map, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %p, %w, %b, %b : (!map, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c = mcuf.q_attention %q, %k, %v, %s {num_heads = 2 : i64, groups = 2 : i64} : (!row, !cache, !cache, tensor<2xi32>) -> !row
  %y = mcuf.q_linear %c, %w, %b, %b : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  return %y : !row
}
