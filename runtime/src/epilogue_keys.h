// The epilogue of a dense layer into the K cache: key tokens are the channels of the scores, so neighbours in time are neighbours in
// memory.
#ifndef MCUFORM_SRC_EPILOGUE_KEYS_H
#define MCUFORM_SRC_EPILOGUE_KEYS_H

#include "linear_epilogue.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace { // so that each kernel shapes store() for its own loop

struct Keys : LinearPair {
  int8_t *keys;
  int32_t first, rows, tokens, head_width;
  int8_t *column = nullptr; // of token 0 and this pair's first unit
  int32_t token = 0;
  int32_t k = 0; // the pair's place in its head; head_width is even, so that no pair straddles two heads

  Keys(int8_t *keys, const int32_t *bias, const int32_t *mult, int32_t units, int32_t first, int32_t rows, int32_t tokens,
       int32_t head_width)
      : LinearPair(bias, mult, units), keys(keys), first(first), rows(rows), tokens(tokens), head_width(head_width) {}

  void begin(int32_t unit) {
    load(unit);
    if (unit == 0) {
      column = keys;
    } else if ((k += 2) < head_width) {
      column += 4;
    } else {
      k = 0;
      column += static_cast<ptrdiff_t>(tokens + (tokens & 1)) * head_width - 2 * (head_width - 2);
    }
    token = first;
    if ((tokens & 1) != 0 && first + rows == tokens) {
      int8_t *pad = slot(tokens);
      pad[0] = 0;
      pad[2] = 0;
    }
  }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t count) {
    int8_t *at = slot(token);
    int32_t t = token;
    const int32_t m0 = mult0, m1 = mult1;
    const int32_t over = 2 * head_width - 1; // from an odd token to the next: one pair of tokens on, one byte back
    for_each_row(acc, count, [&](int32_t acc0, int32_t acc1) {
      at[0] = requantize_s8(acc0, m0);
      at[2] = requantize_s8(acc1, m1);
      at += (t++ & 1) != 0 ? over : 1;
    });
    token = t;
  }
  int8_t *slot(int32_t t) const { return column + static_cast<ptrdiff_t>(t >> 1) * 2 * head_width + (t & 1); }
};

} // namespace
} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
