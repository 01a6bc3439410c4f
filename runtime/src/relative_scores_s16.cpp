// What distances add to scores. Along a line of the grid the distance of rows stays, and that of columns steps by one, but for the ends
// that are clipped.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

#if MCUFORM_RT_DSP
inline uint32_t add_saturated_s16x2(uint32_t a, uint32_t b) {
  uint32_t sum;
  __asm__("qadd16 %0, %1, %2" : "=r"(sum) : "r"(a), "r"(b));
  return sum;
}
#endif

/// Scores of keys at the same distance of columns: `column` for all of them.
inline int16_t *add_same(int16_t *scores, int32_t count, int32_t row, int32_t column) {
  for (int32_t x = 0; x < count; ++x)
    scores[x] = relative_score(scores[x], row, column);
  return scores + count;
}

/// Scores of keys each one column farther to the right than the one before.
inline int16_t *add_line(int16_t *scores, int32_t count, int32_t row, const int16_t *columns) {
  int32_t x = 0;
#if MCUFORM_RT_DSP
  const uint32_t row_twice = pack_s16x2(static_cast<int16_t>(row), static_cast<int16_t>(row));
  for (; x + 2 <= count; x += 2)
    store_word(scores + x, add_saturated_s16x2(load_word(scores + x), add_saturated_s16x2(row_twice, load_word(columns + x))));
#endif
  for (; x < count; ++x)
    scores[x] = relative_score(scores[x], row, columns[x]);
  return scores + count;
}

} // namespace

void relative_scores_s16(int16_t *scores, const int16_t *terms, int32_t first, int32_t rows, int32_t first_query, int32_t prefix,
                         int32_t grid_height, int32_t grid_width, int32_t row_clip, int32_t column_clip) {
  const int32_t tokens = prefix + grid_height * grid_width;
  for (int32_t r = 0; r < rows; ++r, terms += relative_width(row_clip, column_clip)) {
    const int32_t place = first_query + first + r - prefix;
    int16_t *at = add_same(scores, place < 0 ? tokens : prefix, terms[0], 0);
    scores += tokens + (tokens & 1);
    if (place < 0)
      continue;
    const int32_t y = place / grid_width, x = place - y * grid_width;
    // Keys [0, left) are beyond the clip on the left, [right, grid_width) on the right.
    const int32_t left = x - column_clip > 0 ? x - column_clip : 0;
    const int32_t right = x + column_clip + 1 < grid_width ? x + column_clip + 1 : grid_width;
    const int16_t *const columns = terms + (relative_column(0, row_clip, column_clip) - x + left);
    for (int32_t line = 0; line < grid_height; ++line) {
      const int32_t row = terms[relative_row(line - y, row_clip)];
      at = add_same(at, left, row, columns[0]);
      at = add_line(at, right - left, row, columns);
      at = add_same(at, grid_width - right, row, columns[right - left - 1]);
    }
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
