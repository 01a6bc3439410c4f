// Patches of an image as rows of a matrix, so that the patch embedding is a linear. Widens, and does nothing else: mean and standard
// deviation are in the weights.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

void widen(int16_t *out, const uint8_t *from, int32_t count) {
  int32_t i = 0;
#if MCUFORM_RT_DSP
  for (; i + 4 <= count; i += 4) {
    const uint32_t bytes = load_word(from + i);
    uint32_t even, odd, low, high; // bytes 0 and 2; bytes 1 and 3; then 0 and 1; 2 and 3
    __asm__("uxtb16 %0, %1" : "=r"(even) : "r"(bytes));
    __asm__("uxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(bytes));
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(low) : "r"(even), "r"(odd));
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(high) : "r"(odd), "r"(even));
    store_word(out + i, low);
    store_word(out + i + 2, high);
  }
#endif
  for (; i < count; ++i)
    out[i] = from[i];
}

} // namespace

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
