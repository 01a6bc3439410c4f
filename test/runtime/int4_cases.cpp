// Cases of the linears on weights of four bits: all sizes of groups, every code and scale, depths that fill no word.
#include "linear_case.h"

namespace mcuform::test {
namespace {

constexpr int32_t zero_code = 8;
constexpr int32_t largest_scale = 17;

// As the contract of the kernels says, not as arith.h does.
int32_t scale_bytes_of(int32_t depth, int32_t group) { return (2 * ((depth + group - 1) / group) + 3) / 4 * 4; }
int32_t pair_bytes_of(int32_t depth, int32_t group) { return scale_bytes_of(depth, group) + (depth + 3) / 4 * 4; }

/// Packed weights as the compiler writes them, and the buffer that a pair is unpacked into, of the size that the contract asks for.
struct Int4Weights {
  int32_t group;
  Input<uint8_t> packed;
  int8_t *pair;

  Int4Weights(Random &random, Shape shape, int32_t number)
      : group(number % 3 == 0 ? 32 : 4 * random.between(1, 40)),
        packed(random, (shape.units + 1) / 2 * pair_bytes_of(shape.depth, group), Pattern::zero, 0, 0),
        pair(static_cast<int8_t *>(allocate_guarded_memory(2 * static_cast<size_t>(shape.depth)))) {
    const int32_t scale_bytes = scale_bytes_of(shape.depth, group);
    const int32_t pair_bytes = pair_bytes_of(shape.depth, group);
    for (int32_t unit = 0; unit < (shape.units + 1) / 2 * 2; unit += 2) {
      const int32_t start = unit / 2 * pair_bytes;
      for (int32_t i = 0; i < 2 * ((shape.depth + group - 1) / group); ++i)
        packed[start + i] = static_cast<uint8_t>(number % 4 == 0 ? largest_scale : random.between(1, largest_scale));
      for (int32_t k = 0; k < shape.depth; ++k)
        for (int32_t of_pair = 0; of_pair < 2; ++of_pair) {
          const bool is_there = unit + of_pair < shape.units;
          const int32_t code = !is_there ? zero_code : number % 5 == 0 ? (random.bits() & 1 ? 1 : 15) : random.between(1, 15);
          packed[start + scale_bytes + k / 4 * 4 + k % 2 * 2 + of_pair] |= static_cast<uint8_t>(k % 4 < 2 ? code : 16 * code);
        }
    }
  }
};

/// call(is_expected, out, weights, linear, index_mult): the definition or the kernel under test.
template <class Call> Verdict check_linear(Random &random, const char *output, Call call) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Linear linear(random, shape_of(random, number), pattern_of(random, number));
    const Int4Weights weights(random, linear.shape, number);
    const int32_t index_mult = draw_index_mult(random, number);
    Output<int16_t> out(random, output, linear.shape.rows * linear.shape.units, Pattern::uniform, -32768, 32767);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      call(copy == 0, out[copy], weights, linear, index_mult);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

template <class Kernel> Verdict check_cache(Kernel *expected, Kernel *actual, Random &random, const char *output) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Shape shape = shape_of(random, number);
    const int32_t heads = random.between(1, 3);
    const int32_t head_width = 2 * random.between(1, 5);
    shape.units = heads * head_width;
    Linear a(random, shape, pattern_of(random, number));
    const Int4Weights weights(random, shape, number);
    const int32_t first = random.between(0, 9);
    const int32_t tokens = first + shape.rows + (number % 2 == 0 ? 0 : random.between(0, 5));
    Output<int8_t> out(random, output, shape.units * (tokens + tokens % 2));
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], weights.pair, a.in, weights.packed, a.bias, a.mult, first, shape.rows, shape.depth,
                                      shape.units, tokens, head_width, weights.group);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace

Verdict check_linear_int4_s16(linear_int4_s16_type *expected, linear_int4_s16_type *actual, Random &random) {
  return check_linear(random, "out", [&](bool first, int16_t *out, const Int4Weights &weights, const Linear &a, int32_t) {
    (first ? expected : actual)(out, weights.pair, a.in, weights.packed, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                weights.group);
  });
}

Verdict check_linear_add_int4_s16(linear_add_int4_s16_type *expected, linear_add_int4_s16_type *actual, Random &random) {
  return check_linear(random, "x", [&](bool first, int16_t *x, const Int4Weights &weights, const Linear &a, int32_t) {
    (first ? expected : actual)(x, weights.pair, a.in, weights.packed, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                weights.group);
  });
}

Verdict check_linear_gelu_int4_s16(linear_gelu_int4_s16_type *expected, linear_gelu_int4_s16_type *actual, Random &random) {
  return check_linear(random, "out", [&](bool first, int16_t *out, const Int4Weights &weights, const Linear &a, int32_t index_mult) {
    (first ? expected : actual)(out, weights.pair, a.in, weights.packed, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                index_mult, delta_mult_of(index_mult), weights.group);
  });
}

Verdict check_linear_keys_int4_s8(linear_keys_int4_s8_type *expected, linear_keys_int4_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "keys");
}

Verdict check_linear_values_int4_s8(linear_values_int4_s8_type *expected, linear_values_int4_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "values");
}

} // namespace mcuform::test
