// A dense layer with int16 outputs; also the head of a network.
#include "linear_epilogue.h"
#include "mcuform/kernels.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

struct Plain : LinearPair {
  int16_t *out;
  int16_t *at = nullptr;

  Plain(int16_t *out, const int32_t *bias, const int32_t *mult, int32_t units) : LinearPair(bias, mult, units), out(out) {}

  void begin(int32_t unit) {
    load(unit);
    at = out + unit;
  }
  __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
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

void linear_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t rows,
                int32_t depth, int32_t units) {
  Plain epilogue(out, bias, mult, units);
  rows_by_pair(in, depth, weights, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
