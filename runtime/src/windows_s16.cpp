// Windows of a map as rows of a matrix, so that a convolution is a linear.
#include "mcuform/kernels.h"
#include "windows.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

int16_t *copy(int16_t *out, const int16_t *from, int32_t count) {
  int32_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const uint32_t words[4] = {load_word(from + i), load_word(from + i + 2), load_word(from + i + 4), load_word(from + i + 6)};
    store_word(out + i, words[0]);
    store_word(out + i + 2, words[1]);
    store_word(out + i + 4, words[2]);
    store_word(out + i + 6, words[3]);
  }
  for (; i < count; ++i)
    out[i] = from[i];
  return out + count;
}

} // namespace

void windows_s16(int16_t *out, const int16_t *in, int32_t first, int32_t rows, int32_t height, int32_t width, int32_t channels,
                 int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top, int32_t pad_left,
                 int32_t out_width) {
  const WindowGrid grid{height, width, channels, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width};
  put_windows(out, in, first, rows, grid,
              [channels](int16_t *to, const int16_t *from, int32_t pixels) { return copy(to, from, pixels * channels); });
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
