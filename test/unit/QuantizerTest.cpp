// The arithmetic of quantization: weights of a linear layer, the scale of the residual stream.
#include "passes/quantize/LinearQuantizer.h"
#include "passes/quantize/ResidualScale.h"

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
