// Eight values of each row at a time: VMOVLB and VMOVLT take the two channels of sixteen paired weights apart and widen them, VMLADAVA adds
// eight products to a sum in a general register. Sums wrap, so that their order does not matter.
#include "row_dots_mve.h"

#if MCUFORM_RT_MVE
#include <arm_mve.h>
#endif

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_MVE

namespace {
constexpr uint32_t lanes = 8; // of int16
}

/// Three rows are 13 instructions for 48 products. Four would take their eighth sum from the loop's counter: VMLADAVA adds to even
/// registers only.
template <int32_t count> __attribute__((always_inline)) inline void RowDots::dot(const int16_t *rows, int32_t (*sums)[2]) const {
  const int8_t *pair = weights;
  const int16_t *row0 = rows, *row1 = rows + stride, *row2 = row1 + stride;
  int32_t s00 = bias[0], s01 = bias[1], s10 = s00, s11 = s01, s20 = s00, s21 = s01;
  for (uint32_t turns = static_cast<uint32_t>(depth) / lanes; turns != 0; --turns) {
    const int8x16_t both = vldrbq_s8(pair);
    pair += 2 * lanes;
    const int16x8_t even = vmovlbq_s8(both), odd = vmovltq_s8(both);
    int16x8_t values = vldrhq_s16(row0);
    row0 += lanes;
    s00 = vmladavaq_s16(s00, values, even);
    s01 = vmladavaq_s16(s01, values, odd);
    if constexpr (count > 1) {
      values = vldrhq_s16(row1);
      row1 += lanes;
      s10 = vmladavaq_s16(s10, values, even);
      s11 = vmladavaq_s16(s11, values, odd);
    }
    if constexpr (count > 2) {
      values = vldrhq_s16(row2);
      row2 += lanes;
      s20 = vmladavaq_s16(s20, values, even);
      s21 = vmladavaq_s16(s21, values, odd);
    }
  }
  if (const uint32_t left = static_cast<uint32_t>(depth) % lanes; left != 0) {
    // Lanes beyond the end are not read and count as zero.
    const int8x16_t both = vldrbq_z_s8(pair, vctp8q(2 * left));
    const int16x8_t even = vmovlbq_s8(both), odd = vmovltq_s8(both);
    const mve_pred16_t inside = vctp16q(left);
    int16x8_t values = vldrhq_z_s16(row0, inside);
    s00 = vmladavaq_s16(s00, values, even);
    s01 = vmladavaq_s16(s01, values, odd);
    if constexpr (count > 1) {
      values = vldrhq_z_s16(row1, inside);
      s10 = vmladavaq_s16(s10, values, even);
      s11 = vmladavaq_s16(s11, values, odd);
    }
    if constexpr (count > 2) {
      values = vldrhq_z_s16(row2, inside);
      s20 = vmladavaq_s16(s20, values, even);
      s21 = vmladavaq_s16(s21, values, odd);
    }
  }
  sums[0][0] = s00;
  sums[0][1] = s01;
  if constexpr (count > 1) {
    sums[1][0] = s10;
    sums[1][1] = s11;
  }
  if constexpr (count > 2) {
    sums[2][0] = s20;
    sums[2][1] = s21;
  }
}

// A last row costs more alone than as the fourth of two pairs.
MCUFORM_RT_HOT("row_dots") void RowDots::run(const int16_t *rows, int32_t count) {
  int32_t(*sums)[2] = acc;
  const ptrdiff_t step = stride;
  for (; count > 4 || count == 3; count -= 3, rows += 3 * step, sums += 3)
    dot<3>(rows, sums);
  for (; count > 1; count -= 2, rows += 2 * step, sums += 2)
    dot<2>(rows, sums);
  if (count != 0)
    dot<1>(rows, sums);
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
