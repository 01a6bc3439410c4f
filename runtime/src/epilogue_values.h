// The epilogue of a dense layer into the V cache: a head's columns are the channels of the context and tokens its depth, so a pair of units
// is one halfword.
#ifndef MCUFORM_SRC_EPILOGUE_VALUES_H
#define MCUFORM_SRC_EPILOGUE_VALUES_H

#include "linear_epilogue.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace { // so that each kernel shapes store() for its own loop

struct Values : LinearPair {
  int8_t *values;
  int32_t first, rows, tokens;
  int8_t *at = nullptr;

  Values(int8_t *values, const int32_t *bias, const int32_t *mult, int32_t units, int32_t first, int32_t rows, int32_t tokens)
      : LinearPair(bias, mult, units), values(values), first(first), rows(rows), tokens(tokens) {}

  // Pairs follow each other without regard to heads: h*T'*dh + (d/2)*2*T' is unit*T', d and dh being even.
  void begin(int32_t unit) {
    load(unit);
    int8_t *pair = values + static_cast<ptrdiff_t>(unit) * (tokens + (tokens & 1));
    at = pair + 2 * first;
    if ((tokens & 1) != 0 && first + rows == tokens)
      store_s8x2(pair + 2 * tokens, 0, 0);
  }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int8_t *to = at;
    const int32_t m0 = mult0, m1 = mult1;
    for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
      store_s8x2(to, requantize_s8(acc0, m0), requantize_s8(acc1, m1));
      to += 2;
    });
    at = to;
  }
  static void store_s8x2(int8_t *at, int8_t low, int8_t high) {
    const uint16_t both = static_cast<uint16_t>(static_cast<uint8_t>(low) | static_cast<uint8_t>(high) << 8);
    __builtin_memcpy(at, &both, 2);
  }
};

} // namespace
} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
