// RUN: mcuform-opt %s --mcuf-quantize | FileCheck %s
// RUN: mcuform-opt %s --mcuf-quantize --mcuf-schedule | FileCheck %s --check-prefix=SCHEDULE

// The tokens are narrowed once, for keys and values; the query, a constant, holds their scales: 4 of the larger channel is its largest integer less head-room.
// CHECK-LABEL: func.func @pool
// CHECK: %[[Y:.*]] = mcuf.q_layer_norm
// CHECK: %[[T:.*]] = mcuf.q_narrow %[[Y]]
// CHECK: %[[Q:.*]] = mcuf.constant dense<{{\[\[\[}}13107, 26214]]]> : tensor<1x1x2xi16>
// CHECK: mcuf.q_attention %[[Q]], %[[T]], %[[T]]
// SCHEDULE: %[[QUERY:.*]] = mcurt.constant "{{.*}}query"
// SCHEDULE: mcurt.call narrow_keys_s8
// SCHEDULE: mcurt.call attention_scores_s16(out %{{.*}}, in %[[QUERY]], {{.*}}rows = 1, tokens = 4, head_width = 2, q_stride = 2)
// SCHEDULE: mcurt.call softmax_s16
// SCHEDULE: mcurt.call attention_context_keys_one_s16
func.func @pool(%rows: tensor<1x4x2xf32>) -> tensor<1x1x2xf32> {
  %w = mcuf.constant dense<1.0> : tensor<2x1x1x2xf32> : tensor<2x1x1x2xf32>
  %b = mcuf.constant dense<0.0> : tensor<2xf32> : tensor<2xf32>
  %x = mcuf.patch_embed %rows, %w, %b {mcuf.max_abs = dense<4.0> : tensor<2xf32>, mcuf.patch_max_abs = dense<16.3835> : tensor<2xf32>,
      mcuf.patch_mean = dense<0.0> : tensor<2xf32>, mcuf.patch_mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>, tensor<2x1x1x2xf32>, tensor<2xf32>) -> tensor<1x4x2xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-6 : f32, mcuf.max_abs = dense<1.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>, mcuf.mean_square = dense<1.0> : tensor<2xf32>}
    : (tensor<1x4x2xf32>) -> tensor<1x4x2xf32>
  %q = mcuf.constant dense<[[[2.0, 4.0]]]> : tensor<1x1x2xf32> : tensor<1x1x2xf32>
  %c = mcuf.attention %q, %y, %y {num_heads = 1 : i64, scale = 1.0 : f32, mcuf.max_abs = dense<1.0> : tensor<2xf32>, mcuf.mean = dense<0.0> : tensor<2xf32>,
      mcuf.mean_square = dense<1.0> : tensor<2xf32>} : (tensor<1x1x2xf32>, tensor<1x4x2xf32>, tensor<1x4x2xf32>) -> tensor<1x1x2xf32>
  %w1 = mcuf.constant dense<0.5> : tensor<2x2xf32> : tensor<2x2xf32>
  %r = mcuf.linear %c, %w1 {mcuf.max_abs = dense<4.0> : tensor<2xf32>} : (tensor<1x1x2xf32>, tensor<2x2xf32>) -> tensor<1x1x2xf32>
  return %r : tensor<1x1x2xf32>
}
