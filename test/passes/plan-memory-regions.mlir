// RUN: mcuform-opt --mcuf-plan-memory="regions=dtcm:400,sram1:2048,sram2:64" --mcuf-verify-memory="sram-budget=4096" %s | FileCheck %s
// RUN: mcuform-opt --mcuf-plan-memory="regions=dtcm:100,sram1:300" --mcuf-verify-memory %s | FileCheck %s --check-prefix=FULL
// RUN: not mcuform-opt --mcuf-plan-memory="regions=dtcm:100,sram1:300" --mcuf-verify-memory="sram-budget=4096" %s 2>&1 | FileCheck %s --check-prefix=ERROR
// RUN: not mcuform-opt --mcuf-plan-memory="regions=dtcm:64K" %s 2>&1 | FileCheck %s --check-prefix=TEXT

// The rows of products are touched most, byte for byte, and take what the fast memory has; the residual stream goes to the next one.
// CHECK: module attributes {mcurt.arena_bytes = 704 : i64, mcurt.lower_bound_bytes = 704 : i64,
// CHECK-SAME: mcurt.regions = [{bytes = 320 : i64, capacity_bytes = 400 : i64, lower_bound_bytes = 320 : i64, name = "dtcm"}
// CHECK-SAME: {bytes = 384 : i64, capacity_bytes = 2048 : i64, lower_bound_bytes = 384 : i64, name = "sram1"}
// CHECK-SAME: {bytes = 0 : i64, capacity_bytes = 64 : i64, lower_bound_bytes = 0 : i64, name = "sram2"}]}
// Where the buffers do not fit, the plan says so, which is an error only where there is a budget.
// FULL: mcurt.exceeds_regions
// ERROR: error: region 'sram1' needs 640 bytes, it has 300 for buffers; 640 bytes are alive at the peak: x (384), hidden (256)
// TEXT: error: 'dtcm:64K' is no region; a name and a number of bytes such as dtcm:65536 are wanted
func.func @heat(%output: memref<24x8xi16>) {
  %w1 = mcurt.constant "w1" paired dense<1> : tensor<32x8xi8>
  %b1 = mcurt.constant "b1" plain dense<1> : tensor<32xi32>
  %w2 = mcurt.constant "w2" paired dense<1> : tensor<8x32xi8>
  %b2 = mcurt.constant "b2" plain dense<1> : tensor<8xi32>
  // CHECK: %x = mcurt.buffer "x" region("sram1") offset(0)
  %x = mcurt.buffer "x" : memref<24x8xi16>
  mcurt.stage "mlp" {
    mcurt.call copy_s16(out %x, in %output, rows = 24, width = 8) : memref<24x8xi16>, memref<24x8xi16>
    mcurt.for %first, %rows = 24 step 4 {
      %row = mcurt.view %x[%first, 0] : memref<24x8xi16>
      // CHECK: %normed = mcurt.buffer "normed" region("dtcm")
      %normed = mcurt.buffer "normed" : memref<4x8xi16>
      // CHECK: %hidden = mcurt.buffer "hidden" region("dtcm")
      %hidden = mcurt.buffer "hidden" : memref<4x32xi16>
      mcurt.call copy_s16(out %normed, in %row, rows = %rows, width = 8) : memref<4x8xi16>, memref<?xi16>
      mcurt.call linear_s16(out %hidden, in %normed, in %w1, in %b1, in %b1, rows = %rows, depth = 8, units = 32)
          : memref<4x32xi16>, memref<4x8xi16>, memref<32x8xi8>, memref<32xi32>, memref<32xi32>
      mcurt.call linear_add_s16(inout %row, in %hidden, in %w2, in %b2, in %b2, rows = %rows, depth = 32, units = 8)
          : memref<?xi16>, memref<4x32xi16>, memref<8x32xi8>, memref<8xi32>, memref<8xi32>
    }
    mcurt.call copy_s16(out %output, in %x, rows = 24, width = 8) : memref<24x8xi16>, memref<24x8xi16>
  }
  return
}
