// Unnormalized probabilities against tokens in the layout of the K cache: neighbours in memory are neighbours in time, which is the order of
// the sum, but a word has two tokens of two columns, so that its halves change places before they are multiplied.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

#if MCUFORM_RT_DSP

/// Two columns of `count` rows, 1 to 3; `step` bytes from one pair of tokens to the next.
template <int32_t count>
inline void two_columns(int32_t (*acc)[2], const int16_t *scores, int32_t padded, const int8_t *keys, ptrdiff_t step) {
  int32_t sums[count][2] = {};
  const int16_t *const end = scores + padded;
  for (const int16_t *at = scores; at != end; at += 2, keys += step) {
    const uint32_t word = load_word(keys); // (t, d), (t+1, d), (t, d+1), (t+1, d+1)
    uint32_t even, odd, first, second;
    __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(word));         // of token t: columns d and d+1
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(word)); // of token t+1
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(first) : "r"(even), "r"(odd));
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(second) : "r"(odd), "r"(even));
    for (int32_t r = 0; r < count; ++r) {
      const uint32_t pair = load_word(at + static_cast<ptrdiff_t>(r) * padded);
      sums[r][0] = multiply_accumulate(pair, first, sums[r][0]);
      sums[r][1] = multiply_accumulate(pair, second, sums[r][1]);
    }
  }
  for (int32_t r = 0; r < count; ++r) {
    acc[r][0] = sums[r][0];
    acc[r][1] = sums[r][1];
  }
}

#else

template <int32_t count>
inline void two_columns(int32_t (*acc)[2], const int16_t *scores, int32_t padded, const int8_t *keys, ptrdiff_t step) {
  for (int32_t r = 0; r < count; ++r) {
    acc[r][0] = 0;
    acc[r][1] = 0;
    const int16_t *row = scores + static_cast<ptrdiff_t>(r) * padded;
    const int8_t *at = keys;
    for (int32_t t = 0; t < padded; t += 2, at += step)
      for (int32_t d = 0; d < 2; ++d) {
        acc[r][d] = wrap_add(acc[r][d], row[t] * at[2 * d]);
        acc[r][d] = wrap_add(acc[r][d], row[t + 1] * at[2 * d + 1]);
      }
  }
}

#endif

} // namespace

void attention_context_keys_s16(int16_t *context, const int16_t *scores, const int8_t *keys, const int32_t *sums, int32_t rows,
                                int32_t tokens, int32_t head_width, int32_t context_stride) {
  const int32_t padded = tokens + (tokens & 1);
  const ptrdiff_t step = static_cast<ptrdiff_t>(2) * head_width;
  for (int32_t first = 0; first < rows; first += 3) {
    const int32_t count = rows - first < 3 ? rows - first : 3;
    int32_t mults[3];
    for (int32_t r = 0; r < count; ++r)
      mults[r] = context_mult(sums[first + r]);
    for (int32_t d = 0; d < head_width; d += 2) {
      int32_t acc[3][2];
      if (count == 3)
        two_columns<3>(acc, scores, padded, keys + 2 * d, step);
      else if (count == 2)
        two_columns<2>(acc, scores, padded, keys + 2 * d, step);
      else
        two_columns<1>(acc, scores, padded, keys + 2 * d, step);
      for (int32_t r = 0; r < count; ++r)
        store_s16x2(context + static_cast<ptrdiff_t>(r) * context_stride + d, requantize_s16(acc[r][0], mults[r]),
                    requantize_s16(acc[r][1], mults[r]));
    }
    scores += static_cast<ptrdiff_t>(3) * padded;
    context += static_cast<ptrdiff_t>(3) * context_stride;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
