// Rows into some of the columns of wider rows.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void copy_columns_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width, int32_t out_stride) {
  for (int32_t r = 0; r < rows; ++r, in += width, out += out_stride) {
    int32_t c = 0;
    for (; c + 4 <= width; c += 4) {
      const uint32_t words[2] = {load_word(in + c), load_word(in + c + 2)};
      store_word(out + c, words[0]);
      store_word(out + c + 2, words[1]);
    }
    for (; c < width; ++c)
      out[c] = in[c];
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
