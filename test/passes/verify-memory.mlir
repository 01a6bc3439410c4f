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
