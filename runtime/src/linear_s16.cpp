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
  void store(int32_t acc0, int32_t acc1) {
    if (whole)
      store_s16x2(at, requantize_s16(acc0, mult0), requantize_s16(acc1, mult1));
    else
      *at = requantize_s16(acc0, mult0);
    at += units;
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
