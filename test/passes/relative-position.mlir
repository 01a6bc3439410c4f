// 2-D relative position behind fusion: quantized, hoisted, padded, scheduled.
// RUN: mcuform-opt --mcuf-schedule="token-block=4 patch-block=2" --cse --split-input-file %s | FileCheck %s
// RUN: mcuform-opt --mcuf-split-heads --split-input-file %s | FileCheck --check-prefix=HEADS %s

!row = tensor<1x9x8x!quant.uniform<i16:f32, 2.500000e-04>>
!cache = tensor<1x9x8x!quant.uniform<i8:f32, 1.000000e+00>>

// A grid of 3 x 3 with 3 distances of rows and 5 of columns: tables of 9 rows, 10 with the one that makes them even. The first scored row of a block is
// that of the loop, behind the row that the loop begins with. Only rows 2 to 8 are needed, so the loop's row 0 is token 2.
// CHECK-LABEL: func @two_heads
// CHECK: %[[KT:[^ ]*]] = mcurt.constant "attention_4_k_table" paired {{.*}}tensor<9x4xi8>
// CHECK: %[[KM:[^ ]*]] = mcurt.constant "attention_4_k_table_mult"
// CHECK: %[[VT:[^ ]*]] = mcurt.constant "attention_4_v_table" paired {{.*}}tensor<4x10xi8>
// CHECK: %[[VM:[^ ]*]] = mcurt.constant "attention_4_v_table_mult"
// CHECK: mcurt.for %[[FIRST:[^ ,]*]], %[[COUNT:[^ ]*]] = 7 step 4
// CHECK: mcurt.for %[[HEAD:[^ ,]*]], %{{[^ ]*}} = 2 step 1
// CHECK: mcurt.call attention_scores_s16(out %[[SCORES:[^ ,]*]], in %[[Q:[^ ,]*]], {{.*}}tokens = 9, head_width = 4
// CHECK: %[[TERMS:[^ ]*]] = mcurt.buffer "{{.*}}terms" : memref<4x10xi16>
// CHECK: %[[MULT:[^ ]*]] = mcurt.view %[[KM]][%[[HEAD]]]
// CHECK: mcurt.call attention_scores_s16(out %[[TERMS]], in %[[Q]], in %[[KT]], in %[[MULT]], {{.*}}tokens = 9, head_width = 4, q_stride = 8)
// CHECK: mcurt.call relative_scores_s16(inout %[[SCORES]], in %[[TERMS]], first = %[[FIRST]], rows = %[[COUNT]], first_query = 2, prefix = 0, grid_height = 3, grid_width = 3, row_clip = 1, column_clip = 2)
// CHECK: mcurt.call softmax_s16(
// CHECK: mcurt.call attention_context_s16(out %[[CONTEXT:[^ ,]*]],
// CHECK: %[[SHARES:[^ ]*]] = mcurt.buffer "{{.*}}shares" : memref<4x10xi16>
// CHECK: mcurt.call relative_shares_s16(out %[[SHARES]], in %[[SCORES]], in %{{[^ ,]*}}, first = %[[FIRST]], rows = %[[COUNT]], first_query = 2,
// CHECK: %[[COLUMNS:[^ ]*]] = mcurt.view %[[VM]][%[[HEAD]] * 4]
// CHECK: mcurt.call relative_context_s16(inout %[[CONTEXT]], in %[[SHARES]], in %[[VT]], in %[[COLUMNS]], {{.*}}depth = 10, head_width = 4, context_stride = 8)

// Heads share the tables; multipliers are each head's own.
// HEADS-LABEL: func @two_heads
// HEADS-DAG: %[[KT:.*]] = mcuf.constant dense<7> : tensor<9x4xi8>
// HEADS-DAG: %[[VT:.*]] = mcuf.constant dense<8> : tensor<4x10xi8>
// HEADS: %[[KM:.*]] = mcuf.constant dense<16> : tensor<1xi32>
// HEADS: %[[VM:.*]] = mcuf.constant dense<[21, 22, 23, 24]> : tensor<4xi32>
// HEADS: mcuf.q_attention {{.*}} k_table %[[KT]], %[[KM]] v_table %[[VT]], %[[VM]] {grid = array<i64: 0, 3, 3, 1, 2>, mcuf.head = 0 : i64, num_heads = 1 : i64}
// HEADS: %[[KM1:.*]] = mcuf.constant dense<17> : tensor<1xi32>
// HEADS: %[[VM1:.*]] = mcuf.constant dense<[25, 26, 27, 28]> : tensor<4xi32>
// HEADS: mcuf.q_attention {{.*}} k_table %[[KT]], %[[KM1]] v_table %[[VT]], %[[VM1]] {grid = array<i64: 0, 3, 3, 1, 2>, mcuf.head = 1 : i64, num_heads = 1 : i64}
func.func @two_heads(%image: tensor<6x6x1xui8>) -> tensor<1x7x8x!quant.uniform<i16:f32, 2.500000e-04>> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %m = mcuf.constant dense<4> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %s = mcuf.constant dense<[6, 7]> : tensor<2xi32> : tensor<2xi32>
  %kt = mcuf.constant dense<7> : tensor<9x4xi8> : tensor<9x4xi8>
  %km = mcuf.constant dense<[16, 17]> : tensor<2xi32> : tensor<2xi32>
  %vt = mcuf.constant dense<8> : tensor<4x10xi8> : tensor<4x10xi8>
  %vm = mcuf.constant dense<[21, 22, 23, 24, 25, 26, 27, 28]> : tensor<8xi32> : tensor<8xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %m position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> !row
  %q = mcuf.q_linear %x, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k = mcuf.q_linear %x, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %x, %w, %b, %m : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %c = mcuf.q_attention %q, %k, %v, %s k_table %kt, %km v_table %vt, %vm {num_heads = 2 : i64, grid = array<i64: 0, 3, 3, 1, 2>} : (!row, !cache, !cache, tensor<2xi32>, tensor<9x4xi8>, tensor<2xi32>, tensor<4x10xi8>, tensor<8xi32>) -> !row
  %r = mcuf.slice %c {starts = array<i64: 0, 2, 0>, sizes = array<i64: 1, 7, 8>, steps = array<i64: 1, 1, 1>} : (!row) -> tensor<1x7x8x!quant.uniform<i16:f32, 2.500000e-04>>
  return %r : tensor<1x7x8x!quant.uniform<i16:f32, 2.500000e-04>>
}
