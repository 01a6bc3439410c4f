// Rows from one buffer to another.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void copy_s16(int16_t *out, const int16_t *in, int32_t rows, int32_t width) {
  const ptrdiff_t count = static_cast<ptrdiff_t>(rows) * width;
  ptrdiff_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const uint32_t words[4] = {load_word(in + i), load_word(in + i + 2), load_word(in + i + 4), load_word(in + i + 6)};
    store_word(out + i, words[0]);
    store_word(out + i + 2, words[1]);
    store_word(out + i + 4, words[2]);
    store_word(out + i + 6, words[3]);
  }
  for (; i < count; ++i)
    out[i] = in[i];
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
