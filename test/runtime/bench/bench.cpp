// Exact instruction counts of the DSP kernels on the shapes of a small vision transformer (197 tokens of 192, three heads of 64, blocks of 12
// tokens), on QEMU's mps2-an500 under -icount shift=6, as a table in Markdown. Instructions, not cycles.
#include "../qemu/platform.h"
#include "../support.h"
#include "mcuform/kernels.h"

namespace mcuform::test {

void report_fault(uint32_t address) {
  print("fault at ");
  print_number(address);
  print("\n");
}

namespace {

template <class T> T *buffer(int32_t count, int32_t low, int32_t high) {
  static Random random(1);
  T *values = static_cast<T *>(allocate_memory(static_cast<size_t>(count) * sizeof(T)));
  for (int32_t i = 0; i < count; ++i)
    values[i] = static_cast<T>(random.between(low, high));
  return values;
}

template <class Run> uint32_t instructions(Run run) {
  const uint32_t before = instruction_ticks();
  run();
  return ticks_to_instructions(instruction_ticks() - before);
}

/// One line of the table: kernel and shape, rows, instructions, instructions per unit of work in thousandths.
template <class Run> void measure(const char *name, int32_t rows, const char *unit, int64_t work, Run run) {
  const uint32_t empty = instructions([] {});
  const uint32_t count = instructions(run) - empty;
  const int64_t each = (static_cast<int64_t>(count) * 1000 + work / 2) / work;
  print("| ");
  print(name);
  print(" | ");
  print_number(rows);
  print(" | ");
  print_number(count);
  print(" | ");
  print_number(each / 1000);
  print(each % 1000 < 10 ? ".00" : each % 1000 < 100 ? ".0" : ".");
  print_number(each % 1000);
  print(" per ");
  print(unit);
  print(" |\n");
}

struct Linear {
  int32_t depth, units;
  const int16_t *in;
  const int8_t *weights;
  const int32_t *bias, *mult;
  int16_t *out, *fours;

  Linear(int32_t rows, int32_t depth, int32_t units)
      : depth(depth), units(units), in(buffer<int16_t>(rows * depth, -3000, 3000)),
        weights(buffer<int8_t>(units * depth, -127, 127)), bias(buffer<int32_t>(units, -1000, 1000)),
        mult(buffer<int32_t>(units, 100000, 1000000)), out(buffer<int16_t>(rows * units, -100, 100)),
        fours(buffer<int16_t>((rows + 2) * depth, 0, 0)) {}
  int64_t products(int32_t of_rows) const { return static_cast<int64_t>(of_rows) * depth * units; }
};

} // namespace

int32_t run() {
  using namespace mcuform::rt;
  constexpr int32_t tokens = 197, block = 12;
  constexpr int32_t row_counts[] = {1, 2, 3, 5, block, 16, 24, 48, tokens};
  constexpr int32_t cache_row_counts[] = {block, tokens};
  constexpr int32_t attention_row_counts[] = {1, 4, block, 16, tokens};

  // A linear on several counts of rows, and on all tokens block by block: call(linear, first row, rows).
  const auto linear = [&](const char *name, const char *name_by_blocks, int32_t block, int32_t depth, int32_t units, auto call) {
    Linear a(tokens, depth, units);
    for (const int32_t rows : row_counts)
      measure(name, rows, "MAC", a.products(rows), [&] { call(a, 0, rows); });
    measure(name_by_blocks, tokens, "MAC", a.products(tokens), [&] {
      for (int32_t first = 0; first < tokens; first += block)
        call(a, first, tokens - first < block ? tokens - first : block);
    });
    release_memory();
  };

  print("| kernel | rows | instructions | each |\n|---|---|---|---|\n");
  linear("linear_s16 192->576", "linear_s16 192->576, by 12", block, 192, 576, [](const Linear &a, int32_t first, int32_t rows) {
    linear_s16(a.out + first * a.units, a.in + first * a.depth, a.weights, a.bias, a.mult, rows, a.depth, a.units);
  });
  linear("linear_activation_s16 192->768", "linear_activation_s16 192->768, by 12", block, 192, 768, [](const Linear &a, int32_t first, int32_t rows) {
    linear_activation_s16(a.out + first * a.units, a.in + first * a.depth, a.weights, a.bias, a.mult, delta_gelu.middle(), rows, a.depth, a.units, 1 << 21, 1 << 25);
  });
  linear("linear_add_s16 768->192", "linear_add_s16 768->192, by 12", block, 768, 192, [](const Linear &a, int32_t first, int32_t rows) {
    linear_add_s16(a.out + first * a.units, a.in + first * a.depth, a.weights, a.bias, a.mult, rows, a.depth, a.units);
  });
  linear("linear_fours_s16 192->576", "linear_fours_s16 192->576, by 48", 48, 192, 576, [](const Linear &a, int32_t first, int32_t rows) {
    linear_fours_s16(a.out + first * a.units, a.fours, a.in + first * a.depth, a.weights, a.bias, a.mult, rows, a.depth, a.units);
  });
  linear("linear_activation_fours_s16 192->768", "linear_activation_fours_s16 192->768, by 48", 48, 192, 768, [](const Linear &a, int32_t first, int32_t rows) {
    linear_activation_fours_s16(a.out + first * a.units, a.fours, a.in + first * a.depth, a.weights, a.bias, a.mult, delta_gelu.middle(), rows, a.depth, a.units, 1 << 21, 1 << 25);
  });
  linear("linear_add_fours_s16 768->192", "linear_add_fours_s16 768->192, by 48", 48, 768, 192, [](const Linear &a, int32_t first, int32_t rows) {
    linear_add_fours_s16(a.out + first * a.units, a.fours, a.in + first * a.depth, a.weights, a.bias, a.mult, rows, a.depth, a.units);
  });
  // The same on weights of four bits.
  alignas(4) static uint8_t packed[192 / 2 * int4_pair_bytes(768, 32)];
  alignas(4) static int8_t pair[2 * 768];
  linear("linear_int4_s16 192->576", "linear_int4_s16 192->576, by 12", block, 192, 576, [](const Linear &a, int32_t first, int32_t rows) {
    linear_int4_s16(a.out + first * a.units, pair, a.in + first * a.depth, packed, a.bias, a.mult, rows, a.depth, a.units, 32);
  });
  linear("linear_add_int4_s16 768->192", "linear_add_int4_s16 768->192, by 12", block, 768, 192, [](const Linear &a, int32_t first, int32_t rows) {
    linear_add_int4_s16(a.out + first * a.units, pair, a.in + first * a.depth, packed, a.bias, a.mult, rows, a.depth, a.units, 32);
  });
  {
    Linear a(1, 192, 1000);
    measure("linear_s16 192->1000", 1, "MAC", a.products(1),
            [&] { linear_s16(a.out, a.in, a.weights, a.bias, a.mult, 1, a.depth, a.units); });
    release_memory();
  }
  {
    Linear a(tokens, 192, 192);
    int8_t *cache = buffer<int8_t>((tokens + 1) * 192, 0, 0);
    for (const int32_t rows : cache_row_counts) {
      measure("linear_keys_s8 192->192", rows, "MAC", a.products(rows),
              [&] { linear_keys_s8(cache, a.in, a.weights, a.bias, a.mult, 0, rows, a.depth, a.units, tokens, 64); });
      measure("linear_values_s8 192->192", rows, "MAC", a.products(rows),
              [&] { linear_values_s8(cache, a.in, a.weights, a.bias, a.mult, 0, rows, a.depth, a.units, tokens, 64); });
    }
    release_memory();
  }
  for (const int32_t rows : attention_row_counts) {
    int16_t *q = buffer<int16_t>(tokens * 192, -3000, 3000);
    int16_t *scores = buffer<int16_t>(tokens * (tokens + 1), -100, 100);
    int32_t *sums = buffer<int32_t>(tokens, 0, 0);
    int8_t *cache = buffer<int8_t>((tokens + 1) * 64, -127, 127);
    const int32_t mult = 1 << 22;
    const int64_t work = static_cast<int64_t>(rows) * tokens * 64;
    measure("attention_scores_s16, 197 keys of 64", rows, "MAC", work,
            [&] { attention_scores_s16(scores, q, cache, &mult, rows, tokens, 64, 192); });
    measure("softmax_s16, 197 scores", rows, "score", rows * tokens, [&] { softmax_s16(scores, sums, rows, tokens); });
    measure("attention_context_s16, 197 values of 64", rows, "MAC", work,
            [&] { attention_context_s16(q, scores, cache, sums, rows, tokens, 64, 192); });
    // Absorbed projections: rows of 192 are keys and values of all heads at once.
    int16_t *wide = buffer<int16_t>(tokens * 192, 0, 0);
    int8_t *rows_of_tokens = buffer<int8_t>((tokens + 1) * 192, -127, 127);
    measure("attention_context_keys_s16, 197 keys of 192", rows, "MAC", 3 * work,
            [&] { attention_context_keys_s16(wide, scores, rows_of_tokens, sums, rows, tokens, 192, 192); });
    measure("attention_context_keys_one_s16, 197 keys of 192", rows, "MAC", 3 * work,
            [&] { attention_context_keys_one_s16(wide, scores, rows_of_tokens, sums, rows, tokens, 192, 192); });
    release_memory();
  }
  int16_t *x = buffer<int16_t>(tokens * 192, -30000, 30000);
  int16_t *y = buffer<int16_t>(tokens * 192, -100, 100);
  int16_t *factor = buffer<int16_t>(192, 1, 1);
  int32_t *sums = buffer<int32_t>(192, 0, 0);
  uint8_t *image = buffer<uint8_t>(224 * 16 * 3, 0, 255);
  constexpr int64_t values = tokens * 192;
  measure("layer_norm_s16, 192 channels", tokens, "value", values, [&] { layer_norm_s16(y, x, factor, tokens, 192, 1000, 12); });
  int32_t *gain = buffer<int32_t>(192, 1 << 20, 1 << 25);
  measure("multiply_s16, 192 channels", tokens, "value", values, [&] { multiply_s16(y, x, x, tokens, 192, 1 << 17); });
  measure("rms_norm_s16, 192 channels", tokens, "value", values, [&] { rms_norm_s16(y, x, factor, tokens, 192, 1000, 12); });
  measure("rms_norm_affine_s16, 192 channels", tokens, "value", values, [&] { rms_norm_affine_s16(y, x, factor, gain, factor, tokens, 192, 1000); });
  measure("layer_norm_affine_s16, 192 channels", tokens, "value", values, [&] { layer_norm_affine_s16(y, x, factor, gain, factor, tokens, 192, 1000); });
  measure("unfold_u8, patches of 16x16x3", 14, "value", 14 * 768, [&] { unfold_u8(y, image, 0, 14, 224, 3, 16, 16); });
  measure("copy_s16, 192 channels", tokens, "value", values, [&] { copy_s16(y, x, tokens, 192); });
  int8_t *narrow = buffer<int8_t>((tokens + 1) * 192, 0, 0);
  measure("copy_columns_s16, 64 of 192 channels", tokens, "value", values / 3, [&] { copy_columns_s16(y, x, tokens, 64, 192); });
  measure("narrow_s8, 192 channels", tokens, "value", values, [&] { narrow_s8(narrow, x, gain, tokens, 192); });
  measure("narrow_keys_s8, 192 channels", tokens, "value", values, [&] { narrow_keys_s8(narrow, x, gain, 0, tokens, 192, tokens); });
  measure("widen_s16, 192 channels", tokens, "value", values, [&] { widen_s16(y, narrow, factor, tokens, 192, 192); });
  measure("fill_zero_s32, 192 channels", 1, "value", 192, [&] { fill_zero_s32(sums, 192); });
  measure("accumulate_rows_s16, 192 channels", tokens, "value", values, [&] { accumulate_rows_s16(sums, x, tokens, 192); });
  measure("scale_s32_s16, 192 channels", 1, "value", 192, [&] { scale_s32_s16(y, sums, 192, 21802300); });
  return 0;
}

} // namespace mcuform::test
