// The start of a sum over tokens.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void fill_zero_s32(int32_t *out, int32_t width) {
  for (int32_t c = 0; c < width; ++c)
    out[c] = 0;
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
