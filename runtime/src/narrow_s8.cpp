// Rows that are stored for all tokens, in half the bytes.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void narrow_s8(int8_t *out, const int16_t *in, const int32_t *mult, int32_t rows, int32_t width) {
  for (int32_t r = 0; r < rows; ++r)
    for (int32_t c = 0; c < width; ++c)
      *out++ = requantize_s8(*in++, mult[c]);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
