// Rounding of weights to integers so that a layer's output changes least, given how its inputs vary together. Numbers only, no IR.
#ifndef MCUFORM_PASSES_QUANTIZE_WEIGHTROUNDING_H
#define MCUFORM_PASSES_QUANTIZE_WEIGHTROUNDING_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <vector>

namespace mcuform {

/// The covariance C of a layer's inputs, prepared for rounding. The error e = weights - scale * rounded of a unit changes its output by e^T
/// C e on average, once the bias has taken up the mean. Correlations are damped a little, so that a sample of inputs that does not span the
/// space does not lead astray; small variances are raised, so that an input that the sample shows almost dead still counts.
class WeightRounding {
public:
  /// `covariance` is [depth][depth], its diagonal not negative.
  WeightRounding(std::vector<double> covariance, int64_t depth);

  /// Integers in [-127, 127] for one unit, close to weights / scale. Weights are rounded one after the other, those of the strongest inputs
  /// first; what one leaves is compensated by those that follow. Single steps that still help are taken afterwards. None ends more than two
  /// steps from the integer nearest to it. Not worse than rounding to nearest. Returns e^T C e.
  double round(llvm::ArrayRef<double> weights, double scale, llvm::MutableArrayRef<int8_t> rounded) const;
  /// The same with a scale for each weight, to integers in [-limit, limit]. Without `fromNearest` the steps do not start from rounding to
  /// nearest as well: enough to compare scales by, for half of the time.
  double round(llvm::ArrayRef<double> weights, llvm::ArrayRef<double> scales, double limit, llvm::MutableArrayRef<int8_t> rounded,
               bool fromNearest = true) const;

private:
  double descend(llvm::ArrayRef<double> weights, llvm::ArrayRef<double> scales, double limit, llvm::MutableArrayRef<int8_t> rounded) const;

  int64_t depth;
  std::vector<double> matrix; ///< C, damped
  std::vector<double> factor; ///< lower triangle L, row-major: L L^T = C with rows and columns in `order`
  std::vector<int64_t> order; ///< by rising diagonal
};

} // namespace mcuform

#endif
