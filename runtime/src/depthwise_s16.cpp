// A convolution of each channel by itself. With DSP four channels at a time: a word of weights and two words of values make four products a
// tap, and the channels' sums stay in registers for the whole window.
#include "mcuform/kernels.h"
#include "windows.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

#if MCUFORM_RT_DSP

/// Two results in one word, at least `low` each.
inline uint32_t results(int32_t sum0, int32_t mult0, int32_t sum1, int32_t mult1, uint32_t low) {
  return max_s16x2(pack_s16x2(requantize_s16(sum0, mult0), requantize_s16(sum1, mult1)), low);
}

/// Adds the products of four neighbouring channels to their sums.
inline void multiply_four(int32_t sums[4], const int16_t *values, const int8_t *weights) {
  const uint32_t bytes = load_word(weights), low = load_word(values), high = load_word(values + 2);
  uint32_t even, odd; // weights 0 and 2; 1 and 3
  __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(bytes));
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(bytes));
  __asm__("smlabb %0, %1, %2, %0" : "+r"(sums[0]) : "r"(low), "r"(even));
  __asm__("smlatb %0, %1, %2, %0" : "+r"(sums[1]) : "r"(low), "r"(odd));
  __asm__("smlabt %0, %1, %2, %0" : "+r"(sums[2]) : "r"(high), "r"(even));
  __asm__("smlatt %0, %1, %2, %0" : "+r"(sums[3]) : "r"(high), "r"(odd));
}

#endif

} // namespace

void depthwise_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t first,
                   int32_t rows, int32_t height, int32_t width, int32_t channels, int32_t kernel_height, int32_t kernel_width,
                   int32_t stride_y, int32_t stride_x, int32_t pad_top, int32_t pad_left, int32_t out_width, int32_t low) {
  const WindowGrid grid{height, width, channels, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width};
#if MCUFORM_RT_DSP
  const uint32_t low_pair = pack_s16x2(static_cast<int16_t>(low), static_cast<int16_t>(low));
#endif
  Window window(grid, first);
  for (int32_t r = 0; r < rows; ++r, window.advance(), out += channels) {
    int32_t c = 0;
#if MCUFORM_RT_DSP
    for (; c + 4 <= channels; c += 4) {
      int32_t sums[4] = {bias[c], bias[c + 1], bias[c + 2], bias[c + 3]};
      for (int32_t y = window.line_begin; y < window.line_end; ++y) {
        const int16_t *at = window.pixels(in, y) + c;
        const int8_t *w = weights + (y * kernel_width + window.column_begin) * channels + c;
        int32_t pixels = window.column_end - window.column_begin;
        if (pixels == 3) { // the kernels of most networks, inside of the map
          multiply_four(sums, at, w);
          multiply_four(sums, at + channels, w + channels);
          multiply_four(sums, at + 2 * channels, w + 2 * channels);
          continue;
        }
        for (; pixels > 0; --pixels, at += channels, w += channels)
          multiply_four(sums, at, w);
      }
      store_word(out + c, results(sums[0], mult[c], sums[1], mult[c + 1], low_pair));
      store_word(out + c + 2, results(sums[2], mult[c + 2], sums[3], mult[c + 3], low_pair));
    }
#endif
    for (; c < channels; ++c) {
      int32_t sum = bias[c];
      for (int32_t y = window.line_begin; y < window.line_end; ++y) {
        const int16_t *at = window.pixels(in, y) + c;
        const int8_t *w = weights + (y * kernel_width + window.column_begin) * channels + c;
        for (int32_t x = window.column_begin; x < window.column_end; ++x, at += channels, w += channels)
          sum += *at * *w;
      }
      out[c] = at_least(requantize_s16(sum, mult[c]), low);
    }
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
