// The DSP micro-kernels: one, two or three rows against the paired weights of two output channels.
#ifndef MCUFORM_SRC_ROW_DOTS_H
#define MCUFORM_SRC_ROW_DOTS_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP

/// What stays the same for all rows of a pair of channels, and where the sums come out. row_dots.cpp knows the order of the members.
struct RowDots {
  const int8_t *weights;
  uint32_t stride; // bytes from row to row
  int32_t bias0, bias1;
  const int8_t *unrolled_end; // of the last whole run of 64 bytes of weights
  const int8_t *end;
  int32_t acc[3][2];
};

/// Weights that one turn of the unrolled loop of dot_3x2 takes: 16 words.
inline constexpr int32_t dot_3x2_unrolled_bytes = 64;

// acc[r] = bias + row r . weights, for the given count of rows; rows are read up to their end and not beyond.
void dot_3x2(RowDots *dots, const int16_t *rows);
void dot_2x2(RowDots *dots, const int16_t *rows);
void dot_1x2(RowDots *dots, const int16_t *row);

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
