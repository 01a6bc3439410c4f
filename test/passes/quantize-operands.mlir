// What linear layers read gets 8 bits, but for the operands that cost too much.
// RUN: mcuform-opt %s --mcuf-quantize="operand-bits=8 min-operand-sqnr=20" --split-input-file --verify-diagnostics | FileCheck %s
// RUN: mcuform-opt %s --mcuf-quantize="operand-bits=8 min-operand-sqnr=20" --mcuf-schedule="token-block=2" --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=LOOPS

// -20 dB are 0.01: normalized rows and hidden units of 0.004 each fit, the last normalization of 0.05 does not. 1.0 and a tenth in 127 steps of 8 bits, of which
// 2^-14 (LayerNorm, up to 1.05) makes 142; hidden units have 1.25 / 16383 to a step, 114 of them.
// CHECK: module attributes {mcuf.quantization = {{{.*}}operands_kept_at_16_bits = ["layer_norm (13.0 dB)"], operands_of_8_bits = 2 : i64, operands_predicted_sqnr_db = 20.96
// CHECK-LABEL: func.func @choice
// CHECK: %[[N:.*]] = mcuf.q_layer_norm
// CHECK-DAG: %[[M:.*]] = mcuf.constant dense<118149> : tensor<4xi32>
// CHECK-DAG: %[[F:.*]] = mcuf.constant dense<142> : tensor<4xi16>
// CHECK: %[[C:.*]] = mcuf.q_coarsen %[[N]], %[[M]], %[[F]]
// CHECK: %[[G:.*]] = mcuf.q_linear_activation %[[C]]
// CHECK: %[[H:.*]] = mcuf.q_coarsen %[[G]]
// CHECK: mcuf.q_linear_add %[[H]]
// CHECK: %[[L:.*]] = mcuf.q_layer_norm
// CHECK-NOT: mcuf.q_coarsen
// CHECK: mcuf.q_linear %[[L]]

// Rows are coarsened where they stand.
// LOOPS-LABEL: func.func @choice
// LOOPS: mcurt.call layer_norm_s16(out %[[ROWS:[^,]*]],
// LOOPS-NEXT: mcurt.call coarsen_s16(out %[[ROWS]], in %[[ROWS]], {{.*}}width = 4)
// LOOPS: mcurt.call linear_activation_s16(out %[[HIDDEN:[^,]*]], in %[[ROWS]]
// LOOPS-NEXT: mcurt.call coarsen_s16(out %[[HIDDEN]], in %[[HIDDEN]], {{.*}}width = 8)
// LOOPS: mcurt.call linear_add_s16(inout %{{[^,]*}}, in %[[HIDDEN]]
func.func @choice(%image: tensor<1x1x4x4xf32> {mcuf.mean = array<f32: 0.5>, mcuf.std = array<f32: 0.5>}) -> tensor<1x4x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<4x2x2x1xf32> : tensor<4x2x2x1xf32>
  %b = mcuf.constant dense<0.0> : tensor<4xf32> : tensor<4xf32>
  %x = mcuf.patch_embed %image, %w, %b {mcuf.max_abs = dense<4.0> : tensor<4xf32>, mcuf.patch_mean = dense<127.5> : tensor<4xf32>, mcuf.patch_mean_square = dense<16256.25> : tensor<4xf32>}
    : (tensor<1x1x4x4xf32>, tensor<4x2x2x1xf32>, tensor<4xf32>) -> tensor<1x4x4xf32>
  %n = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.operand_noise = dense<0.004> : tensor<1xf32>, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %u = mcuf.constant dense<0.5> : tensor<8x4xf32> : tensor<8x4xf32>
  %a = mcuf.linear %n, %u {mcuf.max_abs = dense<1.0> : tensor<8xf32>} : (tensor<1x4x4xf32>, tensor<8x4xf32>) -> tensor<1x4x8xf32>
  %g = mcuf.gelu %a {mcuf.operand_noise = dense<0.004> : tensor<1xf32>, mcuf.max_abs = dense<1.0> : tensor<8xf32>, mcuf.mean = dense<0.1> : tensor<8xf32>, mcuf.mean_square = dense<0.5> : tensor<8xf32>} : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  %v = mcuf.constant dense<0.25> : tensor<4x8xf32> : tensor<4x8xf32>
  %z = mcuf.linear %g, %v {mcuf.max_abs = dense<1.0> : tensor<4xf32>} : (tensor<1x4x8xf32>, tensor<4x8xf32>) -> tensor<1x4x4xf32>
  %r = mcuf.binary add %x, %z {mcuf.max_abs = dense<4.0> : tensor<4xf32>} : (tensor<1x4x4xf32>, tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %m = mcuf.layer_norm %r {epsilon = 1.0e-6 : f32, mcuf.operand_noise = dense<0.05> : tensor<1xf32>, mcuf.max_abs = dense<1.0> : tensor<4xf32>, mcuf.mean = dense<0.0> : tensor<4xf32>, mcuf.mean_square = dense<1.0> : tensor<4xf32>}
    : (tensor<1x4x4xf32>) -> tensor<1x4x4xf32>
  %h = mcuf.constant dense<[[0.5, 0.25, 1.0, 0.7], [0.5, 0.25, -1.0, 0.7]]> : tensor<2x4xf32> : tensor<2x4xf32>
  %logits = mcuf.linear %m, %h {mcuf.max_abs = dense<2.0> : tensor<2xf32>} : (tensor<1x4x4xf32>, tensor<2x4xf32>) -> tensor<1x4x2xf32>
  return %logits : tensor<1x4x2xf32>
}
