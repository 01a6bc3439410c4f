// The scale of the residual stream: int16 with one power-of-two factor per channel, the same for the whole network. Numbers only, no IR.
#ifndef MCUFORM_PASSES_QUANTIZE_RESIDUALSCALE_H
#define MCUFORM_PASSES_QUANTIZE_RESIDUALSCALE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mcuform {

struct ResidualScale {
  double base = 1;              ///< s_X
  std::vector<int16_t> factors; ///< powers of two, [channels]
  /// How many times as coarse as its range asks for is the scale of the channel that suffers most, where the factors cannot span all
  /// ranges; and which it is, and which has the largest range. Up to 2 is the rounding of factors to powers of two.
  double coarseness = 1;
  std::size_t coarsest = 0, largest = 0;
  double channel(std::size_t c) const { return base * factors[c]; }
  /// The scale of every channel.
  std::vector<double> channels() const {
    std::vector<double> scales;
    for (std::int16_t factor : factors)
      scales.push_back(base * factor);
    return scales;
  }
};

/// `maxAbs[c]` is the largest magnitude of channel c, head-room included; `minimumScale[c]` the least scale it may have (0: none).
/// The range of the factors is as wide as LayerNorm's integer statistics allow: 32-bit row sums and centred values, 63-bit variance.
ResidualScale chooseResidualScale(const std::vector<double> &maxAbs, const std::vector<double> &minimumScale);

/// Whether LayerNorm over int16 rows with these factors and this epsilon cannot overflow, whatever the row holds.
bool layerNormFits(const std::vector<int16_t> &factors, double epsilon);

} // namespace mcuform

#endif
