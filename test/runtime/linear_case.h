// Shapes and inputs for the kernels that run on paired weights: at every edge of the micro-kernels, values at every edge of the arithmetic.
#ifndef MCUFORM_TEST_RUNTIME_LINEAR_CASE_H
#define MCUFORM_TEST_RUNTIME_LINEAR_CASE_H

#include "support.h"

namespace mcuform::test {

struct Shape {
  int32_t rows, depth, units;
};

// Rows around multiples of 3, 8 and 24, depths around one unrolled turn (64) and one unpacked chunk (128), an odd count of units, the
// largest depth.
inline constexpr Shape edge_shapes[] = {{1, 2, 1},    {1, 2, 2},   {2, 4, 3},    {3, 2, 2},   {3, 32, 2},  {4, 34, 5},
                                        {5, 64, 6},   {6, 30, 4},  {7, 62, 3},   {8, 66, 2},  {9, 128, 4}, {10, 6, 7},
                                        {11, 130, 2}, {17, 96, 2}, {3, 192, 12}, {3, 768, 3}, {2, 768, 2}, {1, 768, 5},
                                        {6, 3072, 2}, {24, 10, 2}, {25, 64, 3},  {26, 8, 4},  {28, 66, 1}, {49, 4, 2}};
inline constexpr int32_t edge_count = sizeof edge_shapes / sizeof edge_shapes[0];
inline constexpr int32_t random_count = 40;
// Then every depth up to 72 by few rows: each way into and out of the unrolled loops.
inline constexpr int32_t sweep_rows = 5;
inline constexpr int32_t sweep_count = 36 * sweep_rows;
inline constexpr int32_t case_count = edge_count * pattern_count + random_count + sweep_count;

inline Shape shape_of(Random &random, int32_t number) {
  if (number < edge_count * pattern_count)
    return edge_shapes[number % edge_count];
  const int32_t sweep = number - edge_count * pattern_count - random_count;
  if (sweep >= 0)
    return {1 + sweep % sweep_rows, 2 * (1 + sweep / sweep_rows), random.between(1, 3)};
  return {random.between(1, 13), 2 * random.between(1, 100), random.between(1, 12)};
}
inline Pattern pattern_of(Random &random, int32_t number) {
  return number < edge_count * pattern_count ? static_cast<Pattern>(number / edge_count)
                                             : static_cast<Pattern>(random.between(0, pattern_count - 1));
}

inline constexpr int32_t largest_bias = 1 << 20;

/// The largest activation whose sums of `depth` products with weights of at most `weight` cannot overflow; at most that of an int16.
inline int32_t largest_activation(int32_t depth, int32_t weight) {
  const int32_t limit = (INT32_MAX - largest_bias) / (depth * weight);
  return limit < 32767 ? limit : 32767;
}

inline int32_t draw_mult(Random &random) {
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

/// The scale of the hidden units of case `number`, as GELU takes it: from the least for which its delta fits, 1.36 * 2^-17, to just below 1/2,
/// and around 2^-9, where the DSP body changes.
inline int32_t draw_index_mult(Random &random, int32_t number) {
  constexpr int32_t least = 44565;
  return number % 11 == 0   ? least
         : number == 1      ? INT32_MAX
         : number % 11 == 2 ? (1 << 23) - 1 + number % 2
                            : least + static_cast<int32_t>(random.bits() >> random.between(2, 16));
}
/// What hidden units take of their activation: any table with GELU's bound, at GELU's scales; or nothing, as for ReLU.
struct Hidden {
  static constexpr int32_t table_size = 4096;
  int32_t index_mult, delta_mult;
  uint16_t *table; // memory without guards, of which there are six in all

  Hidden(Random &random, int32_t number)
      : index_mult(number % 11 == 3 ? 0 : draw_index_mult(random, number)),
        delta_mult(index_mult == 0 ? 0 : static_cast<int32_t>((int64_t{1} << 46) / index_mult)), // 2^-18 / s_h * 2^32
        table(static_cast<uint16_t *>(allocate_memory(table_size * sizeof(uint16_t)))) {
    for (int32_t i = 0; i < table_size; ++i)
      table[i] = static_cast<uint16_t>(random.between(0, 44557));
  }
  const uint16_t *middle() const { return table + table_size / 2; }
};

/// What a linear takes beyond the rest is drawn by its constructor; `begin` comes before the kernel under test, `check` after both.
struct NothingMore {
  NothingMore(Random &, Shape, int32_t) {}
  void begin() const {}
  void check(Verdict &, Shape) const {}
};

/// call(is_expected, out, more, linear, hidden): the definition or the kernel under test.
template <class More, class Call> Verdict check_linear_with(Random &random, const char *output, Call call) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Linear linear(random, shape_of(random, number), pattern_of(random, number));
    const Shape shape = linear.shape;
    const More more(random, shape, number);
    const Hidden hidden(random, number);
    Output<int16_t> out(random, output, shape.rows * shape.units, Pattern::uniform, -32768, 32767);
    for (int32_t copy = 0; copy < out.copies; ++copy) {
      if (copy == 1)
        more.begin();
      call(copy == 0, out[copy], more, linear, hidden);
    }
    out.compare(verdict);
    more.check(verdict, shape);
    release_memory();
  }
  return verdict;
}

/// Where the rows stand in the cache.
struct CacheBlock {
  int32_t first, tokens, head_width;
};

/// K or V: a block of tokens of a longer sequence; every other block ends with the last token. call(is_expected, out, more, linear, block).
template <class More, class Call> Verdict check_cache_with(Random &random, const char *output, Call call) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    Shape shape = shape_of(random, number);
    const int32_t heads = random.between(1, 3);
    CacheBlock block;
    block.head_width = 2 * random.between(1, 5);
    shape.units = heads * block.head_width;
    Linear linear(random, shape, pattern_of(random, number));
    const More more(random, shape, number);
    block.first = random.between(0, 9);
    block.tokens = block.first + shape.rows + (number % 2 == 0 ? 0 : random.between(0, 5));
    Output<int8_t> out(random, output, shape.units * (block.tokens + block.tokens % 2));
    for (int32_t copy = 0; copy < out.copies; ++copy) {
      if (copy == 1)
        more.begin();
      call(copy == 0, out[copy], more, linear, block);
    }
    out.compare(verdict);
    more.check(verdict, shape);
    release_memory();
  }
  return verdict;
}

} // namespace mcuform::test

#endif
