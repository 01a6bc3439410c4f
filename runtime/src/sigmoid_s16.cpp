// Sigmoids in the place of softmax: each weight by itself, and the same total for all rows.
#include "mcuform/kernels.h"
#include "mcuform/sigmoid_table.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void sigmoid_s16(int16_t *scores, int32_t *sums, int32_t rows, int32_t tokens, int32_t bias, int32_t total) {
  const bool odd = (tokens & 1) != 0;
  for (int32_t r = 0; r < rows; ++r) {
    for (int16_t *const end = scores + tokens; scores != end; ++scores)
      *scores = sigmoid_weight(*scores + bias);
    if (odd)
      *scores++ = 0;
    sums[r] = total;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
