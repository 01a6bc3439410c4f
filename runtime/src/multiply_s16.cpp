// The product of two tensors, element by element, as gated MLPs need it.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void multiply_s16(int16_t *out, const int16_t *lhs, const int16_t *rhs, int32_t rows, int32_t width, int32_t mult) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  ptrdiff_t i = 0;
#if MCUFORM_RT_DSP
  for (; i < count - 3; i += 4) {
    const uint32_t a0 = load_word(lhs + i), a1 = load_word(lhs + i + 2), b0 = load_word(rhs + i), b1 = load_word(rhs + i + 2);
    store_s16x2(out + i, requantize_s16(multiply_low(a0, b0), mult), requantize_s16(multiply_high(a0, b0), mult));
    store_s16x2(out + i + 2, requantize_s16(multiply_low(a1, b1), mult), requantize_s16(multiply_high(a1, b1), mult));
  }
#endif
  for (; i < count; ++i)
    out[i] = multiply_scaled_s16(lhs[i], rhs[i], mult);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
