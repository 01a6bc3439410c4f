// The epilogue of a dense layer with int16 outputs.
#ifndef MCUFORM_SRC_EPILOGUE_PLAIN_H
#define MCUFORM_SRC_EPILOGUE_PLAIN_H

#include "linear_epilogue.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace { // so that each kernel shapes store() for its own loop

struct Plain : LinearPair {
  int16_t *out;
  int16_t *at = nullptr;

  Plain(int16_t *out, const int32_t *bias, const int32_t *mult, int32_t units) : LinearPair(bias, mult, units), out(out) {}

  void begin(int32_t unit) {
    load(unit);
    at = out + unit;
  }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t m0 = mult0, m1 = mult1;
    const ptrdiff_t step = units;
    if (whole)
      for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
        store_s16x2(to, requantize_s16(acc0, m0), requantize_s16(acc1, m1));
        to += step;
      });
    else
      for (; rows > 0; --rows, ++acc, to += step)
        *to = requantize_s16((*acc)[0], m0);
    at = to;
  }
};

} // namespace
} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
