// The range of codes that a quantized file gives a value, where the scale of the result does not saturate there.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void clamp_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width, int32_t low, int32_t high) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  ptrdiff_t i = 0;
#if MCUFORM_RT_DSP
  const int16_t least = static_cast<int16_t>(low), largest = static_cast<int16_t>(high);
  const uint32_t lows = pack_s16x2(least, least), highs = pack_s16x2(largest, largest);
  for (; i + 4 <= count; i += 4) {
    const uint32_t words[2] = {load_word(in + i), load_word(in + i + 2)};
    store_word(out + i, min_s16x2(max_s16x2(words[0], lows), highs));
    store_word(out + i + 2, min_s16x2(max_s16x2(words[1], lows), highs));
  }
#endif
  for (; i < count; ++i)
    out[i] = clamp_between(in[i], low, high);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
