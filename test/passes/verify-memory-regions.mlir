// RUN: mcuform-opt --mcuf-verify-memory --split-input-file --verify-diagnostics %s

module attributes {mcurt.arena_bytes = 256 : i64, mcurt.regions = [{name = "dtcm", bytes = 128 : i64, capacity_bytes = 128 : i64}, {name = "sram1", bytes = 128 : i64, capacity_bytes = 512 : i64}]} {
  func.func @good(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("dtcm") offset(0) : memref<8x8xi16>
    %b = mcurt.buffer "b" region("sram1") offset(0) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    mcurt.call copy_s16(out %b, in %a, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

// Two regions that adjoin are two regions all the same: no buffer may lie across the seam.
module attributes {mcurt.arena_bytes = 256 : i64, mcurt.regions = [{name = "dtcm", bytes = 128 : i64, capacity_bytes = 128 : i64}, {name = "sram1", bytes = 128 : i64, capacity_bytes = 512 : i64}]} {
  // expected-error@+1 {{has an unsafe memory plan: in region 'dtcm': buffer 'a' at offset 64 with 128 bytes exceeds the total of 128}}
  func.func @across(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("dtcm") offset(64) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

module attributes {mcurt.arena_bytes = 256 : i64, mcurt.regions = [{name = "dtcm", bytes = 256 : i64, capacity_bytes = 200 : i64}]} {
  // expected-error@+1 {{has an unsafe memory plan: region 'dtcm' has 200 bytes, the plan takes 256}}
  func.func @too_large(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("dtcm") offset(0) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

module attributes {mcurt.arena_bytes = 384 : i64, mcurt.regions = [{name = "dtcm", bytes = 128 : i64, capacity_bytes = 128 : i64}, {name = "sram1", bytes = 256 : i64, capacity_bytes = 512 : i64}]} {
  // expected-error@+1 {{has an unsafe memory plan: in region 'sram1': buffers 'a' at [0, 128) and 'b' at [64, 192) overlap while both are alive}}
  func.func @overlap(%output: memref<8x8xi16>) {
    %a = mcurt.buffer "a" region("sram1") offset(0) : memref<8x8xi16>
    %b = mcurt.buffer "b" region("sram1") offset(64) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    mcurt.call copy_s16(out %b, in %a, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

module attributes {mcurt.arena_bytes = 128 : i64, mcurt.regions = [{name = "dtcm", bytes = 128 : i64, capacity_bytes = 128 : i64}]} {
  func.func @elsewhere(%output: memref<8x8xi16>) {
    // expected-error@+1 {{is in region 'sram1', which the module does not have}}
    %a = mcurt.buffer "a" region("sram1") offset(0) : memref<8x8xi16>
    mcurt.call copy_s16(out %a, in %output, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
    return
  }
}

// -----

// expected-error@+1 {{takes 128 bytes of its regions, but says 100}}
module attributes {mcurt.arena_bytes = 100 : i64, mcurt.regions = [{name = "dtcm", bytes = 128 : i64, capacity_bytes = 128 : i64}]} {
}
