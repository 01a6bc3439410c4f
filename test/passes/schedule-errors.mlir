// RUN: mcuform-opt --mcuf-schedule --split-input-file --verify-diagnostics %s

// Everything that is wrong is said in one run.
func.func @all_at_once(%image: tensor<6x6x1xui8>) -> tensor<1x3x12xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  // expected-error@+1 {{'mcuf.transpose' op cannot be scheduled: no kernel computes it}}
  %t = mcuf.transpose %x {permutation = array<i64: 0, 2, 1>} : (tensor<1x9x8xi16>) -> tensor<1x8x9xi16>
  // expected-error@+1 {{'mcuf.reshape' op cannot be scheduled: changes the width of rows}}
  %r = mcuf.reshape %x {shape = array<i64: 1, 6, 12>} : (tensor<1x9x8xi16>) -> tensor<1x6x12xi16>
  // expected-error@+1 {{'mcuf.slice' op cannot be scheduled: does not select neighbouring whole rows}}
  %s = mcuf.slice %r {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 3, 12>, steps = array<i64: 1, 2, 1>} : (tensor<1x6x12xi16>) -> tensor<1x3x12xi16>
  return %s : tensor<1x3x12xi16>
}

// -----

func.func @part_of_a_row(%image: tensor<6x6x1xui8>) -> tensor<1x9x4xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  // expected-error@+1 {{'mcuf.slice' op cannot be scheduled: does not select neighbouring whole rows}}
  %s = mcuf.slice %x {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 9, 4>, steps = array<i64: 1, 1, 1>} : (tensor<1x9x8xi16>) -> tensor<1x9x4xi16>
  return %s : tensor<1x9x4xi16>
}

// -----

func.func @weights_are_computed(%image: tensor<6x6x1xui8>, %w: tensor<8x8xi8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  return %x : tensor<1x9x8xi16>
}
// expected-error@-7 {{a network with one input and one output is needed}}

// -----

func.func @keys_are_rows(%image: tensor<6x6x1xui8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %s = mcuf.constant dense<3> : tensor<1xi32> : tensor<1xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  %k = mcuf.q_linear %x, %w, %b, %b : (tensor<1x9x8xi16>, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> tensor<1x9x8xi8>
  %k2 = mcuf.slice %k {starts = array<i64: 0, 0, 0>, sizes = array<i64: 1, 9, 8>, steps = array<i64: 1, 1, 1>} : (tensor<1x9x8xi8>) -> tensor<1x9x8xi8>
  // expected-error@-1 {{'mcuf.slice' op cannot be scheduled: reads keys or values row by row}}
  // expected-error@+1 {{'mcuf.q_attention' op cannot be scheduled: keys and values must come from 8-bit linear layers}}
  %c = mcuf.q_attention %x, %k2, %k, %s {num_heads = 1 : i64} : (tensor<1x9x8xi16>, tensor<1x9x8xi8>, tensor<1x9x8xi8>, tensor<1xi32>) -> tensor<1x9x8xi16>
  return %c : tensor<1x9x8xi16>
}

// -----

func.func @keys_are_values(%image: tensor<6x6x1xui8>) -> tensor<1x9x8xi16> {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %s = mcuf.constant dense<3> : tensor<1xi32> : tensor<1xi32>
  %pos = mcuf.constant dense<5> : tensor<9x8xi16> : tensor<9x8xi16>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x6x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<9x8xi16>) -> tensor<1x9x8xi16>
  %k = mcuf.q_linear %x, %w, %b, %b : (tensor<1x9x8xi16>, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> tensor<1x9x8xi8>
  // expected-error@+1 {{cannot be scheduled: narrowed rows, of one head, are keys and values at once, and no others can be}}
  %c = mcuf.q_attention %x, %k, %k, %s {num_heads = 1 : i64} : (tensor<1x9x8xi16>, tensor<1x9x8xi8>, tensor<1x9x8xi8>, tensor<1xi32>) -> tensor<1x9x8xi16>
  return %c : tensor<1x9x8xi16>
}

// -----

// expected-error@+1 {{returns its input, a constant, or keys and values}}
func.func @nothing_to_do(%image: tensor<6x6x1xui8>) -> tensor<6x6x1xui8> {
  return %image : tensor<6x6x1xui8>
}

// -----

!row = tensor<1x12x8x!quant.uniform<i16:f32, 2.500000e-04>>
!cache = tensor<1x12x8x!quant.uniform<i8:f32, 1.000000e+00>>
!part = tensor<1x3x8x!quant.uniform<i16:f32, 2.500000e-04>>

func.func @rows_of_a_group(%image: tensor<6x8x1xui8>) -> !part {
  %pw = mcuf.constant dense<1> : tensor<8x4xi8> : tensor<8x4xi8>
  %w = mcuf.constant dense<2> : tensor<8x8xi8> : tensor<8x8xi8>
  %b = mcuf.constant dense<3> : tensor<8xi32> : tensor<8xi32>
  %pos = mcuf.constant dense<5> : tensor<12x8xi16> : tensor<12x8xi16>
  %s = mcuf.constant dense<6> : tensor<2xi32> : tensor<2xi32>
  %x = mcuf.q_patch_embed %image, %pw, %b, %b position %pos {patch_height = 2 : i64, patch_width = 2 : i64} : (tensor<6x8x1xui8>, tensor<8x4xi8>, tensor<8xi32>, tensor<8xi32>, tensor<12x8xi16>) -> !row
  %q = mcuf.q_linear %x, %w, %b, %b : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !row
  %k = mcuf.q_linear %x, %w, %b, %b : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  %v = mcuf.q_linear %x, %w, %b, %b : (!row, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !cache
  // expected-error@+1 {{cannot be scheduled: only some rows of its 2 groups are needed}}
  %c = mcuf.q_attention %q, %k, %v, %s {num_heads = 2 : i64, groups = 2 : i64} : (!row, !cache, !cache, tensor<2xi32>) -> !row
  %r = mcuf.slice %c {starts = array<i64: 0, 2, 0>, sizes = array<i64: 1, 3, 8>, steps = array<i64: 1, 1, 1>} : (!row) -> !part
  %y = mcuf.q_linear %r, %w, %b, %b : (!part, tensor<8x8xi8>, tensor<8xi32>, tensor<8xi32>) -> !part
  return %y : !part
}
