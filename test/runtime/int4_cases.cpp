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
struct Int4Weights : NothingMore {
  int32_t group;
  Input<uint8_t> packed;
  int8_t *pair;

  Int4Weights(Random &random, Shape shape, int32_t number)
      : NothingMore(random, shape, number), group(number % 3 == 0 ? 32 : 4 * random.between(1, 40)),
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

template <class Kernel> Verdict check_cache(Kernel *expected, Kernel *actual, Random &random, const char *output) {
  return check_cache_with<Int4Weights>(
      random, output, [&](bool first, int8_t *out, const Int4Weights &weights, const Linear &a, CacheBlock block) {
        (first ? expected : actual)(out, weights.pair, a.in, weights.packed, a.bias, a.mult, block.first, a.shape.rows, a.shape.depth,
                                    a.shape.units, block.tokens, block.head_width, weights.group);
      });
}

} // namespace

Verdict check_linear_int4_s16(linear_int4_s16_type *expected, linear_int4_s16_type *actual, Random &random) {
  return check_linear_with<Int4Weights>(random, "out", [&](bool first, int16_t *out, const Int4Weights &weights, const Linear &a, const Hidden &) {
    (first ? expected : actual)(out, weights.pair, a.in, weights.packed, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                weights.group);
  });
}

Verdict check_linear_add_int4_s16(linear_add_int4_s16_type *expected, linear_add_int4_s16_type *actual, Random &random) {
  return check_linear_with<Int4Weights>(random, "x", [&](bool first, int16_t *x, const Int4Weights &weights, const Linear &a, const Hidden &) {
    (first ? expected : actual)(x, weights.pair, a.in, weights.packed, a.bias, a.mult, a.shape.rows, a.shape.depth, a.shape.units,
                                weights.group);
  });
}

Verdict check_linear_activation_int4_s16(linear_activation_int4_s16_type *expected, linear_activation_int4_s16_type *actual, Random &random) {
  return check_linear_with<Int4Weights>(
      random, "out", [&](bool first, int16_t *out, const Int4Weights &weights, const Linear &a, const Hidden &hidden) {
        (first ? expected : actual)(out, weights.pair, a.in, weights.packed, a.bias, a.mult, hidden.middle(), a.shape.rows, a.shape.depth, a.shape.units,
                                    hidden.index_mult, hidden.delta_mult, weights.group);
      });
}

Verdict check_linear_keys_int4_s8(linear_keys_int4_s8_type *expected, linear_keys_int4_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "keys");
}

Verdict check_linear_values_int4_s8(linear_values_int4_s8_type *expected, linear_values_int4_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "values");
}

} // namespace mcuform::test
