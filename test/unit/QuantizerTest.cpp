// The arithmetic of quantization: weights of a linear layer, the scale of the residual stream.
#include "compiler/calibration/ChannelCovariance.h"
#include "compiler/calibration/ChannelHistogram.h"
#include "passes/quantize/LinearQuantizer.h"
#include "passes/quantize/RelativeScales.h"
#include "passes/quantize/ResidualScale.h"
#include "passes/quantize/WeightRounding.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <numeric>
#include <random>

using namespace mcuform;

namespace {

FloatLinear randomLayer(int64_t units, int64_t depth, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  FloatLinear layer;
  layer.units = units;
  layer.depth = depth;
  for (int64_t i = 0; i < units * depth; ++i)
    layer.weights.push_back(normal(random));
  for (int64_t n = 0; n < units; ++n)
    layer.bias.push_back(normal(random));
  layer.inputScale = 1.0 / 4096;
  layer.channelScale.assign(size_t(depth), 1);
  for (int64_t k = 0; k < depth; ++k) {
    layer.mean.push_back(normal(random));
    layer.meanSquare.push_back(1 + layer.mean.back() * layer.mean.back());
  }
  return layer;
}

/// The second moments of `rows` random vectors with a common part.
std::vector<double> correlated(int64_t depth, int64_t rows, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> result(size_t(depth * depth), 0), row(static_cast<size_t>(depth));
  for (int64_t r = 0; r < rows; ++r) {
    double common = 2 * normal(random);
    for (int64_t k = 0; k < depth; ++k)
      row[k] = normal(random) + (k % 3 ? common : 0);
    for (int64_t i = 0; i < depth; ++i)
      for (int64_t j = 0; j < depth; ++j)
        result[i * depth + j] += row[i] * row[j] / double(rows);
  }
  return result;
}

} // namespace

TEST_CASE("quantized weights stand for the float ones") {
  FloatLinear layer = randomLayer(24, 64, 1);
  IntegerLinear result = quantizeLinear(layer);
  for (int64_t n = 0; n < layer.units; ++n)
    for (int64_t k = 0; k < layer.depth; ++k) {
      double scale = result.accumulatorScale[n] / layer.inputScale;
      int weight = result.weights[n * layer.depth + k];
      CHECK(std::abs(weight) <= 127);
      if (std::abs(weight) < 127) // all but the clipped ones are within half a step
        CHECK(std::fabs(layer.weights[n * layer.depth + k] - scale * weight) <= 0.5001 * scale);
    }
  CHECK(result.noiseToSignal < 1e-3);
  CHECK(result.noiseToSignal > 0);
}

TEST_CASE("weights that are multiples of a scale already keep it") {
  FloatLinear layer = randomLayer(8, 64, 11);
  std::mt19937 random(12);
  std::vector<int> codes;
  for (int64_t n = 0; n < layer.units; ++n)
    for (int64_t k = 0; k < layer.depth; ++k) {
      codes.push_back(k == 5 ? -127 : int(random() % 255) - 127); // the largest is 127 steps, as symmetric quantization has it
      layer.weights[n * layer.depth + k] = 0.003f * float(n + 1) * float(codes.back());
    }
  for (bool varyTogether : {false, true}) {
    if (varyTogether) {
      std::vector<double> covariance = correlated(layer.depth, 200, 13);
      layer.covariance.assign(covariance.begin(), covariance.end());
    }
    IntegerLinear result = quantizeLinear(layer);
    CHECK(std::equal(codes.begin(), codes.end(), result.weights.begin()));
    CHECK(result.noiseToSignal < 1e-12);
  }
}

TEST_CASE("multiples of a scale that is not the unit's own keep it, with a covariance as well") {
  // As one scale for the whole tensor leaves them: the largest code is 50, so 100 of half the step.
  const std::vector<int> codes{50, -17, 3, 0, 29, -50, 8, 1};
  const double step = double(0.0123f);
  FloatLinear layer;
  layer.units = 1;
  layer.depth = int64_t(codes.size());
  for (int code : codes)
    layer.weights.push_back(float(float(step) * float(code)));
  layer.bias = {0.5};
  layer.inputScale = 0.25;
  layer.channelScale.assign(codes.size(), 1);
  layer.mean.assign(codes.size(), 3);
  layer.meanSquare.assign(codes.size(), 10);
  for (bool isCorrelated : {false, true}) {
    if (isCorrelated)
      for (size_t i = 0; i < codes.size() * codes.size(); ++i)
        layer.covariance.push_back(i % (codes.size() + 1) == 0 ? 1.0f : 0.9f);
    const IntegerLinear result = quantizeLinear(layer);
    CHECK(result.accumulatorScale[0] == Approx(0.25 * step / 2).epsilon(1e-7));
    CHECK(result.bias[0] == int32_t(std::nearbyint(0.5 / (0.25 * step / 2))));
    for (size_t k = 0; k < codes.size(); ++k)
      CHECK(result.weights[k] == 2 * codes[k]);
  }
}

TEST_CASE("the bias takes up the mean error of weight rounding") {
  FloatLinear layer = randomLayer(24, 64, 2);
  IntegerLinear result = quantizeLinear(layer);
  for (int64_t n = 0; n < layer.units; ++n) {
    double exact = layer.bias[n], integer = result.bias[n] * result.accumulatorScale[n];
    for (int64_t k = 0; k < layer.depth; ++k) {
      exact += layer.weights[n * layer.depth + k] * layer.mean[k];
      integer += result.accumulatorScale[n] / layer.inputScale * result.weights[n * layer.depth + k] * layer.mean[k];
    }
    CHECK(std::fabs(exact - integer) <= result.accumulatorScale[n]);
  }
}

TEST_CASE("channel scales of the input go into the weights") {
  FloatLinear layer = randomLayer(8, 16, 3);
  FloatLinear scaled = layer;
  for (int64_t k = 0; k < layer.depth; ++k) {
    scaled.channelScale[k] = 1 << (k % 4);
    scaled.mean[k] *= scaled.channelScale[k];
    scaled.meanSquare[k] *= scaled.channelScale[k] * scaled.channelScale[k];
    for (int64_t n = 0; n < layer.units; ++n)
      scaled.weights[n * layer.depth + k] /= float(scaled.channelScale[k]);
  }
  CHECK(quantizeLinear(layer).weights == quantizeLinear(scaled).weights);
  CHECK(quantizeLinear(layer).bias == quantizeLinear(scaled).bias);
}

TEST_CASE("no input within its bound overflows the accumulator") {
  FloatLinear layer = randomLayer(4, 4096, 4);
  for (float &weight : layer.weights) // all at the end of the range: the worst sum
    weight = weight < 0 ? -1.0f : 1.0f;
  layer.inputBound = 32768;
  IntegerLinear result = quantizeLinear(layer);
  for (int64_t n = 0; n < layer.units; ++n) {
    int64_t sum = std::abs(int64_t(result.bias[n]));
    for (int64_t k = 0; k < layer.depth; ++k)
      sum += std::abs(int64_t(result.weights[n * layer.depth + k])) * layer.inputBound;
    CHECK(sum < int64_t(1) << 31);
  }
}

TEST_CASE("a dead unit keeps its bias") {
  FloatLinear layer = randomLayer(2, 8, 5);
  std::fill_n(layer.weights.begin(), 8, 0.0f);
  layer.bias[0] = 3.25;
  IntegerLinear result = quantizeLinear(layer);
  CHECK(result.bias[0] * result.accumulatorScale[0] == Approx(3.25));
}

TEST_CASE("rounding with a covariance is never worse than to nearest") {
  for (unsigned seed = 1; seed <= 6; ++seed) {
    int64_t depth = 16 << (seed % 3);
    std::vector<double> covariance = correlated(depth, depth * (seed % 2 ? 4 : 1), seed);
    WeightRounding rounding(covariance, depth);
    FloatLinear layer = randomLayer(8, depth, seed);
    double sum = 0, nearestSum = 0;
    for (int64_t n = 0; n < layer.units; ++n) {
      std::vector<double> weights(layer.weights.begin() + n * depth, layer.weights.begin() + (n + 1) * depth);
      double scale = 0.05;
      std::vector<int8_t> rounded(weights.size());
      double reported = rounding.round(weights, scale, rounded), nearest = 0, actual = 0;
      for (int64_t i = 0; i < depth; ++i)
        for (int64_t j = 0; j < depth; ++j) {
          double damped = covariance[i * depth + j] * (i == j ? 1 : 0.98);
          actual += (weights[i] - scale * rounded[i]) * damped * (weights[j] - scale * rounded[j]);
          nearest += (weights[i] - scale * std::nearbyint(weights[i] / scale)) * damped * (weights[j] - scale * std::nearbyint(weights[j] / scale));
        }
      CHECK(reported == Approx(actual));
      CHECK(actual <= nearest * (1 + 1e-9));
      sum += actual;
      nearestSum += nearest;
    }
    CHECK(sum < 0.8 * nearestSum); // and on the whole much better
  }
}

TEST_CASE("rounding alone is to nearest where inputs do not vary together") {
  std::vector<double> covariance(64, 0), weights{0.6, -1.4, 3.2, -200, 0.2, 127.4, 1e3, 0};
  for (int k = 0; k < 8; ++k)
    covariance[k * 9] = k == 4 ? 0 : k + 1; // input 4 is dead
  std::vector<int8_t> rounded(8);
  WeightRounding(covariance, 8).round(weights, 1, rounded);
  CHECK(rounded == std::vector<int8_t>{1, -1, 3, -127, 0, 127, 127, 0});
}

TEST_CASE("rounding keeps the weights of inputs that the sample shows dead") {
  // Input 0 is almost dead but goes with all others, as a hidden unit does that few images wake: to use it up would cost nothing here.
  const int64_t depth = 16;
  std::vector<double> covariance = correlated(depth, 8, 3), weights;
  for (int64_t k = 0; k < depth; ++k) {
    covariance[k] *= 1e-4;
    covariance[k * depth] *= 1e-4;
    weights.push_back(7.3 * double(k) - 50.4);
  }
  std::vector<int8_t> rounded(depth);
  WeightRounding(covariance, depth).round(weights, 1, rounded);
  for (int64_t k = 0; k < depth; ++k)
    CHECK(std::abs(rounded[k] - weights[k]) <= 2.5);
}

TEST_CASE("rounding bears a covariance of any rank") {
  std::vector<double> weights;
  for (int k = 0; k < 12; ++k)
    weights.push_back(0.37 * k - 2);
  for (int64_t rows : {0, 1, 3}) {
    std::vector<double> covariance = correlated(12, rows, 7);
    std::vector<int8_t> rounded(12), again(12);
    double error = WeightRounding(covariance, 12).round(weights, 0.1, rounded);
    CHECK(std::isfinite(error));
    CHECK(WeightRounding(covariance, 12).round(weights, 0.1, again) == error);
    CHECK(rounded == again);
    for (int k = 0; k < 12; ++k)
      CHECK(std::abs(rounded[k] * 0.1 - weights[k]) < 2);
  }
}

TEST_CASE("the covariance of few rows rounds well for other rows") {
  // As many rows as half of the inputs: their raw covariance finds weights whose errors cancel out on these rows and nowhere else.
  constexpr int64_t depth = 64, rows = 32, units = 40;
  std::mt19937 random(11);
  std::normal_distribution<float> normal;
  auto draw = [&](int64_t count) {
    std::vector<float> values;
    for (int64_t r = 0; r < count; ++r) {
      const float common = normal(random);
      for (int64_t k = 0; k < depth; ++k)
        values.push_back(normal(random) + (k % 3 ? common : 0));
    }
    return values;
  };
  ChannelCovariance sample;
  sample.add(draw(rows), depth);
  std::vector<double> raw(size_t(depth * depth));
  for (int64_t i = 0; i < depth; ++i)
    for (int64_t j = 0; j <= i; ++j)
      raw[i * depth + j] = raw[j * depth + i] = sample.products[i * depth + j] / sample.count - sample.mean()[i] * sample.mean()[j];
  const std::vector<float> estimate = sample.take();
  const std::vector<float> others = draw(4000);
  auto noiseOnOthers = [&](const WeightRounding &rounding) {
    double noise = 0;
    for (unsigned seed = 0; seed < units; ++seed) {
      const FloatLinear unit = randomLayer(1, depth, seed);
      const std::vector<double> weights(unit.weights.begin(), unit.weights.end());
      std::vector<int8_t> rounded(depth);
      rounding.round(weights, 0.1, rounded);
      double sum = 0, squares = 0;
      for (size_t first = 0; first < others.size(); first += depth) {
        double error = 0;
        for (size_t k = 0; k < depth; ++k)
          error += (weights[k] - 0.1 * rounded[k]) * double(others[first + k]);
        sum += error;
        squares += error * error;
      }
      const double count = double(others.size()) / depth; // the bias takes up the mean
      noise += squares / count - sum / count * (sum / count);
    }
    return noise;
  };
  const double shrunk = noiseOnOthers(WeightRounding({estimate.begin(), estimate.end()}, depth));
  CHECK(shrunk < 0.8 * noiseOnOthers(WeightRounding(raw, depth)));
  CHECK(shrunk < 0.8 * noiseOnOthers(WeightRounding(correlated(depth, 0, 1), depth))); // no correlations: to nearest
}

TEST_CASE("a layer with a covariance has less noise and the same mean") {
  FloatLinear layer = randomLayer(24, 64, 8);
  std::vector<double> covariance = correlated(64, 256, 8);
  for (int64_t k = 0; k < 64; ++k)
    layer.meanSquare[k] = layer.mean[k] * layer.mean[k] + covariance[k * 65];
  double without = quantizeLinear(layer).noiseToSignal;
  layer.covariance.assign(covariance.begin(), covariance.end());
  IntegerLinear result = quantizeLinear(layer);
  CHECK(result.noiseToSignal < 0.8 * without);
  for (int64_t n = 0; n < layer.units; ++n) {
    double error = layer.bias[n] - result.bias[n] * result.accumulatorScale[n];
    for (int64_t k = 0; k < layer.depth; ++k)
      error += (layer.weights[n * layer.depth + k] - result.accumulatorScale[n] / layer.inputScale * result.weights[n * layer.depth + k]) * layer.mean[k];
    CHECK(std::fabs(error) <= result.accumulatorScale[n]);
  }
}

TEST_CASE("multipliers are rounded ratios below one half") {
  IntegerLinear layer;
  layer.units = 2;
  layer.accumulatorScale = {0.25, 0.1};
  int64_t bad = -1;
  auto good = multipliers(layer, {1.0, 1.0}, &bad);
  REQUIRE(good);
  CHECK((*good)[0] == 1 << 30);
  CHECK((*good)[1] == 429496730);
  CHECK_FALSE(multipliers(layer, {1.0, 0.15}, &bad));
  CHECK(bad == 1);
  CHECK_FALSE(fixedPoint32(0.5));
  CHECK_FALSE(fixedPoint32(-0.1));
}

TEST_CASE("residual channels get the smallest power of two that holds them") {
  ResidualScale scale = chooseResidualScale({1.0, 3.0, 200.0, 0.0}, {0, 0, 0, 0});
  CHECK(scale.factors == std::vector<int16_t>{1, 4, 256, 1});
  for (size_t c = 0; c < 3; ++c)
    CHECK(scale.channel(c) * 32767 >= std::vector<double>{1.0, 3.0, 200.0}[c] * (1 - 1e-9));
}

TEST_CASE("a wide range raises the base instead of the factor") {
  ResidualScale scale = chooseResidualScale({0.001, 1000.0}, {0, 0});
  CHECK(scale.factors == std::vector<int16_t>{1, 256});
  CHECK(scale.base * 256 * 32767 == Approx(1000.0));
}

TEST_CASE("a writer's accumulator step bounds the scale from below") {
  ResidualScale scale = chooseResidualScale({1.0, 1.0}, {0, 0.5});
  CHECK(scale.channel(1) >= 0.5);
}

TEST_CASE("factors stay where LayerNorm cannot overflow") {
  CHECK(layerNormFits(std::vector<int16_t>(192, 1), 0));
  CHECK_FALSE(layerNormFits(std::vector<int16_t>(768, 256), 0));
  CHECK_FALSE(layerNormFits(std::vector<int16_t>(192, 1), 1e19));
  // Half of the channels of a wide stream are large: all 256 would overflow 32-bit row sums.
  std::vector<double> maxAbs(1024, 1.0);
  std::fill_n(maxAbs.begin(), 512, 1000.0);
  ResidualScale scale = chooseResidualScale(maxAbs, std::vector<double>(1024, 0));
  CHECK(layerNormFits(scale.factors, 0));
  for (size_t c = 0; c < 1024; ++c)
    CHECK(scale.channel(c) * 32767 >= maxAbs[c] * (1 - 1e-9));
}

TEST_CASE("an odd number of inputs is padded with weights of zero") {
  FloatLinear layer = randomLayer(3, 5, 2);
  IntegerLinear plain = quantizeLinear(layer), padded = plain;
  padDepth(padded);
  REQUIRE(padded.depth == 6);
  REQUIRE(padded.weights.size() == 18);
  for (int64_t n = 0; n < 3; ++n) {
    for (int64_t k = 0; k < 5; ++k)
      CHECK(padded.weights[n * 6 + k] == plain.weights[n * 5 + k]);
    CHECK(padded.weights[n * 6 + 5] == 0);
  }
  IntegerLinear again = padded;
  padDepth(again);
  CHECK(again.depth == 6);
}

TEST_CASE("a channel that is coarser than it need be is named") {
  ResidualScale fine = chooseResidualScale({1.0, 100.0, 3.0}, {0, 0, 0});
  CHECK(fine.coarseness <= 2);
  CHECK(fine.largest == 1);
  // 25600 / 1 is a hundred times the 256 that factors span.
  ResidualScale coarse = chooseResidualScale({3.0, 1.0, 25600.0}, {0, 0, 0});
  CHECK(coarse.largest == 2);
  CHECK(coarse.coarsest == 1);
  CHECK(coarse.coarseness == Approx(100).epsilon(0.01));
}

TEST_CASE("four-bit weights are small multiples of their group's scale") {
  for (int64_t group : {4, 32, 64}) {
    FloatLinear layer = randomLayer(12, 96, 11);
    for (int64_t k = 0; k < 16; ++k) // a group that is much smaller than the others
      for (int64_t n = 0; n < layer.units; ++n)
        layer.weights[n * layer.depth + k] *= 0.1f;
    std::fill_n(layer.weights.begin() + 3 * layer.depth, layer.depth, 0.0f); // a dead unit
    layer.group = group;
    IntegerLinear result = quantizeLinear(layer);
    const int64_t groups = (layer.depth + group - 1) / group;
    REQUIRE(result.groupScales.size() == size_t(layer.units * groups));
    for (int64_t n = 0; n < layer.units; ++n)
      for (int64_t k = 0; k < layer.depth; ++k) {
        const int scale = result.groupScales[n * groups + k / group], weight = result.weights[n * layer.depth + k];
        CHECK((scale >= 1 && scale <= 17));
        CHECK(weight % scale == 0);
        CHECK(std::abs(weight / scale) <= 7);
      }
  }
}

TEST_CASE("smaller groups and correlated rounding make four-bit weights better") {
  FloatLinear layer = randomLayer(16, 128, 12);
  for (int64_t n = 0; n < layer.units; ++n)
    for (int64_t k = 0; k < layer.depth; ++k)
      layer.weights[n * layer.depth + k] *= float(1 << (k / 32)); // groups of other ranges
  layer.group = 128;
  const double coarse = quantizeLinear(layer).noiseToSignal;
  layer.group = 32;
  const double fine = quantizeLinear(layer).noiseToSignal;
  layer.group = 0;
  const double eightBits = quantizeLinear(layer).noiseToSignal;
  INFO(coarse << " " << fine << " " << eightBits);
  CHECK(fine < coarse);
  CHECK(eightBits < fine / 50);
}

TEST_CASE("a calibration method is chosen by what it costs inputs that it has not seen") {
  std::mt19937 random(13);
  std::normal_distribution<float> normal;
  auto halvesOf = [&](bool withOutlier) {
    HistogramHalves halves;
    for (ChannelHistogram &half : halves) {
      std::vector<float> values;
      for (int i = 0; i < 40000; ++i)
        values.push_back(normal(random));
      half.add(values, 2);
    }
    if (withOutlier) // once, where everything else is within 5
      halves[0].add({60, 60}, 2);
    return halves;
  };
  CHECK(chooseRangeMethod(halvesOf(true), 1.1) != RangeMethod::Max);
  ChannelHistogram even;
  std::vector<float> steps;
  for (int i = 1; i <= 1000; ++i)
    steps.push_back(float(i));
  even.add(steps, 1);
  // Nothing lies far out: clipping can only lose.
  CHECK(even.range(0, 1000, RangeMethod::Mse) == Approx(1000).epsilon(0.03));
  CHECK(even.range(0, 1000, RangeMethod::Percentile) == Approx(1000).epsilon(0.05));
  CHECK(even.noise(0, 1000) < even.noise(0, 500));
}

TEST_CASE("keys of all heads share their channels' proportions") {
  // Two heads of three channels; the table reaches far beyond the keys in the last.
  const FloatTable table{{0.5f, -2, 254, 1, 1, -127}, 2, 3};
  const SharedScales shared = shareScales({1, 0.5, 0.25, 8, 1, 1}, table);
  CHECK(shared.head == std::vector<double>{1, 8});
  CHECK(shared.channel == std::vector<double>{1, 0.5, 2});
  const std::vector<double> product = shared.product();
  CHECK(product == std::vector<double>{1, 0.5, 2, 8, 4, 16});
  const IntegerTable stored = quantizeKeyTable(table, shared.channel);
  CHECK(stored.scale == std::vector<double>{1});
  CHECK(stored.values == std::vector<int8_t>{0, -4, 127, 1, 2, -64});
}

TEST_CASE("a value table has a scale for each channel and a last column of zeros") {
  const FloatTable table{{1, 0, -254, 2, 0, 127, -1, 0, 2}, 3, 3};
  const IntegerTable stored = quantizeValueTable(table);
  CHECK(stored.values == std::vector<int8_t>{64, 127, -64, 0, 0, 0, 0, 0, -127, 64, 1, 0});
  REQUIRE(stored.scale.size() == 3);
  CHECK(stored.scale[0] == Approx(2 / 127.0));
  CHECK(stored.scale[1] == 0);
  CHECK(stored.scale[2] == 2);
}
