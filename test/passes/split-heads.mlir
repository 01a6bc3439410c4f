// RUN: mcuform-opt --mcuf-split-heads --split-input-file %s | FileCheck %s
// RUN: mcuform-opt --mcuf-split-heads=attentions=1 --split-input-file %s | FileCheck --check-prefix=SECOND %s
// RUN: mcuform-opt --mcuf-split-heads --mcuf-schedule="token-block=4 patch-block=2" --cse --split-input-file %s | FileCheck --check-prefix=LOOPS %s

!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>
!cache = tensor<1x9x8x!quant.uniform<i8:f32, 1.000000e+00>>

// Two heads: rows 0-3 of the weights are the first head's. Its context is stored in 8 bits, by the factors of its columns.
// CHECK-LABEL: func @two_heads
// CHECK: %[[NORMED:.*]] = mcuf.q_layer_norm
// CHECK: %[[K0:.*]] = mcuf.q_linear %[[NORMED]], {{.*}} -> tensor<1x9x4x!quant.uniform<i8:
// CHECK: %[[V0:.*]] = mcuf.q_linear %[[NORMED]], {{.*}} -> tensor<1x9x4x!quant.uniform<i8:
// CHECK: %[[Q0:.*]] = mcuf.q_linear %[[NORMED]], {{.*}} -> tensor<1x9x4x!quant.uniform<i16:
// CHECK: %[[MULT0:.*]] = mcuf.constant dense<6> : tensor<1xi32>
// CHECK: %[[C0:.*]] = mcuf.q_attention %[[Q0]], %[[K0]], %[[V0]], %[[MULT0]] {mcuf.head = 0 : i64, num_heads = 1 : i64}
// CHECK: %[[FACTOR:.*]] = mcuf.constant dense<[128, 3, 256, 64]> : tensor<4xi16>
// CHECK: %[[NARROWING:.*]] = mcuf.constant dense<[33554432, 1431655765, 16777216, 67108864]> : tensor<4xi32>
// CHECK: %[[N0:.*]] = mcuf.q_narrow %[[C0]], %[[NARROWING]] : {{.*}} -> tensor<1x9x4x!quant.uniform<i8:
// CHECK: %[[MULT1:.*]] = mcuf.constant dense<7> : tensor<1xi32>
// CHECK: %[[C1:.*]] = mcuf.q_attention %{{.*}}, %{{.*}}, %{{.*}}, %[[MULT1]] {mcuf.head = 1 : i64, num_heads = 1 : i64}
// CHECK: %[[W0:.*]] = mcuf.q_widen %[[N0]], %[[FACTOR]]
// CHECK: %[[C:.*]] = mcuf.concat %[[W0]], %[[C1]] {axis = 2 : i64}
// CHECK: mcuf.q_linear_add %[[C]],
// CHECK-NOT: num_heads = 2

// Only the second attention of a function, which has one here.
// SECOND-LABEL: func @two_heads
// SECOND: num_heads = 2

// The caches have one head; the second head's take the place of the first's, whose contexts wait for the last loop. It writes the second
// head's context beside them.
// LOOPS-LABEL: func @two_heads
// LOOPS-DAG: mcurt.buffer "keys_0_head_0" : memref<1x40xi8>
// LOOPS-DAG: mcurt.buffer "values_0_head_1" : memref<1x40xi8>
// LOOPS-DAG: %[[STORED:contexts[^ ]*]] = mcurt.buffer "contexts_0_head_0" : memref<9x4xi8>
// LOOPS: mcurt.stage "block_0_head_0_keys_values"
// LOOPS: mcurt.stage "block_0_head_0" block 0 {
// LOOPS: mcurt.call narrow_s8(
// LOOPS: mcurt.stage "block_0_head_1_keys_values"
// LOOPS: mcurt.stage "block_0_head_1_head" block 0 {
// LOOPS: %[[CONTEXT:[^ ]*]] = mcurt.buffer "block_0_head_1_head_context" : memref<4x8xi16>
// LOOPS: %[[COLUMNS:[^ ]*]] = mcurt.view %[[CONTEXT]][0, 4] : memref<4x8xi16>
// LOOPS: mcurt.call attention_context_s16(out %[[COLUMNS]], {{.*}}context_stride = 8)
// LOOPS: %[[ROWS:[^ ]*]] = mcurt.view %[[STORED]][
// LOOPS: mcurt.call widen_s16(out %[[CONTEXT]], in %[[ROWS]], {{.*}}width = 4, out_stride = 8)
// LOOPS-NOT: copy_columns
func.func @two_heads(%image: tensor<6x6x1xui8>) -> !row {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %m = mcuf.constant dense<4> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %s = mcuf.constant dense<[6, 7]> : tensor<2xi32> : tensor<2xi32>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %m position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !row
  %n = mcuf.q_layer_norm %x0, %f {epsilon = 1 : i64, out_shift = 12 : i64} : (!row, tensor<8xi16>) -> !row
  %q = mcuf.q_linear %n, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k = mcuf.q_linear %n, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %n, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c = mcuf.q_attention %q, %k, %v, %s {num_heads = 2 : i64, context_factor = array<i32: 128, 3, 256, 64, 9, 9, 9, 9>} : (!row, !cache, !cache, tensor<2xi32>) -> !row
  %x1 = mcuf.q_linear_add %c, %w, %b, %m residual %x0 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !row) -> !row
  return %x1 : !row
}

// -----

!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>
!cache = tensor<1x9x8x!quant.uniform<i8:f32, 1.000000e+00>>

// The keys serve two attentions: neither is split. One head is left alone as well.
// CHECK-LABEL: func @left_alone
// CHECK-COUNT-2: num_heads = 2 : i64
// CHECK: num_heads = 1 : i64
// CHECK-NOT: mcuf.head
// SECOND-LABEL: func @left_alone
// LOOPS-LABEL: func @left_alone
// LOOPS: attention_context_s16({{.*}}head_width = 8
func.func @left_alone(%image: tensor<6x6x1xui8>) -> !row {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %m = mcuf.constant dense<4> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %f = mcuf.constant dense<1> : tensor<8xi16> : tensor<8xi16>
  %s = mcuf.constant dense<[6, 7]> : tensor<2xi32> : tensor<2xi32>
  %s1 = mcuf.constant dense<6> : tensor<1xi32> : tensor<1xi32>
  %x0 = mcuf.q_patch_embed %image, %pw, %b, %m position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !row
  %q = mcuf.q_linear %x0, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %q2 = mcuf.q_linear %x0, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k = mcuf.q_linear %x0, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %x0, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v2 = mcuf.q_linear %x0, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c = mcuf.q_attention %q, %k, %v, %s {num_heads = 2 : i64} : (!row, !cache, !cache, tensor<2xi32>) -> !row
  %c2 = mcuf.q_attention %q2, %k, %v2, %s {num_heads = 2 : i64} : (!row, !cache, !cache, tensor<2xi32>) -> !row
  %x1 = mcuf.q_linear_add %c, %w, %b, %m residual %c2 : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, !row) -> !row
  %q3 = mcuf.q_linear %x1, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k3 = mcuf.q_linear %x1, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v3 = mcuf.q_linear %x1, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c3 = mcuf.q_attention %q3, %k3, %v3, %s1 {num_heads = 1 : i64} : (!row, !cache, !cache, tensor<1xi32>) -> !row
  return %c3 : !row
}
