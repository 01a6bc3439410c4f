// The DSP micro-kernel for rows that lie interleaved by fours, on weights that are widened once for all rows: what a step reads stands
// together, so that no register holds a distance between rows.
#ifndef MCUFORM_SRC_ROW_FOURS_H
#define MCUFORM_SRC_ROW_FOURS_H

#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP && !MCUFORM_RT_MVE

/// What dot_4x2 needs to make hidden units of its sums: see hidden_unit in epilogue_activation.h. Word by word what it keeps on its stack.
struct FourHidden {
  int32_t mult[2];
  int32_t index_mult_256;
  const uint16_t *delta; // the table's middle
  int32_t minus_delta_mult;
  int16_t *out; // of the first row
  int32_t step; // bytes from row to row
  int32_t three_steps;
  const int16_t *end; // of the row behind the last
};

/// As RowDots, for whole groups of four. Word by word what dot_4x2 keeps on its stack: row_fours.cpp knows the order of the members.
class RowFours {
public:
  /// `widened`: memory for one pair of channels, 2*depth values.
  RowFours(int16_t *widened, int32_t depth);
  inline void begin(const int8_t *pair, int32_t bias0, int32_t bias1);
  /// `groups`: rows as interleave_fours leaves them; count a multiple of 4, at most row_dots_limit.
  inline void run(const int16_t *groups, int32_t count);
  /// All the way to hidden units, any multiple of 4 rows.
  inline void run_hidden(const int16_t *groups, const FourHidden &hidden);

  int16_t *weights; // word by word channel 0, channel 1
  int32_t bias[8];
  uint32_t skip; // bytes of code that the first turn of the loop leaves out, and the bit of Thumb
  const int16_t *end;
  int32_t (*next)[2]; // where dot_4x2 starts and stops to write; null if sums become hidden units
  int32_t (*stop)[2];
  int32_t pair_bytes;
  int32_t acc[row_dots_limit][2];
};

void dot_4x2(const RowFours *fours, const int16_t *groups, const FourHidden *hidden);
void widen_pair(int16_t *out, const int8_t *pair, const int8_t *end);
void interleave_group(int16_t *out, const int16_t *rows, int32_t bytes_of_row);

inline void RowFours::begin(const int8_t *pair, int32_t bias0, int32_t bias1) {
  widen_pair(weights, pair, pair + pair_bytes);
  for (int32_t i = 0; i < 8; i += 2) {
    bias[i] = bias0;
    bias[i + 1] = bias1;
  }
}

inline void RowFours::run(const int16_t *groups, int32_t count) {
  next = acc;
  stop = acc + count;
  dot_4x2(this, groups, nullptr);
}

inline void RowFours::run_hidden(const int16_t *groups, const FourHidden &hidden) {
  next = nullptr;
  dot_4x2(this, groups, &hidden);
}

/// `rows`, a multiple of 4, each group of four as its first words, its second words and so on.
void interleave_fours(int16_t *out, const int16_t *in, int32_t rows, int32_t depth);

/// With fewer rows widening weights takes more than the loop saves.
inline constexpr int32_t least_rows_by_four = 8;

/// As rows_by_pair for dense rows, with `fours` for as many whole groups of four as there are, and one pair of channels, widened; what is
/// left over goes by way of RowDots.
template <class Weights, class Epilogue>
MCUFORM_RT_INLINE void rows_by_four(const int16_t *in, int16_t *fours, Weights weights, int32_t rows, int32_t depth, int32_t units,
                                    Epilogue &epilogue) {
  const int32_t whole = rows & ~3;
  if (whole < least_rows_by_four)
    return rows_by_pair(in, depth, weights, rows, depth, units, epilogue);
  interleave_fours(fours, in, whole, depth);
  const int16_t *const last = in + static_cast<ptrdiff_t>(whole) * depth;
  RowFours groups(fours + static_cast<ptrdiff_t>(whole) * depth, depth);
  RowDots dots(depth, depth);
  const int8_t *at = weights.begin();
  for (int32_t unit = 0; unit < units; unit += 2) {
    epilogue.begin(unit);
    const int8_t *const pair = weights.next(at);
    groups.begin(pair, epilogue.bias0, epilogue.bias1);
    at = pair + groups.pair_bytes;
    const int16_t *group = fours;
    for (int32_t left = epilogue.run(groups, fours, whole) ? 0 : whole; left > 0; left -= row_dots_limit) {
      const int32_t count = left < row_dots_limit ? left : row_dots_limit;
      groups.run(group, count);
      epilogue.store(groups.acc, count);
      group += row_dots_limit * static_cast<ptrdiff_t>(depth);
    }
    if (whole != rows) {
      dots.begin(pair, epilogue.bias0, epilogue.bias1);
      dots.run(last, rows - whole);
      epilogue.store(dots.acc, rows - whole);
    }
  }
}

#else

/// Without the DSP micro-kernels rows are best as they lie.
template <class Weights, class Epilogue>
MCUFORM_RT_INLINE void rows_by_four(const int16_t *in, int16_t *, Weights weights, int32_t rows, int32_t depth, int32_t units,
                                    Epilogue &epilogue) {
  rows_by_pair(in, depth, weights, rows, depth, units, epilogue);
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
