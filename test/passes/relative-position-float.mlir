// Passes on float networks keep tables and places of 2-D relative position.
// RUN: mcuform-opt --mcuf-hoist-slice=through-residual=true --mcuf-pad-widths --split-input-file %s | FileCheck %s
// RUN: mcuform-opt --mcuf-absorb-projections --split-input-file %s | FileCheck --check-prefix=ABSORB %s

// The queries that are left begin with token 3; heads of 3 columns get a fourth, in the tables as well.
// CHECK-LABEL: func @rows_and_widths
// CHECK: mcuf.constant dense<{{\[}}[1.000000e+00, 2.000000e+00, 3.000000e+00, 0.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00, 0.000000e+00]
// CHECK: mcuf.attention {{.*}} k_table {{.*}} v_table {{.*}} {first_query = 3 : i64, grid = array<i64: 1, 1, 4, 0, 0>, num_heads = 1 : i64, scale = 5.000000e-01 : f32} : (tensor<1x2x4xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<1x2x4xf32>
// Keys cannot become tokens.
// ABSORB-LABEL: func @rows_and_widths
// ABSORB: mcuf.attention {{.*}} k_table
// ABSORB-NOT: mcuf.head
func.func @rows_and_widths(%x: tensor<1x5x2xf32>) -> tensor<1x2x2xf32> {
  %w = mcuf.constant dense<[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %back = mcuf.constant dense<1.0> : tensor<2x3xf32> : tensor<2x3xf32>
  %kt = mcuf.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]> : tensor<3x3xf32> : tensor<3x3xf32>
  %vt = mcuf.constant dense<0.5> : tensor<3x3xf32> : tensor<3x3xf32>
  %y = mcuf.layer_norm %x {epsilon = 1.0e-05 : f32} : (tensor<1x5x2xf32>) -> tensor<1x5x2xf32>
  %q = mcuf.linear %y, %w : (tensor<1x5x2xf32>, tensor<3x2xf32>) -> tensor<1x5x3xf32>
  %k = mcuf.linear %y, %w : (tensor<1x5x2xf32>, tensor<3x2xf32>) -> tensor<1x5x3xf32>
  %v = mcuf.linear %y, %w : (tensor<1x5x2xf32>, tensor<3x2xf32>) -> tensor<1x5x3xf32>
  %c = mcuf.attention %q, %k, %v k_table %kt v_table %vt {num_heads = 1 : i64, scale = 5.0e-01 : f32, grid = array<i64: 1, 1, 4, 0, 0>} : (tensor<1x5x3xf32>, tensor<1x5x3xf32>, tensor<1x5x3xf32>, tensor<3x3xf32>, tensor<3x3xf32>) -> tensor<1x5x3xf32>
  %r = mcuf.slice %c {starts = array<i64: 0, 3, 0>, sizes = array<i64: 1, 2, 3>, steps = array<i64: 1, 1, 1>} : (tensor<1x5x3xf32>) -> tensor<1x2x3xf32>
  %o = mcuf.linear %r, %back : (tensor<1x2x3xf32>, tensor<2x3xf32>) -> tensor<1x2x2xf32>
  return %o : tensor<1x2x2xf32>
}
