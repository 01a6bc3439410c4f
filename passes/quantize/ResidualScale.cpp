#include "passes/quantize/ResidualScale.h"

#include <algorithm>
#include <cmath>

namespace mcuform {
namespace {
constexpr double kMaxStored = 32768;
constexpr int kLargestFactorLog2 = 8;
} // namespace

bool layerNormFits(const std::vector<int16_t> &factors, double epsilon) {
  double sum = 0, squares = 0, largest = 0, width = double(factors.size());
  for (int16_t factor : factors) {
    double z = kMaxStored * factor;
    sum += z;
    squares += z * z;
    largest = std::max(largest, z);
  }
  return sum < 2147483648.0 && width * largest + sum < 2147483648.0 && width * squares + epsilon < 9.2e18;
}

ResidualScale chooseResidualScale(const std::vector<double> &maxAbs, const std::vector<double> &minimumScale) {
  std::vector<double> wanted(maxAbs.size());
  double smallest = 0, largest = 0;
  for (size_t c = 0; c < maxAbs.size(); ++c) {
    wanted[c] = std::max(maxAbs[c] / 32767, minimumScale[c]);
    largest = std::max(largest, wanted[c]);
    if (wanted[c] > 0 && (smallest == 0 || wanted[c] < smallest))
      smallest = wanted[c];
  }
  if (largest == 0) { // a network that is zero throughout
    smallest = largest = 1.0 / 32767;
  }
  ResidualScale result;
  for (int limit = kLargestFactorLog2;; --limit) {
    result.base = std::max(smallest, largest / (1 << limit));
    result.factors.clear();
    for (double scale : wanted) {
      int shift = 0;
      while (shift < limit && result.base * (1 << shift) < scale * (1 - 1e-12))
        ++shift;
      result.factors.push_back(int16_t(1 << shift));
    }
    if (limit > 0 && !layerNormFits(result.factors, 0))
      continue;
    for (size_t c = 0; c < wanted.size(); ++c) {
      if (wanted[c] > 0 && result.channel(c) / wanted[c] > result.coarseness) {
        result.coarseness = result.channel(c) / wanted[c];
        result.coarsest = c;
      }
      if (wanted[c] > wanted[result.largest])
        result.largest = c;
    }
    return result;
  }
}

} // namespace mcuform
