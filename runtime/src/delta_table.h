// How the tables of the activations are made: by the compiler, into constant data.
#ifndef MCUFORM_SRC_DELTA_TABLE_H
#define MCUFORM_SRC_DELTA_TABLE_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// right[|i|] for each index i, and 0 beyond.
template <int32_t count> constexpr DeltaTable both_sides(const uint16_t (&right)[count]) {
  constexpr int32_t middle = 1 << (delta_index_bits - 1);
  static_assert(count < middle, "an index beyond the ends is clamped to them");
  DeltaTable table{};
  for (int32_t i = 0; i < count; ++i)
    table.from_least[middle + i] = table.from_least[middle - i] = right[i];
  return table;
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
