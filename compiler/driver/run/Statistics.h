// How good a package's answers are.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_STATISTICS_H
#define MCUFORM_COMPILER_DRIVER_RUN_STATISTICS_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mcuform {

/// Fractions of all images, from 0 to 1; absent where what they compare with is.
struct Accuracy {
  std::optional<double> top1;          ///< class of the package = label
  std::optional<double> top1Reference; ///< class of the reference = label
  std::optional<double> agreement;     ///< class of the package = class of the reference
  std::optional<double> maxAbsError;   ///< largest difference of a logit from the reference's
};

/// The class with the largest logit, the first of them if there are several.
size_t bestClass(llvm::ArrayRef<float> logits);

/// Probabilities: exp(logit) over the sum of all.
std::vector<double> softmax(llvm::ArrayRef<float> logits);

/// Logits are [images][classCount]; labels and reference may be empty.
Accuracy computeAccuracy(llvm::ArrayRef<float> logits, size_t classCount, llvm::ArrayRef<int64_t> labels, llvm::ArrayRef<float> reference);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_STATISTICS_H
