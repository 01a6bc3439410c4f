// Inputs for the kernels on feature maps: windows, depthwise convolution, pooling, rows in another order and the sum of two maps.
#include "support.h"

namespace mcuform::test {
namespace {

constexpr int32_t case_count = 120;

Pattern pattern_of(int32_t number) { return static_cast<Pattern>(number % pattern_count); }

/// A map and some of the windows on it. Each window has a pixel on the map, as the compiler makes sure.
struct Grid {
  /// With `tiles` they lie side by side.
  Grid(Random &random, int32_t number, bool tiles = false) {
    kernel_height = number % 3 == 0 ? 3 : random.between(1, 5);
    kernel_width = number % 3 == 0 ? 3 : random.between(1, 7);
    stride_y = tiles ? kernel_height : random.between(1, 3);
    stride_x = tiles ? kernel_width : random.between(1, 3);
    pad_top = random.between(0, kernel_height - 1);
    pad_left = random.between(0, kernel_width - 1);
    channels = number % 4 == 0 ? random.between(1, 3) : random.between(1, 20);
    height = random.between(kernel_height, kernel_height + 6);
    width = random.between(kernel_width, kernel_width + 6);
    // The last windows may stand beyond the map by all but a pixel.
    const int32_t out_height = (height + pad_top + random.between(0, kernel_height - 1) - kernel_height) / stride_y + 1;
    out_width = (width + pad_left + random.between(0, kernel_width - 1) - kernel_width) / stride_x + 1;
    first = random.between(0, out_height * out_width - 1);
    rows = random.between(1, out_height * out_width - first);
  }
  int32_t pixels() const { return height * width; }
  int32_t taps() const { return kernel_height * kernel_width; }
  int32_t depth() const { return (taps() * channels + 1) / 2 * 2; }

  int32_t kernel_height, kernel_width, stride_y, stride_x, pad_top, pad_left, channels, height, width, out_width, first, rows;
};

} // namespace

Verdict check_unfold_padded_u8(unfold_padded_u8_type *expected, unfold_padded_u8_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid g(random, number, /*tiles=*/true);
    const int32_t pad_value = random.between(0, 255);
    Input<uint8_t> image(random, g.pixels() * g.channels, pattern_of(number), 0, 255);
    Output<int16_t> out(random, "out", g.rows * g.depth());
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], image, g.first, g.rows, g.height, g.width, g.channels, g.kernel_height, g.kernel_width,
                                      g.pad_top, g.pad_left, g.out_width, pad_value);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_windows_u8(windows_u8_type *expected, windows_u8_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid g(random, number);
    const int32_t shift = random.between(0, 7);
    Input<uint8_t> image(random, g.pixels() * g.channels, pattern_of(number), 0, 255);
    Input<int16_t> offset(random, g.channels, Pattern::uniform, 0, 255 << shift);
    Output<int16_t> out(random, "out", g.rows * g.depth());
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], image, offset, g.first, g.rows, g.height, g.width, g.channels, g.kernel_height,
                                      g.kernel_width, g.stride_y, g.stride_x, g.pad_top, g.pad_left, g.out_width, shift);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_windows_codes_u8(windows_codes_u8_type *expected, windows_codes_u8_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid g(random, number);
    Input<uint8_t> image(random, g.pixels() * g.channels, pattern_of(number), 0, 255);
    Input<int16_t> codes(random, 256 * g.channels, Pattern::uniform, -255, 255);
    Output<int16_t> out(random, "out", g.rows * g.depth());
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], image, codes, g.first, g.rows, g.height, g.width, g.channels, g.kernel_height,
                                      g.kernel_width, g.stride_y, g.stride_x, g.pad_top, g.pad_left, g.out_width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_windows_s16(windows_s16_type *expected, windows_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid g(random, number);
    Input<int16_t> in(random, g.pixels() * g.channels, pattern_of(number), -32768, 32767);
    Output<int16_t> out(random, "out", g.rows * g.depth());
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, g.first, g.rows, g.height, g.width, g.channels, g.kernel_height, g.kernel_width,
                                      g.stride_y, g.stride_x, g.pad_top, g.pad_left, g.out_width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_depthwise_s16(depthwise_s16_type *expected, depthwise_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid g(random, number);
    Input<int16_t> in(random, g.pixels() * g.channels, pattern_of(number), -32768, 32767);
    Input<int8_t> weights(random, g.taps() * g.channels, pattern_of(number / 2), -127, 127);
    Input<int32_t> bias(random, g.channels, Pattern::uniform, -1000000000, 1000000000);
    Input<int32_t> mult(random, g.channels, number % 2 == 0 ? Pattern::uniform : Pattern::extremes, 1 << 10,
                        number % 5 == 0 ? INT32_MAX : 1 << 25);
    Output<int16_t> out(random, "out", g.rows * g.channels);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, weights, bias, mult, g.first, g.rows, g.height, g.width, g.channels, g.kernel_height,
                                      g.kernel_width, g.stride_y, g.stride_x, g.pad_top, g.pad_left, g.out_width,
                                      number % 2 == 0 ? 0 : -32768);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_max_pool_s16(max_pool_s16_type *expected, max_pool_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const Grid g(random, number);
    const int32_t high = number % 7 == 0 ? -1000 : 32767; // all negative: no zero may come in at the borders
    Input<int16_t> in(random, g.pixels() * g.channels, pattern_of(number), -32768, high);
    Output<int16_t> out(random, "out", g.rows * g.channels);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, g.first, g.rows, g.height, g.width, g.channels, g.kernel_height, g.kernel_width,
                                      g.stride_y, g.stride_x, g.pad_top, g.pad_left, g.out_width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_permute_rows_s16(permute_rows_s16_type *expected, permute_rows_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    int32_t size[4], stride[4], total = 1;
    for (int32_t &s : size)
      s = random.between(1, 4);
    // Digits of the input in another order than those of the result.
    const int32_t turn = random.between(0, 3);
    for (int32_t place = 0; place < 4; ++place) {
      const int32_t digit = number % 2 == 0 ? (place + turn) % 4 : 3 - (place + turn) % 4;
      stride[digit] = total;
      total *= size[digit];
    }
    const int32_t width = random.between(1, 24);
    const int32_t from = random.between(0, total - 1);
    const int32_t base = random.between(0, from);
    const int32_t rows = random.between(1, total - from);
    Input<int16_t> in(random, total * width, pattern_of(number), -32768, 32767);
    Output<int16_t> out(random, "out", rows * width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, from - base, rows, base, width, size[1], size[2], size[3], stride[0], stride[1],
                                      stride[2], stride[3]);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_add_s16(add_s16_type *expected, add_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    Input<int16_t> rhs(random, rows * width, pattern_of(number), -32768, 32767);
    // Ratios around 1, of either operand alone, and as large as they can be.
    const int32_t largest = number % 5 == 0 ? INT32_MAX : 1 << 25;
    const int32_t lhs_mult = number % 6 == 0 ? 1 << 24 : random.between(0, largest);
    const int32_t rhs_mult = number % 6 == 1 ? 0 : random.between(0, largest);
    const int32_t low = number % 2 == 0 ? 0 : -32768;
    Output<int16_t> out(random, "out", rows * width, pattern_of(number / 2), -32768, 32767);
    if (number % 3 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], rhs, rows, width, lhs_mult, rhs_mult, low);
    } else {
      Input<int16_t> lhs(random, rows * width, pattern_of(number / 3), -32768, 32767);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], lhs, rhs, rows, width, lhs_mult, rhs_mult, low);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace mcuform::test
