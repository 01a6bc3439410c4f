// Windows on a map of pixels, one after another, line by line.
#ifndef MCUFORM_SRC_WINDOWS_H
#define MCUFORM_SRC_WINDOWS_H

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// Where the windows of an operator stand.
struct WindowGrid {
  int32_t height, width, channels, kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, out_width;
};

/// One window after another. Lines and columns of the kernel from `begin` up to `end` lie on the map.
class Window {
public:
  Window(const WindowGrid &grid, int32_t number)
      : grid(grid), column(number % grid.out_width), top(number / grid.out_width * grid.stride_y - grid.pad_top) {
    clip();
  }

  void advance() {
    if (++column == grid.out_width) {
      column = 0;
      top += grid.stride_y;
    }
    clip();
  }

  int32_t line_begin, line_end, column_begin, column_end;
  /// The first pixel of the kernel's line `line` that lies on the map.
  template <class T> const T *pixels(const T *map, int32_t line) const {
    return map + (static_cast<ptrdiff_t>(top + line) * grid.width + left + column_begin) * grid.channels;
  }

private:
  void clip() {
    left = column * grid.stride_x - grid.pad_left;
    line_begin = top < 0 ? -top : 0;
    line_end = grid.height - top < grid.kernel_height ? grid.height - top : grid.kernel_height;
    column_begin = left < 0 ? -left : 0;
    column_end = grid.width - left < grid.kernel_width ? grid.width - left : grid.kernel_width;
  }

  const WindowGrid &grid;
  int32_t column, top, left;
};

/// Sets `count` values to `pad`; returns their end.
inline int16_t *put_padding(int16_t *out, int32_t count, int16_t pad) {
  const uint32_t word = static_cast<uint16_t>(pad) * 0x10001u;
  int32_t i = 0;
  for (; i + 2 <= count; i += 2) {
    store_word(out + i, word);
    __asm__ volatile("" ::: "memory"); // no call of memset, which would cost more than most runs are long
  }
  if (i < count)
    out[i] = pad;
  return out + count;
}

/// The windows `first` .. `first` + `rows` - 1 as rows, pixels outside of the map being `pad`: put(out, from, pixels) writes a run of pixels and
/// returns its end.
template <class T, class Put>
inline void put_windows(int16_t *out, const T *map, int32_t first, int32_t rows, const WindowGrid &grid, Put put, int16_t pad = 0) {
  const int32_t line = grid.kernel_width * grid.channels;
  const bool odd = (line & grid.kernel_height & 1) != 0;
  Window window(grid, first);
  for (int32_t r = 0; r < rows; ++r, window.advance()) {
    out = put_padding(out, window.line_begin * line, pad);
    for (int32_t y = window.line_begin; y < window.line_end; ++y) {
      out = put_padding(out, window.column_begin * grid.channels, pad);
      out = put(out, window.pixels(map, y), window.column_end - window.column_begin);
      out = put_padding(out, (grid.kernel_width - window.column_end) * grid.channels, pad);
    }
    out = put_padding(out, (grid.kernel_height - window.line_end) * line + (odd ? 1 : 0), pad);
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
