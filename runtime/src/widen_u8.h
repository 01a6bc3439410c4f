// A run of bytes as int16.
#ifndef MCUFORM_SRC_WIDEN_U8_H
#define MCUFORM_SRC_WIDEN_U8_H

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

inline void widen(int16_t *out, const uint8_t *from, int32_t count) {
  int32_t i = 0;
#if MCUFORM_RT_DSP
  for (; i + 4 <= count; i += 4) {
    const uint32_t bytes = load_word(from + i);
    uint32_t even, odd, low, high; // bytes 0 and 2; bytes 1 and 3; then 0 and 1; 2 and 3
    __asm__("uxtb16 %0, %1" : "=r"(even) : "r"(bytes));
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(bytes));
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(low) : "r"(even), "r"(odd));
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(high) : "r"(odd), "r"(even));
    store_word(out + i, low);
    store_word(out + i + 2, high);
  }
#endif
  for (; i < count; ++i)
    out[i] = from[i];
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
