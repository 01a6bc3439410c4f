// layer_norm_affine_s16 without the mean taken off.
#include "mcuform/kernels.h"
#include "normalize.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void rms_norm_affine_s16(int16_t *out, const int16_t *in, const int16_t *factor, const int32_t *gain, const int16_t *offset, int32_t rows,
                         int32_t width, int64_t epsilon) {
  normalize_affine_rows<false>(out, in, factor, gain, offset, rows, width, epsilon);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
