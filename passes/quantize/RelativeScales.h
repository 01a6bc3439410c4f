// Tables of relative positions in integers, and the scales that keys and values get for their sake (docs/relative-position.md). Numbers
// only, no IR.
#ifndef MCUFORM_PASSES_QUANTIZE_RELATIVESCALES_H
#define MCUFORM_PASSES_QUANTIZE_RELATIVESCALES_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace mcuform {

/// A table [rows][width] in float.
struct FloatTable {
  std::vector<float> values;
  int64_t rows = 0, width = 0;

  /// The largest magnitude of each column.
  std::vector<double> columnMaxima() const;
};

struct IntegerTable {
  std::vector<int8_t> values;
  std::vector<double> scale; ///< one, or one for each column of the table
};

/// Channel c of head h is stored in steps of head[h] * channel[c], so that one table serves all heads.
struct SharedScales {
  std::vector<double> head, channel;

  std::vector<double> product() const;
};

/// The least such scales that are nowhere finer than `scale`, [heads * width], and none of whose steps is finer than the table's will be.
SharedScales shareScales(llvm::ArrayRef<double> scale, const FloatTable &table);

/// The table over the channels' scales, [rows][width], with one scale.
IntegerTable quantizeKeyTable(const FloatTable &table, llvm::ArrayRef<double> channel);

/// The table turned, [width][rows + 1], with a scale for each channel; its last column is zero.
IntegerTable quantizeValueTable(const FloatTable &table);

} // namespace mcuform

#endif
