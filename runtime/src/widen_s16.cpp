// Rows that were stored in int8, back among the columns they come from.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void widen_s16(int16_t *out, const int8_t *in, const int16_t *factor, int32_t rows, int32_t width, int32_t out_stride) {
  for (int32_t r = 0; r < rows; ++r, out += out_stride)
    for (int32_t c = 0; c < width; ++c)
      out[c] = static_cast<int16_t>(*in++ * factor[c]);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
