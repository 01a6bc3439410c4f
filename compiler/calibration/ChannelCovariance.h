// How the channels of a value vary together, over a sample of its rows.
#ifndef MCUFORM_COMPILER_CALIBRATION_CHANNELCOVARIANCE_H
#define MCUFORM_COMPILER_CALIBRATION_CHANNELCOVARIANCE_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace mcuform {

/// Mean and covariance of the channels of a value over a sample of its rows, which may count more or less each.
struct ChannelCovariance {
  std::vector<double> sum;
  std::vector<float> products; ///< sums of x[i] * x[j]
  double count = 0;            ///< sum of the rows' weights
  double squaredCount = 0;     ///< sum of the weights' squares

  /// Rows of `width` values; `weights` one a row, or none for ones.
  void add(std::vector<float> values, int64_t width, llvm::ArrayRef<float> weights = {});
  std::vector<double> mean() const;
  /// The covariance [width, width]; leaves the products empty. Correlations are shrunk by rows / (rows + width), since those of few rows
  /// are chance for the most part: what is rounded to cancel out on these inputs would add up on others. Rows of unequal weights count for
  /// fewer.
  std::vector<float> take();
};

} // namespace mcuform

#endif
