// RUN: mcuform-opt --mcuf-verify-scheduled --split-input-file --verify-diagnostics %s

func.func @good(%output: memref<8x8xi16>) {
  %image = mcurt.buffer "image" input : memref<8x8x1xui8>
  %a = mcurt.buffer "a" : memref<4x4xi16>
  mcurt.call unfold_u8(out %a, in %image, first = 0, rows = 4, width = 8, channels = 1, patch_height = 2, patch_width = 2) : memref<4x4xi16>, memref<8x8x1xui8>
  mcurt.call copy_s16(out %output, in %a, rows = 4, width = 4) : memref<8x8xi16>, memref<4x4xi16>
  return
}

// -----

func.func @left_over(%x: tensor<1x4x8xf32>) {
  // expected-error@+1 {{'mcuf.gelu' op is left after scheduling}}
  %y = mcuf.gelu %x : (tensor<1x4x8xf32>) -> tensor<1x4x8xf32>
  return
}

// -----

func.func @read_before_written(%output: memref<8x8xi16>) {
  %a = mcurt.buffer "a" : memref<8x8xi16>
  // expected-error@+1 {{reads buffer 1 before anything is written to it}}
  mcurt.call copy_s16(out %output, in %a, rows = 8, width = 8) : memref<8x8xi16>, memref<8x8xi16>
  return
}

// -----

func.func @updated_before_written(%output: memref<8xi32>) {
  %a = mcurt.buffer "a" : memref<8x8xi16>
  %sums = mcurt.buffer "sums" : memref<8xi32>
  // expected-error@+1 {{reads buffer 0 before anything is written to it}}
  mcurt.call softmax_s16(inout %a, out %sums, rows = 8, tokens = 8) : memref<8x8xi16>, memref<8xi32>
  return
}

// -----

// expected-error@+1 {{has 2 input buffers, one is possible}}
func.func @two_inputs() {
  %a = mcurt.buffer "a" input : memref<8x8x1xui8>
  %b = mcurt.buffer "b" input : memref<8x8x1xui8>
  return
}
