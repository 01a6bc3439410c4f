// Rows from one buffer to another.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void copy_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  for (ptrdiff_t i = 0; i < count; ++i)
    out[i] = in[i];
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
