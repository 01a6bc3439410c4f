#include "passes/quantize/LinearQuantizer.h"

#include "passes/quantize/WeightRounding.h"

#include "compiler/support/ParallelFor.h"
#include "mcuform/arith.h"

#include <algorithm>
#include <cmath>

namespace mcuform {
namespace {

constexpr double kMaxWeight = 127, kMaxInt4 = 7;
/// Clipping points tried, as fractions of the largest weight.
constexpr double kSmallestClip = 0.70, kClipStep = 0.02;

/// Scales tried for rounding with a covariance, relative to the best one without.
constexpr double kScaleSteps[] = {0.88, 0.92, 0.96, 1.0, 1.04};

/// Clipping points tried for groups of four-bit weights, likewise.
constexpr double kSmallestInt4Clip = 0.45;

double roundWeight(double weight, double scale, double limit) { return std::clamp(std::nearbyint(weight / scale), -limit, limit); }

/// The scale of some of a unit's weights: the candidate with the least expected squared output error.
double chooseScale(llvm::ArrayRef<double> weights, llvm::ArrayRef<double> power, double limit = kMaxWeight,
                   double smallestClip = kSmallestClip) {
  double largest = 0;
  for (double weight : weights)
    largest = std::max(largest, std::fabs(weight));
  if (largest == 0)
    return 0;
  double best = largest / limit, bestError = -1;
  for (int step = 0; 1 - step * kClipStep >= smallestClip; ++step) {
    double scale = largest * (1 - step * kClipStep) / limit, error = 0;
    for (size_t k = 0; k < weights.size(); ++k) {
      double difference = weights[k] - scale * roundWeight(weights[k], scale, limit);
      error += difference * difference * power[k];
    }
    if (bestError < 0 || error < bestError) {
      bestError = error;
      best = scale;
    }
  }
  return best;
}

/// The finest step of 8 bits that weights are multiples of, as those of a quantized file are of theirs; 0 where there is none.
double findStep(llvm::ArrayRef<double> weights) {
  // Of a float32 that was a product, over its step.
  constexpr double kTolerance = 1e-4;
  double largest = 0;
  for (double weight : weights)
    largest = std::max(largest, std::fabs(weight));
  for (double code = kMaxWeight; largest > 0 && code >= 1; --code) {
    const double step = largest / code;
    double products = 0, squares = 0;
    const bool isMultiple = std::all_of(weights.begin(), weights.end(), [&](double weight) {
      const double rounded = std::nearbyint(weight / step);
      products += weight * rounded;
      squares += rounded * rounded;
      return std::fabs(weight / step - rounded) < kTolerance;
    });
    if (isMultiple)
      return products / squares; // the rounding of all together
  }
  return 0;
}

/// The integer weights of one unit: what they are multiples of, and their rounding to them.
class UnitWeights {
public:
  /// `variance` of the inputs; `rounding` or null; `group` as in FloatLinear.
  UnitWeights(llvm::ArrayRef<double> weights, llvm::ArrayRef<double> variance, const WeightRounding *rounding, int64_t group)
      : weights(weights), variance(variance), rounding(rounding), factors(weights.size(), 1), limit(group ? kMaxInt4 : kMaxWeight) {
    if (group)
      chooseGroupScales(size_t(group));
    else if ((unitScale = findStep(weights)) > 0)
      multiples = true;
    else
      unitScale = chooseScale(weights, variance);
  }

  /// Whether the weights are multiples of the scale already.
  bool areMultiples() const { return multiples; }

  /// The best one for independent inputs; 0 for a dead unit.
  double scale() const { return unitScale; }
  llvm::ArrayRef<int8_t> groupScales() const { return scales; }

  /// Weights in units of `scale`; returns the expected squared error. `fromNearest` as in WeightRounding.
  double round(double scale, llvm::MutableArrayRef<int8_t> rounded, bool fromNearest = true) const {
    std::vector<double> steps(weights.size());
    for (size_t k = 0; k < steps.size(); ++k)
      steps[k] = scale * factors[k];
    double error = 0;
    if (rounding && !multiples) {
      error = rounding->round(weights, steps, limit, rounded, fromNearest);
    } else {
      for (size_t k = 0; k < steps.size(); ++k) {
        rounded[k] = int8_t(roundWeight(weights[k], steps[k], limit));
        error += (weights[k] - steps[k] * rounded[k]) * (weights[k] - steps[k] * rounded[k]) * variance[k];
      }
    }
    for (size_t k = 0; k < steps.size(); ++k)
      rounded[k] = int8_t(rounded[k] * factors[k]);
    return error;
  }

private:
  void chooseGroupScales(size_t group) {
    std::vector<double> wanted;
    for (size_t first = 0; first < weights.size(); first += group) {
      const size_t count = std::min(group, weights.size() - first);
      wanted.push_back(chooseScale(weights.slice(first, count), variance.slice(first, count), kMaxInt4, kSmallestInt4Clip));
      unitScale = std::max(unitScale, wanted.back() / rt::int4_largest_scale);
    }
    for (double scale : wanted)
      scales.push_back(int8_t(unitScale == 0 ? 1 : std::clamp(std::nearbyint(scale / unitScale), 1.0, double(rt::int4_largest_scale))));
    for (size_t k = 0; k < factors.size(); ++k)
      factors[k] = scales[k / group];
  }

  llvm::ArrayRef<double> weights, variance;
  const WeightRounding *rounding;
  std::vector<int> factors; ///< of the unit's scale, per weight
  std::vector<int8_t> scales;
  double limit, unitScale = 0;
  bool multiples = false;
};

} // namespace

IntegerLinear quantizeLinear(const FloatLinear &layer) {
  IntegerLinear result;
  result.units = layer.units;
  result.depth = layer.depth;
  result.weights.resize(size_t(layer.units * layer.depth));
  result.bias.resize(size_t(layer.units));
  result.accumulatorScale.resize(size_t(layer.units));
  result.group = layer.group;
  const int64_t groups = layer.group ? (layer.depth + layer.group - 1) / layer.group : 0;
  result.groupScales.resize(size_t(layer.units * groups));
  std::vector<double> noise(size_t(layer.units), 0), signal(size_t(layer.units), 0);

  // Moments of inputScale * stored: what the effective weights multiply. Of its power only the variance makes noise, the mean goes into the bias.
  size_t depth = size_t(layer.depth);
  std::vector<double> mean(depth, 0), power(depth, 1), variance(depth, 1);
  for (size_t k = 0; k < depth && !layer.meanSquare.empty(); ++k) {
    mean[k] = layer.mean[k] / layer.channelScale[k];
    power[k] = layer.meanSquare[k] / (layer.channelScale[k] * layer.channelScale[k]);
    variance[k] = std::max(power[k] - mean[k] * mean[k], power[k] * 1e-6);
  }
  std::optional<WeightRounding> rounding;
  if (!layer.covariance.empty()) {
    std::vector<double> covariance(layer.covariance.begin(), layer.covariance.end());
    for (size_t i = 0; i < depth; ++i)
      for (size_t j = 0; j < depth; ++j)
        covariance[i * depth + j] /= layer.channelScale[i] * layer.channelScale[j];
    rounding.emplace(std::move(covariance), layer.depth);
  }

  parallelFor(size_t(layer.units), [&](size_t n) {
    std::vector<double> weights(depth);
    for (size_t k = 0; k < depth; ++k)
      weights[k] = double(layer.weights[n * depth + k]) * layer.channelScale[k];
    llvm::MutableArrayRef<int8_t> rounded(&result.weights[n * depth], depth);
    const UnitWeights unit(weights, variance, rounding ? &*rounding : nullptr, layer.group);
    std::copy(unit.groupScales().begin(), unit.groupScales().end(), result.groupScales.begin() + int64_t(n) * groups);
    double scale = unit.scale();
    if (scale == 0) { // a dead unit: any scale represents its bias; take one that uses the accumulator well
      scale = std::max(std::fabs(layer.bias[n]) / layer.inputScale / (1 << 24), 1e-12);
    } else if (rounding && !unit.areMultiples()) {
      double best = scale, bestError = -1;
      for (double step : kScaleSteps)
        if (double error = unit.round(scale * step, rounded, /*fromNearest=*/false); bestError < 0 || error < bestError) {
          bestError = error;
          best = scale * step;
        }
      scale = best;
    }
    for (;; scale *= 1.02) {
      noise[n] = unit.round(scale, rounded);
      double sumAbs = 0, meanError = 0;
      signal[n] = 0;
      for (size_t k = 0; k < depth; ++k) {
        sumAbs += std::abs(rounded[k]);
        meanError += (weights[k] - scale * rounded[k]) * mean[k];
        signal[n] += weights[k] * weights[k] * power[k];
      }
      double accumulatorScale = layer.inputScale * scale;
      double bias = (layer.bias[n] + meanError) / accumulatorScale;
      double bound = sumAbs * double(layer.inputBound) + std::fabs(bias) + 1;
      if (bound < 2147483647.0) {
        result.bias[n] = int32_t(std::nearbyint(bias));
        result.accumulatorScale[n] = accumulatorScale;
        return;
      }
    }
  });
  double noiseSum = 0, signalSum = 0;
  for (int64_t n = 0; n < layer.units; ++n) {
    noiseSum += noise[n];
    signalSum += signal[n];
  }
  result.noiseToSignal = signalSum > 0 ? noiseSum / signalSum : 0;
  return result;
}

void padDepth(IntegerLinear &layer) {
  if (layer.depth % 2 == 0)
    return;
  std::vector<int8_t> padded(size_t(layer.units * (layer.depth + 1)), 0);
  for (int64_t n = 0; n < layer.units; ++n)
    std::copy_n(&layer.weights[size_t(n * layer.depth)], layer.depth, &padded[size_t(n * (layer.depth + 1))]);
  layer.weights = std::move(padded);
  ++layer.depth;
}

std::optional<int32_t> fixedPoint32(double ratio) {
  double value = std::nearbyint(ratio * 4294967296.0);
  if (!(value >= 0 && value < 2147483648.0))
    return std::nullopt;
  return int32_t(value);
}

std::optional<std::vector<int32_t>> multipliers(const IntegerLinear &layer, llvm::ArrayRef<double> outputScale, int64_t *badUnit) {
  std::vector<int32_t> result;
  for (int64_t n = 0; n < layer.units; ++n) {
    auto value = fixedPoint32(layer.accumulatorScale[n] / outputScale[n]);
    if (!value) {
      *badUnit = n;
      return std::nullopt;
    }
    result.push_back(*value);
  }
  return result;
}

} // namespace mcuform
