// The epilogue of the first dense layer of an MLP: GELU, or another activation that is max(x, 0) less a table.
#ifndef MCUFORM_SRC_EPILOGUE_ACTIVATION_H
#define MCUFORM_SRC_EPILOGUE_ACTIVATION_H

#include "linear_epilogue.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace { // so that each kernel shapes store() for its own loop

#if MCUFORM_RT_DSP

// One hidden unit in six instructions, for 2^15 <= index_mult < 2^23 or no delta; index_mult comes times 2^8 and delta_mult negated. As
// hidden_s15, but
//   no S23 of u: a u beyond 23 bits, at most 2^30, has the index of S23's limits, an end of DELTA (2^22 * 2^8 * index_mult >= 2^13 * 2^32);
//   u * 2^8 times index_mult = u times index_mult << 8.
constexpr int32_t least_index_mult = 1 << 15, index_mult_end = 1 << 23;

inline int32_t hidden_unit(int32_t acc, int32_t mult, int32_t index_mult_256, const uint16_t *delta, int32_t minus_delta_mult) {
  const int32_t u = round_mul(acc, mult);
  const int32_t index = saturate<delta_index_bits>(round_mul(u, index_mult_256));
  return round_mul_acc(delta[index], minus_delta_mult, clamp_positive<14>(u));
}

#endif

struct Activation : LinearPair {
  int16_t *out;
  const uint16_t *delta;
  int32_t index_mult, delta_mult;
  int16_t *at = nullptr;

  Activation(int16_t *out, const int32_t *bias, const int32_t *mult, int32_t units, const uint16_t *delta, int32_t index_mult,
             int32_t delta_mult)
      : LinearPair(bias, mult, units), out(out), delta(delta), index_mult(index_mult), delta_mult(delta_mult) {}

  void begin(int32_t unit) {
    load(unit);
    at = out + unit;
  }
#if MCUFORM_RT_DSP
  bool takes_six() const { return whole && (index_mult >= least_index_mult || delta_mult == 0) && index_mult < index_mult_end; }

  /// As groups.run() and store(), for whole groups of four rows, whose sums never leave the registers; false where that is not to be had.
  template <class Groups> bool run(Groups &groups, const int16_t *in, int32_t rows) {
    if (!takes_six())
      return false;
    const ptrdiff_t step = 2 * static_cast<ptrdiff_t>(units);
    int16_t *const end = at + rows * static_cast<ptrdiff_t>(units);
    groups.run_hidden(in, {{mult0, mult1}, index_mult << 8, delta, -delta_mult, at, step, 3 * step, end});
    at = end;
    return true;
  }
#endif
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t m0 = mult0, m1 = mult1;
    const ptrdiff_t step = units;
#if MCUFORM_RT_DSP
    if (takes_six()) {
      const int32_t index_mult_256 = index_mult << 8, minus_delta_mult = -delta_mult;
      const uint16_t *const table = delta;
      for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
        const int32_t first = hidden_unit(acc0, m0, index_mult_256, table, minus_delta_mult);
        const int32_t second = hidden_unit(acc1, m1, index_mult_256, table, minus_delta_mult);
        store_s16x2(to, static_cast<int16_t>(first), static_cast<int16_t>(second));
        to += step;
      });
      at = to;
      return;
    }
#endif
    for (; rows > 0; --rows, ++acc, to += step) {
      const int16_t first = hidden_s15((*acc)[0], m0, delta, index_mult, delta_mult);
      if (whole)
        store_s16x2(to, first, hidden_s15((*acc)[1], m1, delta, index_mult, delta_mult));
      else
        *to = first;
    }
    at = to;
  }
};

} // namespace
} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
