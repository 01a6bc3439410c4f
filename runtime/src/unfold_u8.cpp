// Patches of an image as rows of a matrix, so that the patch embedding is a linear. Widens, and does nothing else: mean and standard
// deviation are in the weights.
#include "mcuform/kernels.h"
#include "widen_u8.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
void unfold_u8(int16_t *out, const uint8_t *image, int32_t first, int32_t rows, int32_t width, int32_t channels, int32_t patch_height,
               int32_t patch_width) {
  const int32_t grid_width = width / patch_width;
  const int32_t run = patch_width * channels;
  const ptrdiff_t line = static_cast<ptrdiff_t>(width) * channels;
  const bool odd = (run & patch_height & 1) != 0;
  int32_t column = first % grid_width;
  const uint8_t *band = image + first / grid_width * patch_height * line;
  for (int32_t r = 0; r < rows; ++r) {
    const uint8_t *from = band + static_cast<ptrdiff_t>(column) * run;
    for (int32_t y = 0; y < patch_height; ++y) {
      widen(out, from, run);
      out += run;
      from += line;
    }
    if (odd)
      *out++ = 0;
    if (++column == grid_width) {
      column = 0;
      band += patch_height * line;
    }
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
