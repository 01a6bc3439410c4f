// Timer 1 of ARM's CMSDK dual timer: LOAD +0, VALUE +4, CONTROL +8 (bit 7 enable, bit 1 32 bits wide; prescaler and mode 0: free running).
#ifndef MCUFORM_TARGETS_MPS2_DUAL_TIMER_H
#define MCUFORM_TARGETS_MPS2_DUAL_TIMER_H

#include "board.h"

namespace mcuform::target {

template <uint32_t base> void stop_dual_timer() {
  auto *registers = reinterpret_cast<volatile uint32_t *>(base);
  registers[2] = 0;
  registers[0] = ~uint32_t{0};
}

/// `fpga_io`: the FPGA's system registers, in which CLK1HZ stands at +16. factor and factor_shift as in Timer.
template <uint32_t base> constexpr Timer dual_timer(uint32_t fpga_io, uint32_t factor, uint32_t factor_shift) {
  return {stop_dual_timer<base>, base + 8, 0x82, base + 4, ~uint32_t{0}, factor, factor_shift, fpga_io + 16};
}

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_MPS2_DUAL_TIMER_H
