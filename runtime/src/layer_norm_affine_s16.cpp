// Layer normalization whose result is the residual stream, as in post-norm blocks: gamma and beta stay with it. One body for all cores, since
// each value takes two rounded products, for which arith.h has the instructions.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void layer_norm_affine_s16(int16_t *out, const int16_t *in, const int16_t *factor, const int32_t *gain, const int16_t *offset, int32_t rows,
                           int32_t width, int64_t epsilon) {
  for (int32_t r = 0; r < rows; ++r) {
    int32_t sum = 0;
    int64_t sum_of_squares = 0;
    for (int32_t c = 0; c < width; ++c) {
      const int32_t z = in[c] * factor[c];
      sum = wrap_add(sum, z);
      sum_of_squares += static_cast<int64_t>(z) * z;
    }
    const RowScale scale = layer_norm_scale(layer_norm_variance(width, sum_of_squares, sum, epsilon), layer_norm_affine_shift);
    for (int32_t c = 0; c < width; ++c)
      out[c] = layer_norm_affine_value(in[c] * factor[c], width, sum, scale, gain[c], offset[c]);
    in += width;
    out += width;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
