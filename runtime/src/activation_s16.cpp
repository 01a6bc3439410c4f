// An activation behind what is no linear layer: a depthwise convolution, a pool, a sum.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void activation_s16(int16_t *out, const int16_t *in, const uint16_t *delta, int32_t rows, int32_t width, int32_t mult, int32_t index_mult,
                    int32_t delta_mult) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  for (ptrdiff_t i = 0; i < count; ++i)
    out[i] = activation_s15(in[i], mult, delta, index_mult, delta_mult);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
