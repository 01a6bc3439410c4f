// The sigmoid of scores, of which only attention by sigmoids takes a table.
#ifndef MCUFORM_SIGMOID_TABLE_H
#define MCUFORM_SIGMOID_TABLE_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// SIGMOID[i] = round(32767 / (1 + exp(i/64))), the right half turned around.
inline constexpr int32_t sigmoid_table_size = 1024;
extern const int16_t sigmoid_table[sigmoid_table_size];

/// 32767 * sigmoid(t) for t in units of 1/64.
inline int16_t sigmoid_weight(int32_t t) {
  const int32_t distance = t < 0 ? -t : t;
  const int16_t small = sigmoid_table[distance < sigmoid_table_size ? distance : sigmoid_table_size - 1];
  return static_cast<int16_t>(t < 0 ? small : 32767 - small);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
