// Softmax without its division: the context divides once per value instead of once per score.
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void softmax_s16(int16_t *scores, int32_t *sums, int32_t rows, int32_t tokens) {
  for (int32_t r = 0; r < rows; ++r) {
    int32_t max = scores[0];
    for (int32_t j = 1; j < tokens; ++j)
      max = scores[j] > max ? scores[j] : max;
    int32_t sum = 0;
    for (int32_t j = 0; j < tokens; ++j) {
      scores[j] = exp_table[softmax_index(max, scores[j])];
      sum += scores[j];
    }
    if ((tokens & 1) != 0)
      scores[tokens] = 0;
    sums[r] = sum;
    scores += tokens + (tokens & 1);
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
