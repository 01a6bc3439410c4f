// Inputs for the kernels on the codes of a quantized file.
#include "support.h"

namespace mcuform::test {
namespace {

constexpr int32_t case_count = 120;

Pattern pattern_of(int32_t number) { return static_cast<Pattern>(number % pattern_count); }

/// What a zero point leaves of 8 bits, of ReLU as well.
struct CodeRange {
  CodeRange(Random &random, int32_t number) : low(number % 3 == 0 ? 0 : -random.between(0, 255)), high(low + random.between(0, 255)) {}
  int32_t low, high;
};

} // namespace

Verdict check_clamp_s16(clamp_s16_type *expected, clamp_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 5);
    const int32_t width = random.between(1, 40);
    const CodeRange range(random, number);
    const int32_t low = number % 10 == 1 ? -32768 : range.low, high = number % 10 == 2 ? 32767 : range.high;
    // Around the limits, and far from them.
    const bool isNear = number % 2 == 0;
    Output<int16_t> out(random, "out", rows * width, pattern_of(number / 2), isNear ? -300 : -32768, isNear ? 300 : 32767);
    if (number % 4 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], rows, width, low, high);
    } else {
      Input<int16_t> in(random, rows * width, pattern_of(number / 3), isNear ? -300 : -32768, isNear ? 300 : 32767);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], in, rows, width, low, high);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_add_codes_s16(add_codes_s16_type *expected, add_codes_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    const CodeRange range(random, number);
    Input<int16_t> rhs(random, rows * width, pattern_of(number), -255, 255);
    // Ratios around 1, of either operand alone, and as large as they can be.
    const int32_t largest = number % 5 == 0 ? INT32_MAX : 1 << 27;
    const int32_t lhs_mult = number % 6 == 0 ? 1 << 26 : random.between(0, largest);
    const int32_t rhs_mult = number % 6 == 1 ? 0 : random.between(0, largest);
    Output<int16_t> out(random, "out", rows * width, pattern_of(number / 2), -255, 255);
    if (number % 3 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], rhs, rows, width, lhs_mult, rhs_mult, range.low, range.high);
    } else {
      Input<int16_t> lhs(random, rows * width, pattern_of(number / 3), -255, 255);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], lhs, rhs, rows, width, lhs_mult, rhs_mult, range.low, range.high);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace mcuform::test
