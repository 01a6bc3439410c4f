// Inputs for the kernels of relative positions: grids of all proportions, with and without tokens in front, clipped near and not at all.
#include "support.h"

#include "mcuform/arith.h"

namespace mcuform::test {
namespace {

constexpr int32_t case_count = 120;

Pattern pattern_of(int32_t number) { return static_cast<Pattern>(number % pattern_count); }

struct Grid {
  int32_t prefix, height, width, row_clip, column_clip, first_query, first, rows;

  Grid(Random &random, int32_t number) {
    const int32_t largest = number % 10 == 0 ? 22 : 7;
    prefix = number % 3 == 0 ? 0 : random.between(1, 3);
    height = number % 7 == 0 ? 1 : random.between(1, largest);
    width = number % 7 == 1 ? 1 : random.between(1, largest);
    row_clip = random.between(0, height - 1);
    column_clip = number % 2 == 0 ? width - 1 : random.between(0, width - 1);
    const int32_t query = random.between(0, tokens() - 1);
    rows = random.between(1, tokens() - query < 9 ? tokens() - query : 9);
    first = random.between(0, query);
    first_query = query - first;
  }
  int32_t tokens() const { return prefix + height * width; }
  int32_t padded() const { return tokens() + tokens() % 2; }
  int32_t table_width() const { return rt::relative_width(row_clip, column_clip); }
};

} // namespace

Verdict check_relative_scores_s16(relative_scores_s16_type *expected, relative_scores_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid grid(random, number);
    const int32_t limit = number % 4 == 0 ? 32767 : 3000; // with saturation and, mostly, without
    Input<int16_t> terms(random, grid.rows * grid.table_width(), pattern_of(number), -limit - 1, limit);
    Output<int16_t> scores(random, "scores", grid.rows * grid.padded(), pattern_of(number / pattern_count), -limit - 1, limit);
    for (int32_t copy = 0; copy < scores.copies; ++copy)
      (copy == 0 ? expected : actual)(scores[copy], terms, grid.first, grid.rows, grid.first_query, grid.prefix, grid.height, grid.width,
                                      grid.row_clip, grid.column_clip);
    scores.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_relative_shares_s16(relative_shares_s16_type *expected, relative_shares_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid grid(random, number);
    Input<int16_t> scores(random, grid.rows * grid.padded(), pattern_of(number), 0, 32767);
    Input<int32_t> sums(random, grid.rows, Pattern::zero, 0, 0);
    for (int32_t r = 0; r < grid.rows; ++r) {
      const int32_t at = r * grid.padded();
      scores[at + random.between(0, grid.tokens() - 1)] = 32767; // as softmax leaves them
      if (grid.tokens() % 2 != 0)
        scores[at + grid.tokens()] = 0;
      for (int32_t j = 0; j < grid.tokens(); ++j)
        sums[r] += scores[at + j];
    }
    Output<int16_t> shares(random, "shares", grid.rows * grid.table_width());
    for (int32_t copy = 0; copy < shares.copies; ++copy)
      (copy == 0 ? expected : actual)(shares[copy], scores, sums, grid.first, grid.rows, grid.first_query, grid.prefix, grid.height,
                                      grid.width, grid.row_clip, grid.column_clip);
    shares.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_relative_context_s16(relative_context_s16_type *expected, relative_context_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = number % 2 == 0 ? random.between(1, 6) : random.between(1, 53);
    const int32_t depth = 2 * random.between(2, 48);
    const int32_t width = number % 3 == 0 ? 64 : 2 * random.between(1, 16);
    const int32_t heads = random.between(1, 3);
    const int32_t head = random.between(0, heads - 1);
    const int32_t stride = heads * width;
    Input<int16_t> shares(random, rows * depth, pattern_of(number), 0, 32767);
    Input<int8_t> table(random, width * depth, pattern_of(number / pattern_count), -127, 127);
    Input<int32_t> mult(random, width, Pattern::uniform, 0, number % 5 == 0 ? INT32_MAX : 1 << 27);
    Output<int16_t> context(random, "context", (rows - 1) * stride + (head + 1) * width, pattern_of(number), -32768, 32767);
    for (int32_t copy = 0; copy < context.copies; ++copy)
      (copy == 0 ? expected : actual)(context[copy] + head * width, shares, table, mult, rows, depth, width, stride);
    context.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace mcuform::test
