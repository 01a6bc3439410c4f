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

// -----

func.func @view_of_a_view_reaches_beyond(%x: memref<4x8xi16>) {
  mcurt.stage "rows" {
    mcurt.for %i, %one = 4 step 1 {
      %row = mcurt.view %x[%i, 0] : memref<4x8xi16>
      mcurt.for %j, %two = 9 step 1 {
        // expected-error@+1 {{reaches element 32, the source is 'memref<4x8xi16>'}}
        %element = mcurt.view %row[%j] : memref<?xi16>
      }
    }
  }
  return
}

// -----

func.func @view_of_unknown_size(%x: memref<?xi16>) {
  // expected-error@+1 {{source must have a static shape or be a view}}
  %element = mcurt.view %x[0] : memref<?xi16>
  return
}

// -----

func.func @fed_more_lines_than_come() {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    // expected-error@+1 {{takes 6 lines of 5 in 3 turns of 4 out of 12 indices}}
    mcurt.for %first, %rows = 12 step 4 fed 5 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    }
  }
  return
}

// -----

func.func @fed_in_part_turns() {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    // expected-error@+1 {{takes 6 lines of 8 in 3 turns of 4 out of 11 indices}}
    mcurt.for %first, %rows = 11 step 4 fed 8 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    }
  }
  return
}

// -----

func.func @fed_with_company(%x: memref<4x8xi16>) {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    mcurt.call copy_s16(out %x, in %x, rows = 4, width = 8) : memref<4x8xi16>, memref<4x8xi16>
    // expected-error@+1 {{is fed and does not stand alone in a stage}}
    mcurt.for %first, %rows = 12 step 4 fed 6 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    }
  }
  return
}

// -----

func.func @fed_with_what_is_no_input() {
  %strip = mcurt.buffer "strip" : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    // expected-error@+1 {{is fed with an input buffer of lines, pixels and channels}}
    mcurt.for %first, %rows = 12 step 4 fed 6 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    }
  }
  return
}

// -----

func.func @counted_nowhere() {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<1xi32>
  mcurt.stage "patches" {
    // expected-error@+1 {{counts lines in a buffer memref<2xi32>}}
    mcurt.for %first, %rows = 12 step 4 fed 6 lines to %strip counted by %state : memref<2x8x1xui8>, memref<1xi32> {
    }
  }
  return
}

// -----

func.func @strip_read_elsewhere(%x: memref<4x8xi16>) {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    // expected-error@+1 {{is fed with buffer 'strip', which is used outside}}
    mcurt.for %first, %rows = 12 step 4 fed 6 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    }
  }
  mcurt.call unfold_u8(out %x, in %strip, first = 0, rows = 4, width = 8, channels = 1, patch_height = 2, patch_width = 2) : memref<4x8xi16>, memref<2x8x1xui8>
  return
}

// -----

func.func @state_used_elsewhere() {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    // expected-error@+1 {{counts lines in buffer 'state', which is used elsewhere}}
    mcurt.for %first, %rows = 12 step 4 fed 6 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    }
  }
  mcurt.call fill_zero_s32(out %state, width = 2) : memref<2xi32>
  return
}

// -----

func.func @lines_without_a_strip() {
  mcurt.stage "patches" {
    // expected-error@+1 {{is fed with lines, a strip and a state, or with none of them}}
    "mcurt.for"() ({
    ^bb0(%first: index, %rows: index):
    }) {extent = 12 : i64, step = 4 : i64, lines = 6 : i64} : () -> ()
  }
  return
}
