// Windows of the image as rows of a matrix, in the codes to which a quantized file rounds what the network sees of each pixel.
#include "mcuform/kernels.h"
#include "windows.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void windows_codes_u8(int16_t *out, const uint8_t *image, const int16_t *codes, int32_t first, int32_t rows, int32_t height, int32_t width,
                      int32_t channels, int32_t kernel_height, int32_t kernel_width, int32_t stride_y, int32_t stride_x, int32_t pad_top,
                      int32_t pad_left, int32_t out_width) {
  const WindowGrid grid{height, width, channels, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width};
  put_windows(out, image, first, rows, grid, [channels, codes](int16_t *to, const uint8_t *from, int32_t pixels) {
    for (int32_t x = 0; x < pixels; ++x)
      for (int32_t c = 0; c < channels; ++c)
        *to++ = codes[256 * c + *from++];
    return to;
  });
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
