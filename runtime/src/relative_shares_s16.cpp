// Sums of probabilities by distance: those of rows are runs of the scores, those of columns walk down the grid.
#include "halfwords.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

/// Keys [begin, end) along one axis.
struct Range {
  int32_t begin, end;
};

/// Those at this distance of a query at `from`, with the ones beyond if it is the clip.
inline Range at_distance(int32_t distance, int32_t clip, int32_t from, int32_t extent) {
  const int32_t begin = distance == -clip || from + distance < 0 ? 0 : from + distance;
  const int32_t end = distance == clip || from + distance >= extent ? extent : from + distance + 1;
  return {begin, end};
}

inline int32_t sum_of_run(const int16_t *at, int32_t count) {
  int32_t sum = 0;
  int32_t i = 0;
#if MCUFORM_RT_DSP
  for (; i + 2 <= count; i += 2)
    sum = multiply_accumulate(load_word(at + i), 0x00010001, sum);
#endif
  for (; i < count; ++i)
    sum += at[i];
  return sum;
}

} // namespace

void relative_shares_s16(int16_t *shares, const int16_t *scores, const int32_t *sums, int32_t first, int32_t rows, int32_t first_query,
                         int32_t prefix, int32_t grid_height, int32_t grid_width, int32_t row_clip, int32_t column_clip) {
  const int32_t places = grid_height * grid_width;
  const int32_t tokens = prefix + places;
  for (int32_t r = 0; r < rows; ++r, scores += tokens + (tokens & 1)) {
    const int32_t place = first_query + first + r - prefix;
    const int32_t mult = context_mult(sums[r]);
    int16_t *const end = shares + relative_width(row_clip, column_clip);
    *shares++ = relative_share(sum_of_run(scores, place < 0 ? tokens : prefix), mult);
    if (place < 0) {
      while (shares != end)
        *shares++ = 0;
      continue;
    }
    const int16_t *const grid = scores + prefix;
    const int32_t y = place / grid_width, x = place - y * grid_width;
    for (int32_t distance = -row_clip; distance <= row_clip; ++distance) {
      const Range lines = at_distance(distance, row_clip, y, grid_height);
      *shares++ = relative_share(sum_of_run(grid + lines.begin * grid_width, (lines.end - lines.begin) * grid_width), mult);
    }
    for (int32_t distance = -column_clip; distance <= column_clip; ++distance) {
      const Range columns = at_distance(distance, column_clip, x, grid_width);
      int32_t sum = 0;
      for (int32_t column = columns.begin; column < columns.end; ++column)
        for (int32_t at = column; at < places; at += grid_width)
          sum += grid[at];
      *shares++ = relative_share(sum, mult);
    }
    *shares++ = 0;
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
