// Each row to mean 0 and variance 1; two passes over the row, no scratch.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP

// Two channels at a time; of an odd width the last one alone.
void layer_norm_s16(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon,
                    int32_t out_shift) {
  const int32_t even_width = width & ~1;
  for (int32_t r = 0; r < rows; ++r) {
    int32_t sum = 0;
    int64_t sum_of_squares = 0;
    for (int32_t c = 0; c < even_width; c += 2) {
      const uint32_t x = load_word(in + c);
      const uint32_t by = load_word(factor + c);
      const int32_t z0 = multiply_low(x, by);
      const int32_t z1 = multiply_high(x, by);
      sum = wrap_add(wrap_add(sum, z0), z1);
      sum_of_squares += static_cast<int64_t>(z0) * z0;
      sum_of_squares += static_cast<int64_t>(z1) * z1;
    }
    if (even_width != width) {
      const int32_t z = in[even_width] * factor[even_width];
      sum = wrap_add(sum, z);
      sum_of_squares += static_cast<int64_t>(z) * z;
    }
    const RowScale scale = layer_norm_scale(layer_norm_variance(width, sum_of_squares, sum, epsilon), out_shift);
    for (int32_t c = 0; c < even_width; c += 2) {
      const uint32_t x = load_word(in + c);
      const uint32_t by = load_word(factor + c);
      store_s16x2(out + c, layer_norm_value(multiply_low(x, by), width, sum, scale),
                  layer_norm_value(multiply_high(x, by), width, sum, scale));
    }
    if (even_width != width)
      out[even_width] = layer_norm_value(in[even_width] * factor[even_width], width, sum, scale);
    in += width;
    out += width;
  }
}

#else

void layer_norm_s16(int16_t *out, const int16_t *in, const int16_t *factor, int32_t rows, int32_t width, int64_t epsilon,
                    int32_t out_shift) {
  for (int32_t r = 0; r < rows; ++r) {
    int32_t sum = 0;
    int64_t sum_of_squares = 0;
    for (int32_t c = 0; c < width; ++c) {
      const int32_t z = in[c] * factor[c];
      sum = wrap_add(sum, z);
      sum_of_squares += static_cast<int64_t>(z) * z;
    }
    const RowScale scale = layer_norm_scale(layer_norm_variance(width, sum_of_squares, sum, epsilon), out_shift);
    for (int32_t c = 0; c < width; ++c)
      out[c] = layer_norm_value(in[c] * factor[c], width, sum, scale);
    in += width;
    out += width;
  }
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
