#include "compiler/calibration/ChannelHistogram.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mcuform {
namespace {

constexpr double kPercentile = 0.9999;
/// Ranges tried for the least squared error: from the maximum down, in steps of a share of it.
constexpr int kRangeSteps = 30;
constexpr double kRangeStep = 0.025, kLargestStored = 127;

/// Bins of a histogram: kBinsPerOctave to a factor of two, from 2^kLeastExponent on; what is smaller lies in the first.
constexpr int kBinsPerOctave = 16, kLeastExponent = -20, kBins = 40 * kBinsPerOctave;

int binOf(double magnitude) {
  return magnitude > 0 ? std::clamp(int(std::floor((std::log2(magnitude) - kLeastExponent) * kBinsPerOctave)), 0, kBins - 1) : 0;
}
double middleOf(int bin) { return std::exp2((bin + 0.5) / kBinsPerOctave + kLeastExponent); }

} // namespace

void ChannelHistogram::add(const std::vector<float> &values, int64_t width) {
  counts.resize(size_t(width * kBins));
  maxAbs.resize(size_t(width));
  for (size_t i = 0; i < values.size(); ++i) {
    const size_t c = i % size_t(width);
    const double magnitude = std::fabs(values[i]);
    maxAbs[c] = std::max(maxAbs[c], magnitude);
    ++counts[c * kBins + size_t(binOf(magnitude))];
  }
}

void ChannelHistogram::merge(const ChannelHistogram &other) {
  counts.resize(std::max(counts.size(), other.counts.size()));
  maxAbs.resize(std::max(maxAbs.size(), other.maxAbs.size()));
  for (size_t i = 0; i < other.counts.size(); ++i)
    counts[i] += other.counts[i];
  for (size_t c = 0; c < other.maxAbs.size(); ++c)
    maxAbs[c] = std::max(maxAbs[c], other.maxAbs[c]);
}

double ChannelHistogram::noise(size_t c, double range) const {
  const double unit = range / kLargestStored;
  double error = 0, power = 0;
  for (int bin = 0; bin < kBins; ++bin) {
    const double count = counts[c * kBins + size_t(bin)], magnitude = middleOf(bin), beyond = magnitude - range;
    error += count * (beyond > 0 ? beyond * beyond : unit * unit / 12);
    power += count * magnitude * magnitude;
  }
  return power > 0 ? error / power : 0;
}

double ChannelHistogram::range(size_t c, double maximum, RangeMethod method) const {
  if (method == RangeMethod::Max || counts.empty() || maximum == 0)
    return maximum;
  const uint32_t *bins = &counts[c * kBins];
  const double total = std::accumulate(bins, bins + kBins, 0.0);
  if (method == RangeMethod::Percentile) {
    double above = 0;
    for (int bin = kBins - 1; bin > 0; --bin)
      if ((above += bins[size_t(bin)]) > total * (1 - kPercentile))
        return std::min(maximum, std::exp2(double(bin + 1) / kBinsPerOctave + kLeastExponent));
    return maximum;
  }
  double best = maximum, bestNoise = -1;
  for (int step = 0; step < kRangeSteps; ++step) {
    const double range = maximum * (1 - kRangeStep * step), noiseThere = noise(c, range);
    if (bestNoise < 0 || noiseThere < bestNoise) {
      bestNoise = noiseThere;
      best = range;
    }
  }
  return best;
}

RangeMethod chooseRangeMethod(const HistogramHalves &halves, double headRoom) {
  RangeMethod best = RangeMethod::Max;
  double bestNoise = -1;
  for (RangeMethod method : kRangeMethods) {
    double noise = 0;
    for (size_t half = 0; half < halves.size(); ++half) {
      const ChannelHistogram &from = halves[half], &to = halves[1 - half];
      for (size_t c = 0; c < std::min(from.width(), to.width()); ++c) {
        const double range = from.range(c, from.maximum(c), method) * (method == RangeMethod::Max ? headRoom : 1);
        noise += to.noise(c, range);
      }
    }
    if (bestNoise < 0 || noise < bestNoise) {
      bestNoise = noise;
      best = method;
    }
  }
  return best;
}

} // namespace mcuform
