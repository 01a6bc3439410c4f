// The DSP micro-kernels: rows against the paired weights of two output channels.
#ifndef MCUFORM_SRC_ROW_DOTS_H
#define MCUFORM_SRC_ROW_DOTS_H

#include "mcuform/arith.h"
#include "row_dots_mve.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP && !MCUFORM_RT_MVE

/// Rows that one call takes at most.
inline constexpr int32_t row_dots_limit = 24;

/// What stays the same for all rows of a pair of channels, and where the sums come out: acc[r] = bias + row r . weights. Word by word what
/// dot_3x2 keeps on its stack: row_dots.cpp knows the order of the members.
class RowDots {
public:
  /// Rows stand `stride` values apart, an even number; depth is even.
  RowDots(int32_t stride, int32_t depth);
  /// The next pair of channels.
  void begin(const int8_t *pair, int32_t bias0, int32_t bias1) {
    weights = pair;
    end = pair + pair_bytes;
    for (int32_t i = 0; i < 6; i += 2) {
      bias[i] = bias0;
      bias[i + 1] = bias1;
    }
  }
  /// 1 <= count <= row_dots_limit; rows are read up to their end and not beyond.
  inline void run(const int16_t *rows, int32_t count);
  void plan(int32_t count);
  void run_rest(const int16_t *rows) const;

  const int8_t *weights;
  uint32_t stride; // bytes from row to row
  int32_t bias[6];
  uint32_t skip; // bytes of code that the first turn of dot_3x2's loop leaves out, and the bit of Thumb
  const int8_t *end;
  uint32_t advance;   // bytes from the end of a row to the third row after it
  int32_t (*next)[2]; // where dot_3x2 starts and stops to write
  int32_t (*stop)[2];
  uint32_t pair_bytes;
  // Rows of the last run; how many of them dot_3x2 leaves over, 0, 2 or 4; and where those start, in values.
  int32_t planned = 0, rest = 0;
  ptrdiff_t rest_start = 0;
  int32_t acc[row_dots_limit][2];
};

void dot_3x2(const RowDots *dots, const int16_t *rows);
void dot_1x2(const RowDots *dots, const int16_t *row, int32_t (*acc)[2]);

inline void RowDots::run(const int16_t *rows, int32_t count) {
  if (count == 1) {
    dot_1x2(this, rows, acc);
    return;
  }
  if (count != planned)
    plan(count);
  if (stop != next)
    dot_3x2(this, rows);
  if (rest != 0)
    run_rest(rows);
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
