// The sum of two maps of different scales, as residual connections of convolutional networks need it.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void add_s16(int16_t *out, const int16_t *lhs, const int16_t *rhs, int32_t rows, int32_t width, int32_t lhs_mult, int32_t rhs_mult,
             int32_t low) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  for (ptrdiff_t i = 0; i < count; ++i)
    out[i] = at_least(add_scaled_s16(lhs[i], lhs_mult, rhs[i], rhs_mult), low);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
