// What the epilogues of the linears share: the bias and the multiplier of a pair of units, of which the second may not exist.
#ifndef MCUFORM_SRC_LINEAR_EPILOGUE_H
#define MCUFORM_SRC_LINEAR_EPILOGUE_H

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

struct LinearPair {
  const int32_t *bias;
  const int32_t *mult;
  int32_t units;
  int32_t bias0 = 0, bias1 = 0;
  int32_t mult0 = 0, mult1 = 0;
  bool whole = true; // false for the last of an odd count of units: nothing of the second may be read or written

  LinearPair(const int32_t *bias, const int32_t *mult, int32_t units) : bias(bias), mult(mult), units(units) {}

  void load(int32_t unit) {
    whole = unit + 1 < units;
    bias0 = bias[unit];
    mult0 = mult[unit];
    bias1 = whole ? bias[unit + 1] : 0;
    mult1 = whole ? mult[unit + 1] : 0;
  }

  /// An epilogue that is part of the micro-kernel for groups of four rows hides this one.
  template <class Groups> bool run(Groups &, const int16_t *, int32_t) { return false; }
};

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
