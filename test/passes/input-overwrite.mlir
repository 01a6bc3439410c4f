// RUN: mcuform-opt --mcuf-schedule="patch-block=2 input-mode=overwrite" --mcuf-plan-memory --mcuf-verify-memory --split-input-file --verify-diagnostics %s | FileCheck %s

// A token has 16 bytes, a patch 2 x 2 pixels, a strip of three patches 12. Before patch 2 is read, the prefix and two tokens are written, 48 bytes, and pixels
// 4 and up are unread: the image lies 44 bytes behind X, rounded to 48. Before patch 4: 80 bytes, pixels 14 and up: 66, rounded to 72. Before the last
// patch: 144 bytes, pixels 28 and up: 116, rounded to 120, which decides.
// CHECK: module attributes {mcurt.arena_bytes = 176 : i64, mcurt.lower_bound_bytes = 176 : i64}
// CHECK-LABEL: func @with_prefix
// CHECK: %x = mcurt.buffer "x" region("sram") offset(0) steps {{.*}} : memref<10x8xi16>
// CHECK: %image = mcurt.buffer "image" input over %x : memref<10x8xi16> at 120 region("sram") offset(120) steps [0, {{.*}}] : memref<6x6x1xui8>
func.func @with_prefix(%image: tensor<6x6x1xui8>) -> tensor<1x10x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %cls = mcuf.constant dense<5> : tensor<1x8xi16> : tensor<1x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos prefix %cls {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>, tensor<1x8xi16>) -> tensor<1x10x8xi16>
  return %x : tensor<1x10x8xi16>
}

// -----

// Tokens as large as the pixels of their patch: after a strip as much is written as is read, so only the patches of one strip decide.
// CHECK-LABEL: func @same_size
// CHECK: input over %x : memref<9x2xi16> at 8 region("sram") offset(8)
func.func @same_size(%image: tensor<6x6x1xui8>) -> tensor<1x9x2xi16> {
  %pw = mcuf.constant dense<1> : tensor<2x4xi8> : tensor<2x4xi8>
  %b = mcuf.constant dense<3> : tensor<2xi32> : tensor<2xi32>
  %pos = mcuf.constant dense<5> : tensor<9x2xi16> : tensor<9x2xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<2x4xi8>, tensor<2xi32>, tensor<2xi32>, tensor<9x2xi16>) -> tensor<1x9x2xi16>
  return %x : tensor<1x9x2xi16>
}

// -----

// With a line above and a pixel left of the image, before patch 1 token 0 is written, 16 bytes, and pixels 1 and up are unread: 15. Before patch 8 it is 128 bytes,
// pixels 15 + 3 and up: 110, rounded to 112.
// CHECK-LABEL: func @padded
// CHECK: input over %x : memref<9x8xi16> at 112
// CHECK: mcurt.call unfold_padded_u8(out %{{.*}}, in %image, first = %{{.*}}, rows = %{{.*}}, height = 4, width = 5, channels = 1, patch_height = 2, patch_width = 2, pad_top = 1, pad_left = 1, out_width = 3, pad_value = 114)
func.func @padded(%image: tensor<4x5x1xui8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64, pads = array<i64: 1, 1, 1, 0>, pad_value = 114 : i64} : (tensor<4x5x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  return %x : tensor<1x9x8xi16>
}

// -----

// The second patch embedding would find tokens where it looks for pixels.
// expected-error@+1 {{the input cannot be overwritten: 2 operators read it}}
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
