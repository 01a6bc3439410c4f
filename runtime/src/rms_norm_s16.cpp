// Each row over the root of its mean square.
#include "mcuform/kernels.h"
#include "normalize.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void rms_norm_s16(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon, int32_t out_shift) {
  normalize_rows<false>(out, in, factor, rows, width, epsilon, out_shift);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
