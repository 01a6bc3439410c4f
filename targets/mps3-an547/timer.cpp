// The SSE-300's system counter: 32 MHz, a tick takes 31.25 ns. CNTCR +0 (bit 0 enable), CNTCV +8 and +12.
#include "board.h"

namespace {
constexpr uint32_t counter = 0x58100000, fpga_io = 0x59302000;

void stop_counter() {
  auto *registers = reinterpret_cast<volatile uint32_t *>(counter);
  registers[0] = 0;
  registers[2] = 0;
  registers[3] = 0;
}
} // namespace

const mcuform::target::Timer mcuform::target::timer = {stop_counter, counter, 1, counter + 8, 0, 125, 8, fpga_io + 16};
