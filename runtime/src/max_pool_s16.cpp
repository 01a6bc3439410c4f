// The largest value of each window, channel by channel.
#include "mcuform/kernels.h"
#include "windows.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void max_pool_s16(int16_t *out, const int16_t *in, int32_t first, int32_t rows, int32_t height, int32_t width, int32_t channels,
                  int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top, int32_t pad_left,
                  int32_t out_width) {
  const WindowGrid grid{height, width, channels, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width};
  Window window(grid, first);
  for (int32_t r = 0; r < rows; ++r, window.advance(), out += channels) {
    int32_t c = 0;
#if MCUFORM_RT_DSP
    for (; c + 2 <= channels; c += 2) {
      uint32_t largest = 0x80008000u;
      for (int32_t y = window.line_begin; y < window.line_end; ++y) {
        const int16_t *at = window.pixels(in, y) + c;
        for (int32_t x = window.column_begin; x < window.column_end; ++x, at += channels)
          largest = max_s16x2(largest, load_word(at));
      }
      store_word(out + c, largest);
    }
#endif
    for (; c < channels; ++c) {
      int16_t largest = INT16_MIN;
      for (int32_t y = window.line_begin; y < window.line_end; ++y) {
        const int16_t *at = window.pixels(in, y) + c;
        for (int32_t x = window.column_begin; x < window.column_end; ++x, at += channels)
          largest = *at > largest ? *at : largest;
      }
      out[c] = largest;
    }
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
