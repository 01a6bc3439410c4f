// Inputs for the kernels that run on paired weights: shapes at every edge of the micro-kernels, values at every edge of the arithmetic.
#include "support.h"

namespace mcuform::test {
namespace {

struct Shape {
  int32_t rows, depth, units;
};

// Rows around multiples of 3, 8 and 24, depths around one unrolled turn (64) and one unpacked chunk (128), an odd count of units, the
// largest depth.
constexpr Shape edge_shapes[] = {{1, 2, 1},    {1, 2, 2},   {2, 4, 3},   {3, 2, 2},   {3, 32, 2},  {4, 34, 5},   {5, 64, 6},
                                 {6, 30, 4},   {7, 62, 3},  {8, 66, 2},  {9, 128, 4}, {10, 6, 7},  {11, 130, 2}, {17, 96, 2},
                                 {3, 192, 12}, {3, 768, 3}, {2, 768, 2}, {1, 768, 5}, {6, 3072, 2}, {24, 10, 2},
                                 {25, 64, 3},  {26, 8, 4},  {28, 66, 1}, {49, 4, 2}};
constexpr int32_t edge_count = sizeof edge_shapes / sizeof edge_shapes[0];
constexpr int32_t random_count = 40;
// Then every depth up to 72 by few rows: each way into and out of the unrolled loops.
constexpr int32_t sweep_rows = 5;
constexpr int32_t sweep_count = 36 * sweep_rows;
constexpr int32_t case_count = edge_count * pattern_count + random_count + sweep_count;

Shape shape_of(Random &random, int32_t number) {
  if (number < edge_count * pattern_count)
    return edge_shapes[number % edge_count];
  const int32_t sweep = number - edge_count * pattern_count - random_count;
  if (sweep >= 0)
    return {1 + sweep % sweep_rows, 2 * (1 + sweep / sweep_rows), random.between(1, 3)};
  return {random.between(1, 13), 2 * random.between(1, 100), random.between(1, 12)};
}
Pattern pattern_of(Random &random, int32_t number) {
  return number < edge_count * pattern_count ? static_cast<Pattern>(number / edge_count)
                                             : static_cast<Pattern>(random.between(0, pattern_count - 1));
}

constexpr int32_t largest_bias = 1 << 20;

/// The largest activation whose sums of `depth` products with weights of at most `weight` cannot overflow; at most that of an int16.
int32_t largest_activation(int32_t depth, int32_t weight) {
  const int32_t limit = (INT32_MAX - largest_bias) / (depth * weight);
  return limit < 32767 ? limit : 32767;
}

int32_t draw_mult(Random &random) {
  switch (random.bits() % 4) {
  case 0:
    return INT32_MAX;
  case 1:
    return static_cast<int32_t>(random.bits() >> 1);
  default:
    return static_cast<int32_t>(random.bits() >> random.between(1, 24)); // so that results of every size occur
  }
}

/// Everything that a linear reads.
struct Linear {
  Shape shape;
  Input<int16_t> in;
  Input<int8_t> weights;
  Input<int32_t> bias;
  Input<int32_t> mult;

  Linear(Random &random, Shape shape, Pattern pattern)
      : shape(shape),
        in(random, shape.rows * shape.depth, pattern, -largest_activation(shape.depth, 127) - 1, largest_activation(shape.depth, 127)),
        weights(random, (shape.units + 1) / 2 * 2 * shape.depth, pattern, -127, 127),
        bias(random, shape.units, pattern, -largest_bias, largest_bias), mult(random, shape.units, Pattern::zero, 0, 0) {
    for (int32_t n = 0; n < shape.units; ++n)
      mult[n] = draw_mult(random);
    if (shape.units % 2 != 0)
      for (int32_t k = 0; k < shape.depth; ++k)
        weights[(shape.units - 1) * shape.depth + 2 * k + 1] = 0;
  }
};

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

/// K or V: a block of tokens of a longer sequence; every other block ends with the last token.
template <class Kernel> Verdict check_cache(Kernel *expected, Kernel *actual, Random &random, const char *output) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Shape shape = shape_of(random, number);
    const int32_t heads = random.between(1, 3);
    const int32_t head_width = 2 * random.between(1, 5);
    shape.units = heads * head_width;
    Linear linear(random, shape, pattern_of(random, number));
    const int32_t first = random.between(0, 9);
    const int32_t tokens = first + shape.rows + (number % 2 == 0 ? 0 : random.between(0, 5));
    Output<int8_t> out(random, output, shape.units * (tokens + tokens % 2));
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], linear.in, linear.weights, linear.bias, linear.mult, first, shape.rows, shape.depth,
                                      shape.units, tokens, head_width);
    out.compare(verdict);
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

Verdict check_linear_gelu_s16(linear_gelu_s16_type *expected, linear_gelu_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Linear linear(random, shape_of(random, number), pattern_of(random, number));
    const Shape shape = linear.shape;
    // s_h from just above 2^-17 to just below 1/2, and around 2^-9, where the DSP body changes; delta_mult = 2^-18 / s_h * 2^32 =
    // 2^46 / index_mult.
    const int32_t index_mult = number % 11 == 0   ? 32769
                               : number == 1      ? INT32_MAX
                               : number % 11 == 2 ? (1 << 23) - 1 + number % 2
                                                  : 32769 + static_cast<int32_t>(random.bits() >> random.between(2, 16));
    const int32_t delta_mult = static_cast<int32_t>((int64_t{1} << 46) / index_mult);
    Output<int16_t> out(random, "out", shape.rows * shape.units);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], linear.in, linear.weights, linear.bias, linear.mult, shape.rows, shape.depth, shape.units,
                                      index_mult, delta_mult);
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
        values[d / 2 * 2 * padded + 2 * tokens + d % 2] = 0;
    Output<int16_t> context(random, "context", (rows - 1) * stride + (head + 1) * head_width);
    for (int32_t copy = 0; copy < context.copies; ++copy)
      (copy == 0 ? expected : actual)(context[copy] + head * head_width, scores, values, sums, rows, tokens, head_width, stride);
    context.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace mcuform::test
