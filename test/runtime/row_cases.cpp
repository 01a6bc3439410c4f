// Inputs for the kernels that work row by row, without weights.
#include "support.h"

namespace mcuform::test {
namespace {

constexpr int32_t case_count = 120;

Pattern pattern_of(int32_t number) { return static_cast<Pattern>(number % pattern_count); }

} // namespace

Verdict check_unfold_u8(unfold_u8_type *expected, unfold_u8_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t channels = random.between(1, 4);
    const int32_t patch_height = number == 0 ? 16 : random.between(1, 5);
    const int32_t patch_width = number == 0 ? 16 : random.between(1, 9);
    const int32_t grid_width = random.between(1, 5);
    const int32_t grid_height = random.between(1, 4);
    const int32_t width = grid_width * patch_width + random.between(0, patch_width - 1);
    const int32_t first = random.between(0, grid_width * grid_height - 1);
    const int32_t rows = random.between(1, grid_width * grid_height - first);
    const int32_t depth = patch_height * patch_width * channels;
    // The image ends with the last band that is asked for.
    const int32_t lines = ((first + rows - 1) / grid_width + 1) * patch_height;
    Input<uint8_t> image(random, lines * width * channels, pattern_of(number), 0, 255);
    Output<int16_t> out(random, "out", rows * (depth + depth % 2));
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], image, first, rows, width, channels, patch_height, patch_width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_copy_s16(copy_s16_type *expected, copy_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    Input<int16_t> in(random, rows * width, pattern_of(number), -32768, 32767);
    Output<int16_t> out(random, "out", rows * width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, rows, width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_layer_norm_s16(layer_norm_s16_type *expected, layer_norm_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 5);
    const int32_t width = number % 4 == 0 ? 192 : number % 4 == 1 ? random.between(1, 6) : random.between(1, 1024);
    const int32_t largest_factor = random.between(0, 8);
    // So that width*|z| stays below 2^30 and the row's sums fit.
    const int32_t limit = ((1 << 30) / width) >> largest_factor;
    const int32_t high = limit < 1 ? 1 : limit < 32767 ? limit : 32767;
    Input<int16_t> factor(random, width, Pattern::zero, 1, 1);
    for (int32_t c = 0; c < width; ++c)
      factor[c] = static_cast<int16_t>(1 << random.between(0, largest_factor));
    const int64_t epsilon = number % 3 == 0 ? 1 : 1 + static_cast<int64_t>(random.bits() >> random.between(0, 31)) * (random.bits() >> 20);
    const int32_t out_shift = number % 5 == 0 ? random.between(0, 20) : random.between(9, 13);
    Output<int16_t> out(random, "out", rows * width, pattern_of(number), -high, high);
    if (number % 2 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], factor, rows, width, epsilon, out_shift);
    } else {
      Input<int16_t> in(random, rows * width, pattern_of(number), -high, high);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], in, factor, rows, width, epsilon, out_shift);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_rms_norm_s16(rms_norm_s16_type *expected, rms_norm_s16_type *actual, Random &random) {
  return check_layer_norm_s16(expected, actual, random);
}

Verdict check_layer_norm_affine_s16(layer_norm_affine_s16_type *expected, layer_norm_affine_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 5);
    const int32_t width = number % 4 == 0 ? 64 : number % 4 == 1 ? random.between(1, 6) : random.between(1, 1024);
    const int32_t largest_factor = random.between(0, 8);
    // So that width*|z| stays below 2^30 and the row's sums fit.
    const int32_t limit = ((1 << 30) / width) >> largest_factor;
    const int32_t high = limit < 1 ? 1 : limit < 32767 ? limit : 32767;
    Input<int16_t> factor(random, width, Pattern::zero, 1, 1);
    for (int32_t c = 0; c < width; ++c)
      factor[c] = static_cast<int16_t>(1 << random.between(0, largest_factor));
    const int64_t epsilon = number % 3 == 0 ? 1 : 1 + static_cast<int64_t>(random.bits() >> random.between(0, 31)) * (random.bits() >> 20);
    const int32_t largest_gain = number % 5 == 0 ? INT32_MAX : 1 << random.between(20, 27);
    Input<int32_t> gain(random, width, Pattern::uniform, -largest_gain, largest_gain);
    Input<int16_t> offset(random, width, pattern_of(number), -32768, 32767);
    Output<int16_t> out(random, "out", rows * width, pattern_of(number), -high, high);
    if (number % 2 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], factor, gain, offset, rows, width, epsilon);
    } else {
      Input<int16_t> in(random, rows * width, pattern_of(number), -high, high);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], in, factor, gain, offset, rows, width, epsilon);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_rms_norm_affine_s16(rms_norm_affine_s16_type *expected, rms_norm_affine_s16_type *actual, Random &random) {
  return check_layer_norm_affine_s16(expected, actual, random);
}

Verdict check_softmax_s16(softmax_s16_type *expected, softmax_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 5);
    const int32_t tokens = number % 3 == 0 ? random.between(1, 9) : number % 3 == 1 ? random.between(1, 200) : random.between(500, 516);
    const int32_t padded = tokens + tokens % 2;
    // Scores stand far apart, within the table, or close together; or far below 0, so that a column of padding would be the largest.
    const int32_t high = number % 4 == 0 ? 32767 : number % 4 == 1 ? 600 : number % 4 == 2 ? 40 : -1000;
    const int32_t low = number % 4 == 3 ? -1500 : -high - 1;
    Output<int16_t> scores(random, "scores", rows * padded, pattern_of(number), low, high);
    if (tokens % 2 != 0)
      for (int32_t r = 0; r < rows; ++r)
        scores.set(r * padded + tokens, 0);
    Output<int32_t> sums(random, "sums", rows);
    for (int32_t copy = 0; copy < scores.copies; ++copy)
      (copy == 0 ? expected : actual)(scores[copy], sums[copy], rows, tokens);
    if (scores.compare(verdict))
      sums.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_sigmoid_s16(sigmoid_s16_type *expected, sigmoid_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 5), tokens = random.between(1, number % 2 == 0 ? 9 : 200), padded = tokens + tokens % 2;
    const int32_t high = number % 3 == 0 ? 32767 : 600, total = random.between(1000, 1 << 24);
    const int32_t bias = number % 4 == 0 ? 0 : random.between(-2000, 200);
    Output<int16_t> scores(random, "scores", rows * padded, pattern_of(number), -high - 1, high);
    if (tokens % 2 != 0)
      for (int32_t r = 0; r < rows; ++r)
        scores.set(r * padded + tokens, 0);
    Output<int32_t> sums(random, "sums", rows);
    for (int32_t copy = 0; copy < scores.copies; ++copy)
      (copy == 0 ? expected : actual)(scores[copy], sums[copy], rows, tokens, bias, total);
    if (scores.compare(verdict))
      sums.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_narrow_s8(narrow_s8_type *expected, narrow_s8_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    Input<int16_t> in(random, rows * width, pattern_of(number), -32768, 32767);
    Input<int32_t> mult(random, width, Pattern::uniform, 1 << 24, 1431655765);
    Output<int8_t> out(random, "out", rows * width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, mult, rows, width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_narrow_keys_s8(narrow_keys_s8_type *expected, narrow_keys_s8_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = 2 * random.between(1, 20);
    const int32_t first = random.between(0, 9);
    const int32_t tokens = first + rows + (number % 2 == 0 ? 0 : random.between(0, 5));
    Input<int16_t> in(random, rows * width, pattern_of(number), -32768, 32767);
    Input<int32_t> mult(random, width, Pattern::uniform, 0, 1431655765);
    Output<int8_t> keys(random, "keys", width * (tokens + tokens % 2));
    for (int32_t copy = 0; copy < keys.copies; ++copy)
      (copy == 0 ? expected : actual)(keys[copy], in, mult, first, rows, width, tokens);
    keys.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_coarsen_s16(coarsen_s16_type *expected, coarsen_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < 60; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 5);
    const int32_t width = random.between(1, 40);
    Input<int16_t> in(random, rows * width, static_cast<Pattern>(random.between(0, pattern_count - 1)), -32768, 32767);
    Input<int16_t> factor(random, width, Pattern::uniform, 1, 256);
    Input<int32_t> mult(random, width, Pattern::zero, 0, 0);
    for (int32_t c = 0; c < width; ++c) {
      if (number % 5 == 0)
        factor[c] = c % 2 == 0 ? 1 : 256;
      mult[c] = ((1 << 24) + factor[c] / 2) / factor[c];
    }
    Output<int16_t> out(random, "out", rows * width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, mult, factor, rows, width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_widen_s16(widen_s16_type *expected, widen_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    const int32_t stride = width + random.between(0, 9);
    Input<int8_t> in(random, rows * width, pattern_of(number), -128, 127);
    Input<int16_t> factor(random, width, number % 2 == 0 ? Pattern::extremes : Pattern::uniform, 1, 256);
    Output<int16_t> out(random, "out", (rows - 1) * stride + width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, factor, rows, width, stride);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_copy_columns_s16(copy_columns_s16_type *expected, copy_columns_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    const int32_t stride = width + random.between(0, 9);
    Input<int16_t> in(random, rows * width, pattern_of(number), -32768, 32767);
    Output<int16_t> out(random, "out", (rows - 1) * stride + width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], in, rows, width, stride);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_fill_zero_s32(fill_zero_s32_type *expected, fill_zero_s32_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t width = 1 + number;
    Output<int32_t> out(random, "out", width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], width);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_accumulate_rows_s16(accumulate_rows_s16_type *expected, accumulate_rows_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 20);
    const int32_t width = random.between(1, 40);
    Input<int16_t> in(random, rows * width, pattern_of(number), -32768, 32767);
    Output<int32_t> sums(random, "sums", width, Pattern::uniform, -2000000, 2000000);
    for (int32_t copy = 0; copy < sums.copies; ++copy)
      (copy == 0 ? expected : actual)(sums[copy], in, rows, width);
    sums.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_scale_s32_s16(scale_s32_s16_type *expected, scale_s32_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t width = random.between(1, 40);
    const int32_t mult = number % 4 == 0   ? 1431655765
                         : number % 4 == 1 ? 21802300
                                           : static_cast<int32_t>(random.bits() >> random.between(1, 24));
    Input<int32_t> sums(random, width, pattern_of(number), number % 2 == 0 ? INT32_MIN : -4000000, number % 2 == 0 ? INT32_MAX : 4000000);
    Output<int16_t> out(random, "out", width);
    for (int32_t copy = 0; copy < out.copies; ++copy)
      (copy == 0 ? expected : actual)(out[copy], sums, width, mult);
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

Verdict check_multiply_s16(multiply_s16_type *expected, multiply_s16_type *actual, Random &random) {
  Verdict verdict;
  for (int32_t number = 0; verdict.equal && number < case_count; ++number) {
    verdict.case_number = number;
    const int32_t rows = random.between(1, 9);
    const int32_t width = random.between(1, 40);
    Input<int16_t> rhs(random, rows * width, pattern_of(number), -32768, 32767);
    // From products that vanish to products that saturate.
    const int32_t mult = number % 5 == 0 ? INT32_MAX : random.between(0, 1 << random.between(10, 30));
    Output<int16_t> out(random, "out", rows * width, pattern_of(number / 2), -32768, 32767);
    if (number % 3 == 0) { // in place
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], out[copy], rhs, rows, width, mult);
    } else {
      Input<int16_t> lhs(random, rows * width, pattern_of(number / 3), -32768, 32767);
      for (int32_t copy = 0; copy < out.copies; ++copy)
        (copy == 0 ? expected : actual)(out[copy], lhs, rhs, rows, width, mult);
    }
    out.compare(verdict);
    release_memory();
  }
  return verdict;
}

} // namespace mcuform::test
