// attention_context_keys_s16 for a row that comes alone: two columns at a time, from the tokens as they stand.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

struct Columns {
  int32_t first, second;
};

/// Sums of scores[t] * K(t, d) for two columns d; `step` bytes from one pair of tokens to the next.
inline Columns two_columns(const int16_t *scores, int32_t padded, const int8_t *keys, ptrdiff_t step) {
  Columns sums = {0, 0};
  for (const int16_t *const end = scores + padded; scores != end; scores += 2, keys += step) {
#if MCUFORM_RT_DSP
    const uint32_t word = load_word(keys), pair = load_word(scores);
    uint32_t even, odd, first, second;
    __asm__("sxtb16 %0, %1" : "=r"(even) : "r"(word));        // of token t: columns d and d+1
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(odd) : "r"(word)); // of token t+1
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(first) : "r"(even), "r"(odd));
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(second) : "r"(odd), "r"(even));
    sums.first = multiply_accumulate(pair, first, sums.first);
    sums.second = multiply_accumulate(pair, second, sums.second);
#else
    sums.first = wrap_add(wrap_add(sums.first, scores[0] * keys[0]), scores[1] * keys[1]);
    sums.second = wrap_add(wrap_add(sums.second, scores[0] * keys[2]), scores[1] * keys[3]);
#endif
  }
  return sums;
}

} // namespace

void attention_context_keys_one_s16(int16_t *context, const int16_t *scores, const int8_t *keys, const int32_t *sums, int32_t rows,
                                    int32_t tokens, int32_t head_width, int32_t context_stride) {
  const int32_t padded = tokens + (tokens & 1);
  for (int32_t r = 0; r < rows; ++r, scores += padded, context += context_stride) {
    const int32_t mult = context_mult(sums[r]);
    for (int32_t d = 0; d < head_width; d += 2) {
      const Columns acc = two_columns(scores, padded, keys + 2 * d, static_cast<ptrdiff_t>(2) * head_width);
      store_s16x2(context + d, requantize_s16(acc.first, mult), requantize_s16(acc.second, mult));
    }
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
