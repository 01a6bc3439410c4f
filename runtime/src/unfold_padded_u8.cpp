// Patches of an image that is surrounded by a margin, as rows of a matrix.
#include "mcuform/kernels.h"
#include "widen_u8.h"
#include "windows.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void unfold_padded_u8(int16_t *out, const uint8_t *image, int32_t first, int32_t rows, int32_t height, int32_t width, int32_t channels,
                      int32_t patch_height, int32_t patch_width, int32_t pad_top, int32_t pad_left, int32_t out_width, int32_t pad_value) {
  const WindowGrid grid{height, width, channels, patch_height, patch_width, patch_height, patch_width, pad_top, pad_left, out_width};
  const auto put = [channels](int16_t *to, const uint8_t *from, int32_t pixels) {
    widen(to, from, pixels * channels);
    return to + pixels * channels;
  };
  put_windows(out, image, first, rows, grid, put, static_cast<int16_t>(pad_value));
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
