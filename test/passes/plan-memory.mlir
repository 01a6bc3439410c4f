// RUN: mcuform-opt --mcuf-plan-memory --mcuf-verify-memory --split-input-file %s | FileCheck %s

// The image's 64 bytes and the 32 of "first" are gone when "inner" needs its 128 beside the 128 of "x".
// CHECK: module attributes {mcurt.arena_bytes = 256 : i64, mcurt.lower_bound_bytes = 256 : i64}
// CHECK-LABEL: func @lifetimes
func.func @lifetimes(%output: memref<8x8xi16>) {
  // Filled by the caller: alive from step 0 on.
  // CHECK: %image = mcurt.buffer "image" input region("sram") offset({{.*}}) steps [0, 1] : memref<8x8x1xui8>
  %image = mcurt.buffer "image" input : memref<8x8x1xui8>
  // Written in a loop and read in another: alive through both.
  // CHECK: %x = mcurt.buffer "x" region("sram") offset({{.*}}) steps [1, 3] : memref<8x8xi16>
  %x = mcurt.buffer "x" : memref<8x8xi16>
  // CHECK: %first = mcurt.buffer "first" region("sram") offset({{.*}}) steps [0, 0] : memref<4x4xi16>
  %first = mcurt.buffer "first" : memref<4x4xi16>
  mcurt.stage "all" {
    mcurt.call unfold_u8(out %first, in %image, first = 0, rows = 4, width = 8, channels = 1, patch_height = 2, patch_width = 2) : memref<4x4xi16>, memref<8x8x1xui8>
    mcurt.for %i, %rows = 8 step 2 {
      %v = mcurt.view %x[%i, 0] : memref<8x8xi16>
      mcurt.call unfold_u8(out %v, in %image, first = 0, rows = %rows, width = 8, channels = 1, patch_height = 2, patch_width = 4) : memref<?xi16>, memref<8x8x1xui8>
    }
    mcurt.for %i, %rows = 8 step 8 {
      // Defined inside: alive in the body, from its first call to its last.
      // CHECK: %inner = mcurt.buffer "inner" region("sram") offset({{.*}}) steps [2, 3] : memref<8x8xi16>
      %inner = mcurt.buffer "inner" : memref<8x8xi16>
      mcurt.call copy_s16(out %inner, in %x, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
      mcurt.call copy_s16(out %output, in %inner, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    }
  }
  return
}

// -----

// A buffer of a stage that only one call of a loop touches is alive for the loop: the next iteration may read it.
// CHECK-LABEL: func @whole_loop
func.func @whole_loop(%output: memref<8x8xi16>) {
  mcurt.stage "all" {
    // CHECK: %a = mcurt.buffer "a" region("sram") offset(0) steps [0, 2] : memref<8x8xi16>
    %a = mcurt.buffer "a" : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    mcurt.for %i, %rows = 8 step 2 {
      // CHECK: %b = mcurt.buffer "b" region("sram") offset(128) steps [1, 2] : memref<8x8xi16>
      %b = mcurt.buffer "b" : memref<8x8xi16>
      mcurt.call copy_s16(out %b, in %a, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
      mcurt.call copy_s16(out %output, in %b, rows = %rows, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    }
  }
  return
}
