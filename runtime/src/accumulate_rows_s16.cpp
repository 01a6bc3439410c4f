// A sum over tokens, a block of them at a time.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void accumulate_rows_s16(int32_t *sums, const int16_t *in, int32_t rows, int32_t width) {
  for (int32_t r = 0; r < rows; ++r) {
    for (int32_t c = 0; c < width; ++c)
      sums[c] += in[c];
    in += width;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
