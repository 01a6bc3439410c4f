// Operands of a product as 8 bits would hold them: what a package for cores with 8-bit products computes, on this one.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void coarsen_s16(int16_t *out, const int16_t *in, const int32_t *mult, const int16_t *factor, int32_t rows, int32_t width) {
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t c = 0; c < width; ++c)
      *out++ = coarsen(*in++, mult[c], factor[c]);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
