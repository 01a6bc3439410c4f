// Rows in another order: the pixels of a map patch by patch, or back.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void permute_rows_s16(int16_t *out, const int16_t *in, int32_t first, int32_t rows, int32_t base, int32_t width, int32_t size1,
                      int32_t size2, int32_t size3, int32_t stride0, int32_t stride1, int32_t stride2, int32_t stride3) {
  int32_t rest = base + first;
  int32_t digit3 = rest % size3;
  rest /= size3;
  int32_t digit2 = rest % size2;
  rest /= size2;
  int32_t digit1 = rest % size1, digit0 = rest / size1;
  for (int32_t r = 0; r < rows; ++r, out += width) {
    const int16_t *from = in + static_cast<ptrdiff_t>(digit0 * stride0 + digit1 * stride1 + digit2 * stride2 + digit3 * stride3) * width;
    int32_t c = 0;
    for (; c + 4 <= width; c += 4) {
      const uint32_t words[2] = {load_word(from + c), load_word(from + c + 2)};
      store_word(out + c, words[0]);
      store_word(out + c + 2, words[1]);
    }
    for (; c < width; ++c)
      out[c] = from[c];
    if (++digit3 < size3)
      continue;
    digit3 = 0;
    if (++digit2 < size2)
      continue;
    digit2 = 0;
    if (++digit1 < size1)
      continue;
    digit1 = 0;
    ++digit0;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
