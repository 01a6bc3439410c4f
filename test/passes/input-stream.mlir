// RUN: mcuform-opt --mcuf-schedule="patch-block=2 input-mode=stream" --cse --mcuf-verify-scheduled --mcuf-plan-memory --mcuf-verify-memory --split-input-file --verify-diagnostics %s | FileCheck %s

// The image has room for a strip of two lines, alive while it is fed; the lines are counted from the first step on, and the class token is written before.
// 160 bytes of tokens, 8 of state, 12 of pixels and 16 of patches are alive together. The seventh line comes and is not used.
// CHECK: module attributes {mcurt.arena_bytes = 196 : i64, mcurt.lower_bound_bytes = 196 : i64}
// CHECK-LABEL: func @with_prefix
// CHECK: %image = mcurt.buffer "image" input region("sram") offset({{.*}}) steps [1, 3] : memref<2x6x1xui8>
// CHECK: %x = mcurt.buffer "x" region("sram") offset({{.*}}) steps [0, 4] : memref<10x8xi16>
// CHECK: %fed = mcurt.buffer "fed" region("sram") offset({{.*}}) steps [0, 3] : memref<2xi32>
// CHECK: mcurt.stage "patch_embed_head_prefix" {
// CHECK-NEXT: mcurt.call copy_s16(out %x, in %{{.*}}, rows = 1, width = 8)
// CHECK: mcurt.stage "patch_embed_head" {
// CHECK-NEXT: mcurt.for %[[STRIP:[^ ,]*]], %{{.*}} = 9 step 3 fed 7 lines to %image counted by %fed : memref<2x6x1xui8>, memref<2xi32> {
// CHECK: %[[TOKENS:.*]] = mcurt.view %x[%[[STRIP]] + 1, 0] : memref<10x8xi16>
// CHECK: mcurt.for %[[PATCH:[^ ,]*]], %[[COUNT:[^ ,]*]] = 3 step 2 {
// CHECK: %[[ROWS:.*]] = mcurt.view %[[TOKENS]][%[[PATCH]] * 8] : memref<?xi16>
// CHECK: mcurt.call unfold_u8(out %{{.*}}, in %image, first = %[[PATCH]], rows = %[[COUNT]], width = 6,
// CHECK: mcurt.call copy_s16(out %[[ROWS]],
// CHECK: mcurt.stage "copy_result" {
func.func @with_prefix(%image: tensor<7x6x1xui8>) -> tensor<1x10x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %cls = mcuf.constant dense<5> : tensor<1x8xi16> : tensor<1x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos prefix %cls {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<7x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>, tensor<1x8xi16>) -> tensor<1x10x8xi16>
  return %x : tensor<1x10x8xi16>
}

// -----

// Without a class token nothing happens before the first strip, but the count is alive.
// CHECK-LABEL: func @without_prefix
// CHECK: %fed = mcurt.buffer "fed" region("sram") offset({{.*}}) steps [0, 2] : memref<2xi32>
// CHECK-NOT: patch_embed_head_prefix
func.func @without_prefix(%image: tensor<6x6x1xui8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  return %x : tensor<1x9x8xi16>
}

// -----

// A line above the image and, in the last strip, one below; columns beside it are the kernel's.
// CHECK-LABEL: func @padded
// CHECK: mcurt.for %{{.*}}, %{{.*}} = 9 step 3 fed 4 lines below 1 of 114 to %image counted by %fed : memref<2x5x1xui8>, memref<2xi32> {
// CHECK: mcurt.call unfold_padded_u8(out %{{.*}}, in %image, first = %{{.*}}, rows = %{{.*}}, height = 2, width = 5, channels = 1, patch_height = 2, patch_width = 2, pad_top = 0, pad_left = 1, out_width = 3, pad_value = 114)
func.func @padded(%image: tensor<4x5x1xui8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64, pads = array<i64: 1, 1, 1, 0>, pad_value = 114 : i64} : (tensor<4x5x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  return %x : tensor<1x9x8xi16>
}

// -----

// expected-error@+1 {{the input cannot be streamed: 2 operators read it, where one patch embedding is wanted}}
func.func @read_twice(%image: tensor<6x6x1xui8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  // expected-note@+1 {{one of them}}
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  // expected-note@+1 {{one of them}}
  %y = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  %z = mcuf.q_linear_add %x, %w, %b, %b residual %y : (tensor<1x9x8xi16>, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>, tensor<1x9x8xi16>) -> tensor<1x9x8xi16>
  return %z : tensor<1x9x8xi16>
}

// -----

!in = tensor<1x9x6x!quant.uniform<i16:f32, 1.000000e-02>>

// expected-error@+1 {{the input cannot be streamed: it is a sequence of rows, not an image}}
func.func @sequence(%rows: !in) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x6xi8> : tensor<8x6xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %rows, %pw, %b, %b position %pos {patch_height = 1 : i64, patch_width = 1 : i64} : (!in, tensor<8x6xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  return %x : tensor<1x9x8xi16>
}
