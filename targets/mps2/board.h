// What each board of the family has of its own, beside target.yaml, toolchain.cmake and linker.ld.
#ifndef MCUFORM_TARGETS_MPS2_BOARD_H
#define MCUFORM_TARGETS_MPS2_BOARD_H

#include <cstdint>

namespace mcuform::target {

/// Makes every access outside of linker.ld's memories a fault, writes to flash included. Called before main.
void protect_memory();

/// A timer of 32 bits, or the low word of one, of which a tick takes no longer than an instruction: addresses and words.
struct Timer {
  void (*stop)();       ///< and sets it to its first value
  uint32_t start;       ///< writing start_word here starts it
  uint32_t start_word;
  uint32_t value;       ///< where it stands
  uint32_t inverted;    ///< ~0 where it counts down from there, else 0
  uint32_t factor;      ///< an instruction takes 2^factor_shift / factor ticks
  uint32_t factor_shift;
  uint32_t seconds;     ///< a counter of seconds, which tells how often the timer has gone round
};
extern const Timer timer;

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_MPS2_BOARD_H
