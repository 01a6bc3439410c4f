#include "compiler/driver/run/Statistics.h"

#include <algorithm>
#include <cmath>

namespace mcuform {

size_t bestClass(llvm::ArrayRef<float> logits) {
  return static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

std::vector<double> softmax(llvm::ArrayRef<float> logits) {
  const double largest = *std::max_element(logits.begin(), logits.end());
  std::vector<double> probabilities;
  double sum = 0;
  for (float logit : logits)
    sum += probabilities.emplace_back(std::exp(logit - largest));
  for (double &probability : probabilities)
    probability /= sum;
  return probabilities;
}

Accuracy computeAccuracy(llvm::ArrayRef<float> logits, size_t classCount, llvm::ArrayRef<int64_t> labels, llvm::ArrayRef<float> reference) {
  const size_t imageCount = logits.size() / classCount;
  size_t right = 0, rightOfReference = 0, agreeing = 0;
  for (size_t image = 0; image < imageCount; ++image) {
    const size_t best = bestClass(logits.slice(image * classCount, classCount));
    if (!labels.empty())
      right += static_cast<int64_t>(best) == labels[image];
    if (reference.empty())
      continue;
    const size_t bestOfReference = bestClass(reference.slice(image * classCount, classCount));
    agreeing += best == bestOfReference;
    if (!labels.empty())
      rightOfReference += static_cast<int64_t>(bestOfReference) == labels[image];
  }

  Accuracy accuracy;
  const double count = static_cast<double>(imageCount);
  if (!labels.empty())
    accuracy.top1 = static_cast<double>(right) / count;
  if (reference.empty())
    return accuracy;
  accuracy.agreement = static_cast<double>(agreeing) / count;
  if (!labels.empty())
    accuracy.top1Reference = static_cast<double>(rightOfReference) / count;
  double largest = 0;
  for (size_t at = 0; at < logits.size(); ++at)
    largest = std::max(largest, std::abs(static_cast<double>(logits[at]) - static_cast<double>(reference[at])));
  accuracy.maxAbsError = largest;
  return accuracy;
}

} // namespace mcuform
