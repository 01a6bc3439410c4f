// RUN: mcuform-opt %s | mcuform-opt | FileCheck %s
// RUN: mcuform-opt --mlir-print-op-generic %s | mcuform-opt | FileCheck %s

// CHECK-LABEL: func @all_forms
func.func @all_forms(%output: memref<1x10xi16> {mcurt.scale = 5.000000e-01 : f32}) {
  // CHECK: %image = mcurt.buffer "image" input : memref<8x8x3xui8>
  %image = mcurt.buffer "image" input : memref<8x8x3xui8>
  // CHECK: %x = mcurt.buffer "x" region("sram") offset(1024) steps [0, 3] : memref<17x8xi16>
  %x = mcurt.buffer "x" region("sram") offset(1024) steps [0, 3] : memref<17x8xi16>
  // CHECK: %overwritten = mcurt.buffer "overwritten" input over %x : memref<17x8xi16> at 16 : memref<8x8x3xui8>
  %overwritten = mcurt.buffer "overwritten" input over %x : memref<17x8xi16> at 16 : memref<8x8x3xui8>
  // CHECK: %w = mcurt.constant "w" paired dense<1> : tensor<7x8xi8>
  %w = mcurt.constant "w" paired dense<1> : tensor<7x8xi8>
  // CHECK: %b = mcurt.constant "b" plain dense<1> : tensor<7xi32>
  %b = mcurt.constant "b" plain dense<1> : tensor<7xi32>
  // CHECK: mcurt.stage "rows" {
  mcurt.stage "rows" {
    // CHECK: mcurt.for %[[FIRST:.*]], %[[ROWS:.*]] = 16 step 3 {
    mcurt.for %first, %rows = 16 step 3 {
      // CHECK: %t = mcurt.buffer "t" : memref<3x8xi16>
      %t = mcurt.buffer "t" : memref<3x8xi16>
      // CHECK: %[[VIEW:.*]] = mcurt.view %x[%[[FIRST]] + 1, 0] : memref<17x8xi16>
      %row = mcurt.view %x[%first + 1, 0] : memref<17x8xi16>
      // CHECK: mcurt.call copy_s16(out %t, in %[[VIEW]], rows = %[[ROWS]], width = 8) layer 3 : memref<3x8xi16>, memref<?xi16>
      mcurt.call copy_s16(out %t, in %row, rows = %rows, width = 8) layer 3 : memref<3x8xi16>, memref<?xi16>
      // CHECK: mcurt.for %[[HEAD:.*]], %{{.*}} = 2 step 1 {
      mcurt.for %head, %one = 2 step 1 {
        // CHECK: mcurt.view %t[2, %[[HEAD]] * 4 + 1] : memref<3x8xi16>
        %column = mcurt.view %t[2, %head * 4 + 1] : memref<3x8xi16>
      }
      // CHECK: mcurt.call linear_add_s16(inout %[[VIEW]], in %t, in %w, in %b, in %b, rows = %[[ROWS]], depth = 8, units = 7) : memref<?xi16>
      mcurt.call linear_add_s16(inout %row, in %t, in %w, in %b, in %b, rows = %rows, depth = 8, units = 7)
          : memref<?xi16>, memref<3x8xi16>, memref<7x8xi8>, memref<7xi32>, memref<7xi32>
    }
  }
  return
}

// CHECK-LABEL: func @fed
func.func @fed(%output: memref<3x16xi16>) {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  mcurt.stage "patches" {
    // CHECK: mcurt.for %[[FIRST:.*]], %{{.*}} = 12 step 4 fed 7 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
    mcurt.for %first, %rows = 12 step 4 fed 7 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
      // CHECK: %[[TOKENS:.*]] = mcurt.view %{{.*}}[0, %[[FIRST]]] : memref<3x16xi16>
      %tokens = mcurt.view %output[0, %first] : memref<3x16xi16>
      mcurt.for %i, %two = 4 step 2 {
        // CHECK: mcurt.view %[[TOKENS]][%{{.*}} * 4 + 1] : memref<?xi16>
        %rows_of_tokens = mcurt.view %tokens[%i * 4 + 1] : memref<?xi16>
        mcurt.call unfold_u8(out %rows_of_tokens, in %strip, first = %i, rows = %two, width = 8, channels = 1, patch_height = 2, patch_width = 2) : memref<?xi16>, memref<2x8x1xui8>
      }
    }
  }
  return
}
