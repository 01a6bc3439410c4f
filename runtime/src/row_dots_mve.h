// The micro-kernels on MVE, behind the interface of row_dots.h.
#ifndef MCUFORM_SRC_ROW_DOTS_MVE_H
#define MCUFORM_SRC_ROW_DOTS_MVE_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_MVE

/// Rows that one call takes at most.
inline constexpr int32_t row_dots_limit = 24;

/// What stays the same for all rows of a pair of channels, and where the sums come out: acc[r] = bias + row r . weights.
class RowDots {
public:
  /// Rows stand `stride` values apart; depth is even.
  RowDots(int32_t stride, int32_t depth) : stride(stride), depth(depth) {}
  /// The next pair of channels.
  void begin(const int8_t *pair, int32_t bias0, int32_t bias1) {
    weights = pair;
    end = pair + 2 * static_cast<ptrdiff_t>(depth);
    bias[0] = bias0;
    bias[1] = bias1;
  }
  /// 1 <= count <= row_dots_limit; rows are read up to their end and not beyond.
  void run(const int16_t *rows, int32_t count);

  const int8_t *end = nullptr;
  int32_t acc[row_dots_limit][2];

private:
  template <int32_t count> void dot(const int16_t *rows, int32_t (*sums)[2]) const;

  const int8_t *weights = nullptr;
  int32_t stride, depth;
  int32_t bias[2];
};

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
