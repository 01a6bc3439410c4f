// The first dense layer of an MLP with GELU.
#include "linear_epilogue.h"
#include "mcuform/kernels.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

struct Gelu : LinearPair {
  int16_t *out;
  int32_t index_mult, delta_mult;
  int16_t *at = nullptr;

  Gelu(int16_t *out, const int32_t *bias, const int32_t *mult, int32_t units, int32_t index_mult, int32_t delta_mult)
      : LinearPair(bias, mult, units), out(out), index_mult(index_mult), delta_mult(delta_mult) {}

  void begin(int32_t unit) {
    load(unit);
    at = out + unit;
  }
  __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t m0 = mult0, m1 = mult1;
    const ptrdiff_t step = units;
    for (; rows > 0; --rows, ++acc, to += step) {
      const int16_t first = gelu_s15((*acc)[0], m0, index_mult, delta_mult);
      if (whole)
        store_s16x2(to, first, gelu_s15((*acc)[1], m1, index_mult, delta_mult));
      else
        *to = first;
    }
    at = to;
  }
};

} // namespace

void linear_gelu_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t rows,
                     int32_t depth, int32_t units, int32_t index_mult, int32_t delta_mult) {
  Gelu epilogue(out, bias, mult, units, index_mult, delta_mult);
  rows_by_pair(in, depth, weights, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
