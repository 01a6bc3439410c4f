// RUN: mcuform-opt --split-input-file --verify-diagnostics %s

func.func @unknown_kernel(%a: memref<4x8xi16>) {
  // expected-error@+1 {{no kernel is named 'copy_s17'}}
  mcurt.call copy_s17(out %a, in %a, rows = 4, width = 8) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @integer_out_of_order(%a: memref<4x8xi16>) {
  // expected-error@+1 {{kernel 'copy_s16' has no integer 'width' here}}
  mcurt.call copy_s16(out %a, in %a, width = 8, rows = 4) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @missing_integer(%a: memref<4x8xi16>) {
  // expected-error@+1 {{kernel 'copy_s16' takes 2 integers, got 1}}
  mcurt.call copy_s16(out %a, in %a, rows = 4) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @missing_buffer(%a: memref<4x8xi16>) {
  // expected-error@+1 {{kernel 'copy_s16' takes 2 buffers, got 1}}
  mcurt.call copy_s16(out %a, rows = 4, width = 8) : memref<4x8xi16>
  return
}

// -----

func.func @wrong_element(%a: memref<4x8xi16>, %b: memref<4x8xi32>) {
  // expected-error@+1 {{buffer 'in' of kernel 'copy_s16' is int16_t, got 'memref<4x8xi32>'}}
  mcurt.call copy_s16(out %a, in %b, rows = 4, width = 8) : memref<4x8xi16>, memref<4x8xi32>
  return
}

// -----

func.func @wrong_sign(%a: memref<4x8xi16>, %image: memref<8x8x3xi8>) {
  // expected-error@+1 {{buffer 'image' of kernel 'unfold_u8' is uint8_t}}
  mcurt.call unfold_u8(out %a, in %image, first = 0, rows = 4, width = 8, channels = 3, patch_height = 2, patch_width = 2) : memref<4x8xi16>, memref<8x8x3xi8>
  return
}

// -----

func.func @written_where_read(%a: memref<4x8xi16>) {
  // expected-error@+1 {{buffer 'in' of kernel 'copy_s16' is only read}}
  mcurt.call copy_s16(out %a, out %a, rows = 4, width = 8) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @read_where_written(%a: memref<4x8xi16>) {
  // expected-error@+1 {{buffer 'out' of kernel 'copy_s16' is written}}
  mcurt.call copy_s16(in %a, in %a, rows = 4, width = 8) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @constant_written(%a: memref<4x8xi16>) {
  %c = mcurt.constant "c" plain dense<1> : tensor<4x8xi16>
  // expected-error@+1 {{buffer 'out' is written but is a constant}}
  mcurt.call copy_s16(out %c, in %a, rows = 4, width = 8) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @integer_too_large(%a: memref<4x8xi16>) {
  // expected-error@+1 {{integer 'rows' is int32_t, got 4294967296}}
  mcurt.call copy_s16(out %a, in %a, rows = 4294967296, width = 8) : memref<4x8xi16>, memref<4x8xi16>
  return
}

// -----

func.func @view_beyond_end() {
  %x = mcurt.buffer "x" : memref<16x8xi16>
  mcurt.for %first, %rows = 16 step 3 {
    // expected-error@+1 {{coordinate 0 reaches 16, the source is 'memref<16x8xi16>'}}
    %v = mcurt.view %x[%first + 1, 0] : memref<16x8xi16>
  }
  return
}

// -----

func.func @view_of_wrong_rank() {
  %x = mcurt.buffer "x" : memref<16x8xi16>
  // expected-error@+1 {{needs one coordinate for each of the 2 dimensions}}
  %v = mcurt.view %x[3] : memref<16x8xi16>
  return
}

// -----

func.func @odd_depth_cannot_be_paired() {
  // expected-error@+1 {{depth 7 of paired weights must be even}}
  %w = mcurt.constant "w" paired dense<1> : tensor<8x7xi8>
  return
}

// -----

func.func @name_is_no_identifier() {
  // expected-error@+1 {{name 'a b' is not an identifier}}
  %x = mcurt.buffer "a b" : memref<16x8xi16>
  return
}

// -----

func.func @nested_stage() {
  mcurt.stage "a" {
    // expected-error@+1 {{must not stand in a stage or a loop}}
    mcurt.stage "b" {
    }
  }
  return
}

// -----

func.func @not_an_input() {
  %x = mcurt.buffer "x" : memref<4x8xi16>
  // expected-error@+1 {{only an input can lie over another buffer}}
  %y = "mcurt.buffer"(%x) {name = "y", lead = 0 : i64} : (memref<4x8xi16>) -> memref<4x8xi16>
  return
}

// -----

func.func @over_an_argument(%x: memref<4x8xi16>) {
  // expected-error@+1 {{only an input can lie over another buffer, and not over an input or an argument}}
  %y = mcurt.buffer "y" input over %x : memref<4x8xi16> at 0 : memref<4x8xi16>
  return
}

// -----

func.func @without_lead() {
  %x = mcurt.buffer "x" : memref<4x8xi16>
  // expected-error@+1 {{lies over another buffer at a lead; one without the other means nothing}}
  %y = "mcurt.buffer"(%x) {name = "y", input} : (memref<4x8xi16>) -> memref<4x8xi16>
  return
}
