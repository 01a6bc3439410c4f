// The sum of two maps in the codes of a quantized file: rounded once, to the step that the file has, and clamped to its range.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void add_codes_s16(int16_t *out, const int16_t *lhs, const int16_t *rhs, int32_t rows, int32_t width, int32_t lhs_mult, int32_t rhs_mult,
                   int32_t low, int32_t high) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  for (ptrdiff_t i = 0; i < count; ++i)
    out[i] = add_codes(lhs[i], lhs_mult, rhs[i], rhs_mult, low, high);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
