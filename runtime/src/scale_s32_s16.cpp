// The end of a mean over tokens.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void scale_s32_s16(int16_t *out, const int32_t *sums, int32_t width, int32_t mult) {
  for (int32_t c = 0; c < width; ++c)
    out[c] = requantize_s16(sums[c], mult);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
