// Each row to mean 0 and variance 1.
#include "mcuform/kernels.h"
#include "normalize.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void layer_norm_s16(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon,
                    int32_t out_shift) {
  normalize_rows<true>(out, in, factor, rows, width, epsilon, out_shift);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
