// RUN: mcuform-opt --mcuf-verify-memory="sram-budget=300" --split-input-file --verify-diagnostics %s

module attributes {mcurt.arena_bytes = 256 : i64} {
  func.func @good(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("sram") offset(0) : memref<8x8xi16>
    %b = mcurt.buffer "b" region("sram") offset(128) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    mcurt.call copy_s16(out %b, in %a, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

module attributes {mcurt.arena_bytes = 256 : i64} {
  // expected-error@+1 {{has an unsafe memory plan}}
  func.func @overlap(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("sram") offset(0) : memref<8x8xi16>
    %b = mcurt.buffer "b" region("sram") offset(120) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    mcurt.call copy_s16(out %b, in %a, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

module attributes {mcurt.arena_bytes = 255 : i64} {
  // expected-error@+1 {{has an unsafe memory plan}}
  func.func @beyond_the_end(%output: memref<8x8xi16>) {
    %b = mcurt.buffer "b" region("sram") offset(128) : memref<8x8xi16>
    mcurt.call copy_s16(out %b, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

// What one iteration leaves, the next may read: `a` is alive after its last call.
module attributes {mcurt.arena_bytes = 256 : i64} {
  // expected-error@+1 {{has an unsafe memory plan}}
  func.func @overlap_around_a_loop(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("sram") offset(0) : memref<8x8xi16>
    mcurt.for %i, %rows = 8 step 2 {
      mcurt.call copy_s16(out %a, in %output, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
      %b = mcurt.buffer "b" region("sram") offset(0) : memref<8x8xi16>
      mcurt.call copy_s16(out %b, in %output, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
      mcurt.call copy_s16(out %output, in %b, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    }
    return
  }
}

// -----

module attributes {mcurt.arena_bytes = 256 : i64} {
  func.func @not_planned(%output: memref<8x8xi16>) {
    // expected-error@+1 {{has no region and offset}}
    %a = mcurt.buffer "a" : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

// expected-error@+1 {{has no attribute mcurt.arena_bytes}}
module {
}

// -----

module attributes {mcurt.arena_bytes = 320 : i64} {
  // expected-error@+1 {{arena needs 320 bytes, region 'sram' has 300; 320 bytes are alive at the peak: big (192), a (128)}}
  func.func @over_budget(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("sram") offset(0) : memref<8x8xi16>
    %big = mcurt.buffer "big" region("sram") offset(128) : memref<12x8xi16>
    %late = mcurt.buffer "late" region("sram") offset(128) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    mcurt.call copy_s16(out %big, in %a, rows = 8, width = 8) : memref<12x8xi16>, memref<8x8xi16>
    mcurt.call copy_s16(out %late, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

// The input may lie over what overwrites it if it is read before: token 0 ends where patch 1 begins.
module attributes {mcurt.arena_bytes = 48 : i64} {
  func.func @overwritten_input(%output: memref<4x2xi16>) {
    %x = mcurt.buffer "x" region("sram") offset(0) : memref<4x2xi16>
    %image = mcurt.buffer "image" input over %x : memref<4x2xi16> at 2 region("sram") offset(2) : memref<4x4x1xui8>
    %patch = mcurt.buffer "patch" region("sram") offset(40) : memref<1x4xi16>
    mcurt.for %i, %one = 4 step 1 {
      %token = mcurt.view %x[%i, 0] : memref<4x2xi16>
      mcurt.call unfold_u8(out %patch, in %image, first = %i, rows = 1, width = 4, channels = 1, patch_height = 2, patch_width = 2) : memref<1x4xi16>, memref<4x4x1xui8>
      mcurt.call copy_s16(out %token, in %patch, rows = 1, width = 2) : memref<?xi16>, memref<1x4xi16>
    }
    mcurt.call copy_s16(out %output, in %x, rows = 4, width = 2) : memref<4x2xi16>, memref<4x2xi16>
    return
  }
}

// -----

// One byte less: token 2 ends one byte after patch 3 begins, and token 0 as much after patch 1.
module attributes {mcurt.arena_bytes = 48 : i64} {
  // expected-error@+1 {{has an unsafe memory plan: kernel 'unfold_u8' reads byte 2 of input 'image' after buffer 'x' has overwritten it}}
  func.func @overwritten_too_early(%output: memref<4x2xi16>) {
    %x = mcurt.buffer "x" region("sram") offset(0) : memref<4x2xi16>
    %image = mcurt.buffer "image" input over %x : memref<4x2xi16> at 1 region("sram") offset(1) : memref<4x4x1xui8>
    %patch = mcurt.buffer "patch" region("sram") offset(40) : memref<1x4xi16>
    mcurt.for %i, %one = 4 step 1 {
      %token = mcurt.view %x[%i, 0] : memref<4x2xi16>
      mcurt.call unfold_u8(out %patch, in %image, first = %i, rows = 1, width = 4, channels = 1, patch_height = 2, patch_width = 2) : memref<1x4xi16>, memref<4x4x1xui8>
      mcurt.call copy_s16(out %token, in %patch, rows = 1, width = 2) : memref<?xi16>, memref<1x4xi16>
    }
    mcurt.call copy_s16(out %output, in %x, rows = 4, width = 2) : memref<4x2xi16>, memref<4x2xi16>
    return
  }
}

// -----

// A kernel whose writes are not known may write to the end, even if it writes to the first token alone.
module attributes {mcurt.arena_bytes = 48 : i64} {
  // expected-error@+1 {{kernel 'unfold_u8' reads byte 10 of input 'image' after buffer 'x' has overwritten it}}
  func.func @overwritten_by_any_kernel(%output: memref<4x2xi16>, %factor: memref<2xi16>) {
    %x = mcurt.buffer "x" region("sram") offset(0) : memref<4x2xi16>
    %image = mcurt.buffer "image" input over %x : memref<4x2xi16> at 2 region("sram") offset(2) : memref<4x4x1xui8>
    %patch = mcurt.buffer "patch" region("sram") offset(40) : memref<1x4xi16>
    mcurt.call layer_norm_s16(out %x, in %output, in %factor, rows = 1, width = 2, epsilon = 1, out_shift = 0) : memref<4x2xi16>, memref<4x2xi16>, memref<2xi16>
    mcurt.call unfold_u8(out %patch, in %image, first = 3, rows = 1, width = 4, channels = 1, patch_height = 2, patch_width = 2) : memref<1x4xi16>, memref<4x4x1xui8>
    mcurt.call copy_s16(out %output, in %x, rows = 1, width = 2) : memref<4x2xi16>, memref<4x2xi16>
    return
  }
}

// -----

// What of the image stands out behind x is taken.
module attributes {mcurt.arena_bytes = 48 : i64} {
  // expected-error@+1 {{has an unsafe memory plan}}
  func.func @overlaps_rest_of_input(%output: memref<4x2xi16>) {
    %x = mcurt.buffer "x" region("sram") offset(0) : memref<4x2xi16>
    %image = mcurt.buffer "image" input over %x : memref<4x2xi16> at 2 region("sram") offset(2) : memref<4x4x1xui8>
    %patch = mcurt.buffer "patch" region("sram") offset(16) : memref<4x4xi16>
    mcurt.call unfold_u8(out %patch, in %image, first = 0, rows = 4, width = 4, channels = 1, patch_height = 2, patch_width = 2) : memref<4x4xi16>, memref<4x4x1xui8>
    mcurt.call copy_s16(out %x, in %patch, rows = 4, width = 2) : memref<4x2xi16>, memref<4x4xi16>
    mcurt.call copy_s16(out %output, in %x, rows = 4, width = 2) : memref<4x2xi16>, memref<4x2xi16>
    return
  }
}

// -----

// Of a patch over the left and upper edge only the pixel on the image is read, 0; the next one reads pixels 1 and 2.
module attributes {mcurt.arena_bytes = 48 : i64} {
  // expected-error@+1 {{kernel 'unfold_padded_u8' reads byte 1 of input 'image' after buffer 'x' has overwritten it}}
  func.func @padded_patches(%output: memref<4x2xi16>) {
    %x = mcurt.buffer "x" region("sram") offset(0) : memref<4x2xi16>
    %image = mcurt.buffer "image" input over %x : memref<4x2xi16> at 2 region("sram") offset(2) : memref<3x3x1xui8>
    %patch = mcurt.buffer "patch" region("sram") offset(40) : memref<1x4xi16>
    mcurt.call unfold_padded_u8(out %patch, in %image, first = 0, rows = 1, height = 3, width = 3, channels = 1, patch_height = 2, patch_width = 2, pad_top = 1, pad_left = 1, out_width = 2, pad_value = 0) : memref<1x4xi16>, memref<3x3x1xui8>
    mcurt.call copy_s16(out %x, in %patch, rows = 1, width = 2) : memref<4x2xi16>, memref<1x4xi16>
    mcurt.call unfold_padded_u8(out %patch, in %image, first = 1, rows = 1, height = 3, width = 3, channels = 1, patch_height = 2, patch_width = 2, pad_top = 1, pad_left = 1, out_width = 2, pad_value = 0) : memref<1x4xi16>, memref<3x3x1xui8>
    mcurt.call copy_s16(out %output, in %x, rows = 4, width = 2) : memref<4x2xi16>, memref<4x2xi16>
    return
  }
}
