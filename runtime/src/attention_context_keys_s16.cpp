// Unnormalized probabilities against tokens in the layout of the K cache. What the micro-kernels want is that of the V cache: neighbours in
// memory are to be columns, and are tokens here. So two columns are turned at a time, for all rows that come together; one alone, which is not
// worth it, has attention_context_keys_one_s16.
#include "halfwords.h"
#include "mcuform/kernels.h"
#include "row_dots.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

/// Rows whose sums and multipliers are held at once.
constexpr int32_t rows_per_pass = 24;

#if MCUFORM_RT_DSP

static_assert(rows_per_pass == row_dots_limit, "a pass is one run of the micro-kernel");
/// A bound for the stack; an even number.
constexpr int32_t tokens_at_once = 128;

/// (t, d), (t+1, d), (t, d+1), (t+1, d+1) for each pair of tokens to (t, d), (t, d+1), (t+1, d), (t+1, d+1).
inline void turn_columns(int8_t *pair, const int8_t *keys, ptrdiff_t step, int32_t tokens) {
  for (const int8_t *const end = pair + 2 * tokens; pair != end; pair += 4, keys += step) {
    const uint32_t word = load_word(keys);
    const uint32_t turned = (word & 0xff0000ff) | (word >> 8 & 0xff00) | (word << 8 & 0xff0000);
    __builtin_memcpy(pair, &turned, 4);
  }
}

/// Adds a part of the tokens, or begins with it. A function of its own, so that no more than one part is on the stack.
MCUFORM_RT_HOT("attention_context_keys_s16")
__attribute__((noinline)) void add_tokens(int32_t (*acc)[2], bool begins, const int16_t *scores, int32_t padded, int32_t rows,
                                          const int8_t *keys, ptrdiff_t step, int32_t tokens) {
  alignas(4) int8_t pair[2 * tokens_at_once];
  turn_columns(pair, keys, step, tokens);
  RowDots dots(padded, tokens);
  dots.begin(pair, 0, 0);
  dots.run(scores, rows);
  for (int32_t r = 0; r < rows; ++r) {
    acc[r][0] = begins ? dots.acc[r][0] : wrap_add(acc[r][0], dots.acc[r][0]);
    acc[r][1] = begins ? dots.acc[r][1] : wrap_add(acc[r][1], dots.acc[r][1]);
  }
}

/// Two columns of all rows of a pass; `step` bytes from one pair of tokens to the next.
inline void two_columns(int32_t (*acc)[2], const int16_t *scores, int32_t padded, int32_t rows, const int8_t *keys, ptrdiff_t step) {
  for (int32_t first = 0; first < padded; first += tokens_at_once)
    add_tokens(acc, first == 0, scores + first, padded, rows, keys + first / 2 * step, step,
               padded - first < tokens_at_once ? padded - first : tokens_at_once);
}

#else

inline void two_columns(int32_t (*acc)[2], const int16_t *scores, int32_t padded, int32_t rows, const int8_t *keys, ptrdiff_t step) {
  for (int32_t r = 0; r < rows; ++r, scores += padded) {
    acc[r][0] = 0;
    acc[r][1] = 0;
    const int8_t *at = keys;
    for (int32_t t = 0; t < padded; t += 2, at += step)
      for (int32_t d = 0; d < 2; ++d) {
        acc[r][d] = wrap_add(acc[r][d], scores[t] * at[2 * d]);
        acc[r][d] = wrap_add(acc[r][d], scores[t + 1] * at[2 * d + 1]);
      }
  }
}

#endif

} // namespace

void attention_context_keys_s16(int16_t *context, const int16_t *scores, const int8_t *keys, const int32_t *sums, int32_t rows,
                                int32_t tokens, int32_t head_width, int32_t context_stride) {
  const int32_t padded = tokens + (tokens & 1);
  const ptrdiff_t step = static_cast<ptrdiff_t>(2) * head_width;
  int32_t mults[rows_per_pass], acc[rows_per_pass][2];
  for (int32_t first = 0; first < rows; first += rows_per_pass) {
    const int32_t count = rows - first < rows_per_pass ? rows - first : rows_per_pass;
    for (int32_t r = 0; r < count; ++r)
      mults[r] = context_mult(sums[first + r]);
    for (int32_t d = 0; d < head_width; d += 2) {
      two_columns(acc, scores, padded, count, keys + 2 * d, step);
      int16_t *to = context + d;
      for (int32_t r = 0; r < count; ++r, to += context_stride)
        store_s16x2(to, requantize_s16(acc[r][0], mults[r]), requantize_s16(acc[r][1], mults[r]));
    }
    scores += static_cast<ptrdiff_t>(count) * padded;
    context += static_cast<ptrdiff_t>(count) * context_stride;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
