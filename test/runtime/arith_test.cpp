// Properties of the scalar primitives, on random and on extreme arguments; the seed is printed with a failure.
#include "mcuform/sigmoid_table.h"
#include "mcuform/arith.h"
#include "mcuform/crc32.h"
#include "naive.h"
#include "support.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

using namespace mcuform;
using mcuform::test::Random;

namespace {

constexpr int trials = 200000;

// Half the time near a power of two or an end of the range, where carries and clamps are.
int32_t any_int32(Random &random) {
  switch (random.bits() % 4) {
  case 0:
    return static_cast<int32_t>(random.bits());
  case 1:
    return static_cast<int32_t>(random.bits() >> random.between(0, 31));
  case 2:
    return static_cast<int32_t>((1u << random.between(0, 31)) + static_cast<uint32_t>(random.between(-2, 2)));
  default:
    return static_cast<int32_t>(0x80000000u + static_cast<uint32_t>(random.between(-3, 3)));
  }
}

uint64_t fresh_seed() { return std::random_device{}(); }

} // namespace

TEST_CASE("round_mul_acc equals its definition", "[arith]") {
  const uint64_t seed = fresh_seed();
  INFO("seed " << seed);
  Random random(seed);
  for (int i = 0; i < trials; ++i) {
    const int32_t a = any_int32(random), m = any_int32(random), c = any_int32(random);
    if (rt::round_mul_acc(a, m, c) != test::naive::round_mul_acc(a, m, c) || rt::round_mul(a, m) != test::naive::round_mul_acc(a, m, 0)) {
      INFO("a " << a << ", m " << m << ", c " << c);
      REQUIRE(rt::round_mul_acc(a, m, c) == test::naive::round_mul_acc(a, m, c));
      REQUIRE(rt::round_mul(a, m) == test::naive::round_mul_acc(a, m, 0));
    }
  }
  CHECK(rt::round_mul(1, INT32_MAX) == 0);
  CHECK(rt::round_mul(3, 1 << 30) == 1);
  CHECK(rt::round_mul(2, 1 << 30) == 1);  // a half, upwards
  CHECK(rt::round_mul(-2, 1 << 30) == 0); // also below zero
  CHECK(rt::round_mul_acc(INT32_MIN, INT32_MIN, INT32_MAX) == INT32_MIN + (1 << 30) - 1);
}

TEST_CASE("saturate clamps to the bits asked for", "[arith]") {
  const uint64_t seed = fresh_seed();
  INFO("seed " << seed);
  Random random(seed);
  for (int i = 0; i < trials; ++i) {
    const int32_t x = any_int32(random);
    const bool equal = rt::saturate<8>(x) == test::naive::clamp_to_bits(x, 8) && rt::saturate<15>(x) == test::naive::clamp_to_bits(x, 15) &&
                       rt::saturate<16>(x) == test::naive::clamp_to_bits(x, 16) && rt::saturate<23>(x) == test::naive::clamp_to_bits(x, 23);
    if (!equal)
      FAIL("x " << x);
  }
  CHECK(rt::saturate<16>(INT32_MIN) == -32768);
  CHECK(rt::saturate<16>(INT32_MAX) == 32767);
}

namespace {

struct Curve {
  const char *name;
  const rt::DeltaTable *table;
  double steps; // of the index, to 1
  int bits;     // of DELTA behind the point
  double (*delta)(double a);
};

const Curve curves[] = {
    {"GELU", &rt::delta_gelu, 256, 18, [](double a) { return a * 0.5 * std::erfc(a / std::sqrt(2.0)); }},
    {"SiLU", &rt::delta_silu, 128, 17, [](double a) { return a / (1 + std::exp(a)); }},
    {"HardSwish", &rt::delta_hard_swish, 512, 17, [](double a) { return std::max(a - a * (a + 3) / 6, 0.0); }},
};

} // namespace

TEST_CASE("hidden_s15 follows its activation", "[arith]") {
  const uint64_t seed = fresh_seed();
  INFO("seed " << seed);
  Random random(seed);
  for (int i = 0; i < trials; ++i) {
    const Curve &curve = curves[i % 3];
    // s_h such that values up to about 8 or the whole of 15 bits occur; the table is of x times `slope`.
    const double scale = std::ldexp(1.0, -random.between(4, 14)) * (1.0 + random.between(0, 1000) / 1001.0), slope = i % 2 == 0 ? 1 : 1.702;
    const auto index_mult = static_cast<int32_t>(std::lround(std::ldexp(scale * slope * curve.steps / 256, 32)));
    const auto delta_mult = static_cast<int32_t>(std::lround(std::ldexp(std::ldexp(1.0, -curve.bits) / (scale * slope), 32)));
    const int32_t acc = random.between(-20000, 20000) * 4;
    const double x = static_cast<double>(acc) / 4 * scale;
    // What exceeds 14 bits is clamped before delta is taken off.
    const double expected = std::min(std::max(x, 0.0) / scale, 16383.0) - curve.delta(std::abs(x) * slope) / (slope * scale);
    // Half a step of the index, the slope of delta at most 1/2; where the table ends, what is left; the rest is rounding.
    const double tolerance = (0.55 / 2 / curve.steps + 2e-6) / (slope * scale) + 1.5;
    const int32_t actual = rt::hidden_s15(acc, 1 << 30, curve.table->middle(), index_mult, delta_mult);
    if (std::abs(actual - expected) > tolerance)
      FAIL(curve.name << ": acc " << acc << ", scale " << scale << ", slope " << slope << ": expected " << expected << ", got " << actual);
  }
  // ReLU reads one value.
  CHECK(rt::hidden_s15(4000, 1 << 30, rt::delta_none, 0, 0) == 1000);
  CHECK(rt::hidden_s15(-4000, 1 << 30, rt::delta_none, 0, 0) == 0);
  CHECK(rt::hidden_s15(INT32_MAX, 1 << 30, rt::delta_none, 0, 0) == 16383);
}

TEST_CASE("the tanh form of GELU is as near to the exact one as docs/arithmetic.md says", "[arith]") {
  double largest = 0;
  for (double x = -10; x <= 10; x += 1.0 / 4096) {
    const double exact = x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    const double by_tanh = x * 0.5 * (1 + std::tanh(std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
    largest = std::max(largest, std::fabs(exact - by_tanh));
  }
  CHECK(largest <= 4.733e-4);
  CHECK(largest > 4.73e-4);
}

TEST_CASE("layer_norm_scale is 1/sqrt of the variance", "[arith]") {
  const uint64_t seed = fresh_seed();
  INFO("seed " << seed);
  Random random(seed);
  for (int i = 0; i < trials; ++i) {
    const uint64_t variance = ((static_cast<uint64_t>(random.bits()) << 32 | random.bits()) >> random.between(0, 63)) | 1;
    const int32_t out_shift = random.between(0, 20);
    const rt::RowScale scale = rt::layer_norm_scale(variance, out_shift);
    const double expected = std::ldexp(1.0 / std::sqrt(static_cast<double>(variance)), out_shift);
    const double actual = std::ldexp(static_cast<double>(scale.mult), scale.shift - 32);
    // 22 bits of the mantissa of the variance, and one unit of a multiplier that may be small.
    if (std::abs(actual - expected) > expected * std::ldexp(1.0, -21) + std::ldexp(1.0, -32) || scale.shift < 0 || scale.mult < 0)
      FAIL("variance " << variance << ", out_shift " << out_shift << ": expected " << expected << ", got " << actual);
  }
  // V a power of four: f = 2^22, r = 2^-11, m = 2^31 clamped.
  CHECK(rt::layer_norm_scale(uint64_t{1} << 40, 19).mult == INT32_MAX);
  CHECK(rt::layer_norm_scale(uint64_t{1} << 40, 19).shift == 0);
}

TEST_CASE("context_mult divides 2^40", "[arith]") {
  CHECK(rt::context_mult(32767) == 33555456);
  CHECK(rt::context_mult(1 << 20) == 1 << 20);
  CHECK(rt::context_mult(516 * 32767) == 65029);
}

TEST_CASE("SIGMOID is round(32767 / (1 + exp(i/64)))", "[arith]") {
  for (int i = 0; i < rt::sigmoid_table_size; ++i) {
    INFO("i " << i);
    REQUIRE(rt::sigmoid_table[i] == std::lround(32767 / (1 + std::exp(i / 64.0))));
    REQUIRE(rt::sigmoid_weight(i) + rt::sigmoid_weight(-i) == 32767 - (i == 0 ? 1 : 0));
  }
  CHECK(rt::sigmoid_weight(-100000) == 0);
  CHECK(rt::sigmoid_weight(100000) == 32767);
}

TEST_CASE("softmax_index stops at the end of the table", "[arith]") {
  CHECK(rt::softmax_index(5, 5) == 0);
  CHECK(rt::softmax_index(1023, 0) == 1023);
  CHECK(rt::softmax_index(32767, -32768) == 1023);
}

TEST_CASE("the tables follow their formulas", "[arith]") {
  for (int i = 0; i < rt::exp_table_size; ++i)
    if (rt::exp_table[i] != std::lround(32767 * std::exp(-i / 64.0)))
      FAIL("EXP[" << i << "]");
  for (const Curve &curve : curves) {
    for (int i = -2048; i < 2048; ++i)
      if (curve.table->middle()[i] != std::lround(std::ldexp(curve.delta(std::abs(i) / curve.steps), curve.bits)))
        FAIL(curve.name << "[" << i << "]");
    CHECK(curve.table->middle()[0] == 0);
    CHECK(curve.table->middle()[2047] == 0);
    CHECK(curve.table->middle()[-2048] == 0);
  }
  CHECK(rt::exp_table[0] == 32767);
}

TEST_CASE("crc32 is that of IEEE 802.3", "[arith]") {
  const char digits[] = "123456789";
  CHECK(rt::crc32(reinterpret_cast<const uint8_t *>(digits), 9) == 0xcbf43926u);
  CHECK(rt::crc32(nullptr, 0) == 0);
}
