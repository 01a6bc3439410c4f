// A sum over tokens, a block of them at a time.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP

// Column by column, so that a sum is read and written once per block of rows.
void accumulate_rows_s16(int32_t *sums, const int16_t *in, int32_t rows, int32_t width) {
  const int32_t even_width = width & ~1;
  for (int32_t c = 0; c < even_width; c += 2) {
    int32_t sum0 = sums[c];
    int32_t sum1 = sums[c + 1];
    const int16_t *at = in + c;
    for (int32_t r = 0; r < rows; ++r) {
      const uint32_t pair = load_word(at);
      sum0 += low_half(pair);
      sum1 += high_half(pair);
      at += width;
    }
    sums[c] = sum0;
    sums[c + 1] = sum1;
  }
  if (even_width != width)
    for (int32_t r = 0; r < rows; ++r)
      sums[even_width] += in[r * width + even_width];
}

#else

void accumulate_rows_s16(int32_t *sums, const int16_t *in, int32_t rows, int32_t width) {
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < width; ++c)
      sums[c] += in[c];
    in += width;
  }
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
