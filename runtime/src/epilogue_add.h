// The epilogue of a dense layer added to the residual stream in place.
#ifndef MCUFORM_SRC_EPILOGUE_ADD_H
#define MCUFORM_SRC_EPILOGUE_ADD_H

#include "linear_epilogue.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace { // so that each kernel shapes store() for its own loop

struct Add : LinearPair {
  int16_t *x;
  int16_t *at = nullptr;

  Add(int16_t *x, const int32_t *bias, const int32_t *mult, int32_t units) : LinearPair(bias, mult, units), x(x) {}

  void begin(int32_t unit) {
    load(unit);
    at = x + unit;
  }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t m0 = mult0, m1 = mult1;
    const ptrdiff_t step = units;
    if (whole)
      for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
        store_s16x2(to, requantize_add_s16(acc0, m0, to[0]), requantize_add_s16(acc1, m1, to[1]));
        to += step;
      });
    else
      for (; rows > 0; --rows, ++acc, to += step)
        *to = requantize_add_s16((*acc)[0], m0, *to);
    at = to;
  }
};

} // namespace
} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
