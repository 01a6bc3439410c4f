// The hooks of mcuform/observe.h, into a file.
#include "observe.h"

#ifdef MCUFORM_OBSERVE

#include "platform.h"
#include "runtime/include/mcuform/observe.h" // of the package

namespace mcuform::target {

namespace {

File file = no_file;
bool is_written = true;

void write(const void *from, size_t size) {
  if (file != no_file)
    is_written = write_bytes(file, from, size) && is_written;
}

void write_head(int32_t layer, int32_t first_row, int32_t rows, int32_t first_column, int32_t columns, int32_t element_bytes) {
  const int32_t head[] = {layer, first_row, rows, first_column, columns, element_bytes};
  write(head, sizeof(head));
}

} // namespace

bool start_observing() {
  file = open_for_writing("values");
  return file != no_file;
}

bool finish_observing() { return close_file(file) && is_written; }

} // namespace mcuform::target

using namespace mcuform::target;

extern "C" void mcuform_observe_rows(int32_t layer, const void *values, int32_t element_bytes, int32_t stride, int32_t first_row,
                                     int32_t rows, int32_t first_column, int32_t columns) {
  write_head(layer, first_row, rows, first_column, columns, element_bytes);
  const uint8_t *row = static_cast<const uint8_t *>(values);
  for (int32_t r = 0; r < rows; ++r, row += stride * element_bytes)
    write(row, static_cast<size_t>(columns * element_bytes));
}

extern "C" void mcuform_observe_cache(int32_t layer, const int8_t *cache, int32_t holds_values, int32_t tokens, int32_t head_width,
                                      int32_t first_row, int32_t rows, int32_t columns, int32_t sequence_row) {
  constexpr int32_t chunk = 64;
  const int32_t padded = tokens + tokens % 2;
  write_head(layer, sequence_row + first_row, rows, 0, columns, 1);
  int8_t elements[chunk];
  int32_t count = 0;
  for (int32_t t = first_row; t < first_row + rows; ++t)
    for (int32_t c = 0; c < columns; ++c) {
      const int32_t d = c % head_width;
      const int8_t *const head = cache + c / head_width * padded * head_width;
      elements[count++] = holds_values ? head[d / 2 * 2 * padded + 2 * t + d % 2] : head[t / 2 * 2 * head_width + 2 * d + t % 2];
      if (count == chunk || (t == first_row + rows - 1 && c == columns - 1)) {
        write(elements, static_cast<size_t>(count));
        count = 0;
      }
    }
}

#else

namespace mcuform::target {
bool start_observing() { return true; }
bool finish_observing() { return true; }
} // namespace mcuform::target

#endif
