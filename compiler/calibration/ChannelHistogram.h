// How the magnitudes of a value's channels are distributed, and where eight bits had better end. Numbers only, no IR.
#ifndef MCUFORM_COMPILER_CALIBRATION_CHANNELHISTOGRAM_H
#define MCUFORM_COMPILER_CALIBRATION_CHANNELHISTOGRAM_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace mcuform {

/// How the range of a channel of keys or values, which has 8 bits, is chosen.
enum class RangeMethod {
  Max,        ///< the largest magnitude
  Percentile, ///< that below which 99.99 % of the magnitudes lie
  Mse,        ///< the one with the least squared error of rounding and clipping together
};
inline constexpr RangeMethod kRangeMethods[] = {RangeMethod::Max, RangeMethod::Percentile, RangeMethod::Mse};

/// Counts of the magnitudes of each channel of a value, over a sample of its rows, in bins of equal ratio. Counts do not depend on the
/// order of inputs.
class ChannelHistogram {
public:
  void add(const std::vector<float> &values, int64_t width);
  void merge(const ChannelHistogram &other);
  size_t width() const { return maxAbs.size(); }
  /// The magnitude at which channel `c` is to be clipped, given the largest that was seen anywhere.
  double range(size_t c, double maximum, RangeMethod method) const;
  /// What storing channel `c` in 8 bits up to `range` costs: the squared error of rounding and clipping over the power, both expected.
  double noise(size_t c, double range) const;
  double maximum(size_t c) const { return maxAbs[c]; }

private:
  std::vector<uint32_t> counts; ///< [width][bins]
  std::vector<double> maxAbs;   ///< [width], of the sample
};

/// Of the inputs with even numbers, and of those with odd ones.
using HistogramHalves = std::array<ChannelHistogram, 2>;

/// The method whose ranges, taken from either half, cost the other half least. `headRoom` is what RangeMethod::Max gets beyond the maximum.
RangeMethod chooseRangeMethod(const HistogramHalves &halves, double headRoom);

} // namespace mcuform

#endif
