// Cases of the kernels that run on paired weights.
#include "linear_case.h"

namespace mcuform::test {
namespace {

template <class Kernel> Verdict check_linear(Kernel *expected, Kernel *actual, Random &random, const char *output) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Linear linear(random, shape_of(random, number), pattern_of(random, number));
    const Shape shape = linear.shape;
    Output<int16_t> out(random, output, shape.rows * shape.units, Pattern::uniform, -32768, 32767);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], linear.in, linear.weights, linear.bias, linear.mult, shape.rows, shape.depth, shape.units);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

template <class Kernel> Verdict check_cache(Kernel *expected, Kernel *actual, Random &random, const char *output) {
  return check_cache_with<NothingMore>(random, output, [&](bool first, int8_t *out, NothingMore, const Linear &a, CacheBlock block) {
    (first ? expected : actual)(out, a.in, a.weights, a.bias, a.mult, block.first, a.shape.rows, a.shape.depth, a.shape.units, block.tokens,
                                block.head_width);
  });
}

/// The values of a head: V[t][d] is element `at(t, d, padded, head_width)` of them.
template <class Kernel, class Layout> Verdict check_context(Kernel *expected, Kernel *actual, Random &random, Layout at) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Shape shape = shape_of(random, number);
    const Pattern pattern = pattern_of(random, number);
    const int32_t rows = number % 7 == 0 ? 23 + number % 5 : shape.rows; // around the 24 rows of one pass
    const int32_t tokens = shape.depth > 512 ? 512 : shape.depth - static_cast<int32_t>(random.bits() & 1);
    const int32_t padded = tokens + tokens % 2;
    const int32_t head_width = 2 * random.between(1, 8);
    const int32_t heads = random.between(1, 3);
    const int32_t head = random.between(0, heads - 1);
    const int32_t stride = heads * head_width;
    Input<int16_t> scores(random, rows * padded, pattern, 0, 32767);
    Input<int8_t> values(random, padded * head_width, pattern, -128, 127);
    Input<int32_t> sums(random, rows, Pattern::zero, 0, 0);
    for (int32_t r = 0; r < rows; ++r) {
      scores[r * padded + random.between(0, tokens - 1)] = 32767;
      if (tokens % 2 != 0)
        scores[r * padded + tokens] = 0;
      for (int32_t j = 0; j < tokens; ++j)
        sums[r] += scores[r * padded + j];
    }
    if (tokens % 2 != 0)
      for (int32_t d = 0; d < head_width; ++d)
        values[at(tokens, d, padded, head_width)] = 0;
    Output<int16_t> context(random, "context", (rows - 1) * stride + (head + 1) * head_width);
    for (int32_t copy = 0; copy < context.copies; ++copy)
      (copy == 0 ? expected : actual)(context[copy] + head * head_width, scores, values, sums, rows, tokens, head_width, stride);
    context.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace

Verdict check_linear_s16(linear_s16_type *expected, linear_s16_type *actual, Random &random) {
  return check_linear(expected, actual, random, "out");
}

Verdict check_linear_add_s16(linear_add_s16_type *expected, linear_add_s16_type *actual, Random &random) {
  return check_linear(expected, actual, random, "x");
}

Verdict check_linear_activation_s16(linear_activation_s16_type *expected, linear_activation_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Linear linear(random, shape_of(random, number), pattern_of(random, number));
    const Shape shape = linear.shape;
    const Hidden hidden(random, number);
    Output<int16_t> out(random, "out", shape.rows * shape.units);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], linear.in, linear.weights, linear.bias, linear.mult, hidden.middle(), shape.rows, shape.depth,
                                      shape.units, hidden.index_mult, hidden.delta_mult);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_activation_s16(activation_s16_type *expected, activation_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    const Hidden hidden(random, number);
    // Of the same scale, nothing, and as much finer or coarser as there can be.
    const int32_t mult = number % 5 == 0 ? 1 << 16 : number % 7 == 0 ? INT32_MAX : static_cast<int32_t>(random.bits() >> random.between(1, 24));
    Output<int16_t> out(random, "out", rows * width, Pattern::uniform, -32768, 32767);
    if (number % 2 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], hidden.middle(), rows, width, mult, hidden.index_mult, hidden.delta_mult);
    } else {
      Input<int16_t> in(random, rows * width, pattern_of(random, number), -32768, 32767);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], in, hidden.middle(), rows, width, mult, hidden.index_mult, hidden.delta_mult);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_linear_keys_s8(linear_keys_s8_type *expected, linear_keys_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "keys");
}

Verdict check_linear_values_s8(linear_values_s8_type *expected, linear_values_s8_type *actual, Random &random) {
  return check_cache(expected, actual, random, "values");
}

Verdict check_attention_scores_s16(attention_scores_s16_type *expected, attention_scores_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Shape shape = shape_of(random, number);
    const Pattern pattern = pattern_of(random, number);
    const int32_t rows = shape.rows;
    const int32_t head_width = shape.depth < 256 ? shape.depth : 64;
    const int32_t tokens = shape.units + 2 * random.between(0, 8);
    const int32_t padded = tokens + tokens % 2;
    const int32_t heads = random.between(1, 3);
    const int32_t head = random.between(0, heads - 1);
    const int32_t stride = heads * head_width;
    const int32_t limit = largest_activation(head_width, 128);
    Input<int16_t> q(random, (rows - 1) * stride + (head + 1) * head_width, pattern, -limit - 1, limit);
    Input<int8_t> keys(random, padded * head_width, pattern, -128, 127);
    if (tokens % 2 != 0)
      for (int32_t k = 0; k < head_width; ++k)
        keys[(tokens - 1) * head_width + 2 * k + 1] = 0;
    const int32_t mult = draw_mult(random);
    Output<int16_t> scores(random, "scores", rows * padded);
    for (int32_t copy = 0; copy < scores.copies; ++copy)
      (copy == 0 ? expected : actual)(scores[copy], q.from(head * head_width), keys, &mult, rows, tokens, head_width, stride);
    scores.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_attention_context_s16(attention_context_s16_type *expected, attention_context_s16_type *actual, Random &random) {
  return check_context(expected, actual, random,
                       [](int32_t t, int32_t d, int32_t padded, int32_t) { return d / 2 * 2 * padded + 2 * t + d % 2; });
}

Verdict check_attention_context_keys_s16(attention_context_keys_s16_type *expected, attention_context_keys_s16_type *actual,
                                         Random &random) {
  return check_context(expected, actual, random,
                       [](int32_t t, int32_t d, int32_t, int32_t head_width) { return t / 2 * 2 * head_width + 2 * d + t % 2; });
}

Verdict check_attention_context_keys_one_s16(attention_context_keys_one_s16_type *expected, attention_context_keys_one_s16_type *actual,
                                             Random &random) {
  return check_attention_context_keys_s16(expected, actual, random);
}

} // namespace mcuform::test
