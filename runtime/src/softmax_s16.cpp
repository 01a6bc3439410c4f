// Softmax without its division: the context divides once per value instead of once per score.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP

// Two scores at a time. A difference of int16 saturates at 32767, far beyond the table's end, and USAT16 is the clamp to its last index.
void softmax_s16(int16_t *scores, int32_t *sums, int32_t rows, int32_t tokens) {
  static_assert(exp_table_size == 1 << 10, "the clamp is USAT16 #10");
  const int32_t pairs = tokens >> 1;
  const bool odd = (tokens & 1) != 0;
  for (int32_t r = 0; r < rows; ++r) {
    int16_t *const last = scores + 2 * pairs;
    uint32_t largest = pack_s16x2(scores[0], odd ? *last : scores[0]);
    for (const int16_t *at = scores; at != last; at += 2)
      largest = max_s16x2(largest, load_word(at));
    const int32_t max = high_half(largest) > low_half(largest) ? high_half(largest) : low_half(largest);
    const uint32_t max_twice = pack_s16x2(static_cast<int16_t>(max), static_cast<int16_t>(max));
    int32_t sum = 0;
    for (int16_t *at = scores; at != last; at += 2) {
      uint32_t index;
      __asm__("qsub16 %0, %1, %2\n\tusat16 %0, #10, %0" : "=r"(index) : "r"(max_twice), "r"(load_word(at)));
      const uint32_t pair = pack_s16x2(exp_table[index & 0xffff], exp_table[index >> 16]);
      sum = multiply_accumulate(pair, 0x00010001, sum);
      store_word(at, pair);
    }
    if (odd) {
      last[0] = exp_table[softmax_index(max, last[0])];
      last[1] = 0;
      sum += last[0];
    }
    sums[r] = sum;
    scores = last + (odd ? 2 : 0);
  }
}

#else

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

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
