// Tokens that attention reads themselves, as its keys and values.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void narrow_keys_s8(int8_t *keys, const int16_t *in, const int32_t *mult, int32_t first, int32_t rows, int32_t width, int32_t tokens) {
  const auto slot = [&](int32_t t) { return keys + static_cast<ptrdiff_t>(t >> 1) * 2 * width + (t & 1); };
  for (int32_t t = first; t < first + rows; ++t) {
    int8_t *to = slot(t);
    for (int32_t c = 0; c < width; ++c, to += 2)
      *to = requantize_s8(*in++, mult[c]);
  }
  if ((tokens & 1) == 0 || first + rows != tokens)
    return;
  int8_t *pad = slot(tokens);
  for (int32_t c = 0; c < width; ++c, pad += 2)
    *pad = 0;
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
