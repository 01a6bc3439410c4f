// Weights of one linear layer from float to int8 with int32 biases and multipliers. Numbers only, no IR.
#ifndef MCUFORM_PASSES_QUANTIZE_LINEARQUANTIZER_H
#define MCUFORM_PASSES_QUANTIZE_LINEARQUANTIZER_H

#include "llvm/ADT/ArrayRef.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace mcuform {

/// A linear layer in float whose input is stored as integers: input k is `inputScale * channelScale[k] * stored[k]`.
struct FloatLinear {
  int64_t units = 0, depth = 0;
  std::vector<float> weights; ///< [units][depth], row-major
  std::vector<double> bias;   ///< [units]
  double inputScale = 1;
  std::vector<double> channelScale; ///< [depth]
  int64_t inputBound = 32768;       ///< the largest magnitude of a stored input
  /// Moments of the real inputs over the calibration set, [depth]; what weight clipping minimizes over and what bias correction restores.
  std::vector<double> mean, meanSquare;
  /// Their covariance, [depth][depth], or empty: then inputs count as uncorrelated.
  std::vector<float> covariance;
  /// Inputs that share a scale of four-bit weights; 0: weights of eight bits.
  int64_t group = 0;
};

/// The same in integers, but for the multipliers, which need the output's scale.
struct IntegerLinear {
  int64_t units = 0, depth = 0;
  std::vector<int8_t> weights;          ///< [units][depth], in [-127, 127]
  std::vector<int32_t> bias;            ///< [units], in units of accumulatorScale
  std::vector<double> accumulatorScale; ///< [units]: real value of one accumulator step
  int64_t group = 0;                    ///< as in FloatLinear
  std::vector<int8_t> groupScales;      ///< [units][groups], of four-bit weights, which are multiples of it
  double noiseToSignal = 0;             ///< expected output error power of the weight rounding over the output power
};

/// Symmetric int8 per unit. The scale of a unit minimizes the expected squared output error over a grid of clipping points; with a
/// covariance, weights are rounded for the least error together (WeightRounding.h). The mean error that is left goes into the bias; a scale
/// is widened where the accumulator could otherwise overflow for inputs within their bound. Weights of four bits have a scale for each group
/// of inputs as well, 1 to 17 times the unit's, and are the group's scale times -7 to 7: int8 as all others.
IntegerLinear quantizeLinear(const FloatLinear &layer);

/// Adds an input whose weights are zero where their number is odd: kernels read two at a time.
void padDepth(IntegerLinear &layer);

/// round(accumulatorScale[n] / outputScale[n] * 2^32) per unit. Fails where a ratio is not below 1/2 and returns the unit in `badUnit`.
std::optional<std::vector<int32_t>> multipliers(const IntegerLinear &layer, llvm::ArrayRef<double> outputScale, int64_t *badUnit);

/// round(ratio * 2^32), or nothing outside of [0, 2^31).
std::optional<int32_t> fixedPoint32(double ratio);

} // namespace mcuform

#endif
