// Exact instruction counts of the DSP kernels on the shapes of a small vision transformer (197 tokens of 192, three heads of 64), on QEMU's
// mps2-an500 under -icount shift=6. Instructions, not cycles.
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

/// One line: name, instructions, and instructions per unit of work in thousandths.
template <class Run> void measure(const char *name, const char *unit, int64_t work, Run run) {
  const uint32_t empty = instructions([] {});
  const uint32_t count = instructions(run) - empty;
  print(name);
  print(": ");
  print_number(count);
  print(" instructions, 0.001 * ");
  print_number((static_cast<int64_t>(count) * 1000 + work / 2) / work);
  print(" per ");
  print(unit);
  print("\n");
}

struct Linear {
  int32_t rows, depth, units;
  const int16_t *in;
  const int8_t *weights;
  const int32_t *bias, *mult;
  int16_t *out;

  Linear(int32_t rows, int32_t depth, int32_t units)
      : rows(rows), depth(depth), units(units), in(buffer<int16_t>(rows * depth, -3000, 3000)),
        weights(buffer<int8_t>(units * depth, -127, 127)), bias(buffer<int32_t>(units, -1000, 1000)),
        mult(buffer<int32_t>(units, 100000, 1000000)), out(buffer<int16_t>(rows * units, -100, 100)) {}
  int64_t products() const { return static_cast<int64_t>(rows) * depth * units; }
};

} // namespace

int32_t run() {
  using namespace mcuform::rt;
  const auto plain = [](const char *name, int32_t rows, int32_t depth, int32_t units) {
    Linear a(rows, depth, units);
    measure(name, "MAC", a.products(), [&] { linear_s16(a.out, a.in, a.weights, a.bias, a.mult, rows, depth, units); });
    release_memory();
  };
  plain("linear_s16 197x192->576", 197, 192, 576);
  plain("linear_s16 15x192->576", 15, 192, 576);
  plain("linear_s16 16x192->576", 16, 192, 576);
  plain("linear_s16 1x192->1000", 1, 192, 1000);
  {
    Linear a(197, 192, 768);
    measure("linear_gelu_s16 197x192->768", "MAC", a.products(),
            [&] { linear_gelu_s16(a.out, a.in, a.weights, a.bias, a.mult, a.rows, a.depth, a.units, 1 << 21, 1 << 25); });
    release_memory();
  }
  {
    Linear a(197, 768, 192);
    measure("linear_add_s16 197x768->192", "MAC", a.products(),
            [&] { linear_add_s16(a.out, a.in, a.weights, a.bias, a.mult, a.rows, a.depth, a.units); });
    release_memory();
  }
  {
    Linear a(197, 192, 192);
    int8_t *cache = buffer<int8_t>(198 * 192, 0, 0);
    measure("linear_keys_s8 197x192->192", "MAC", a.products(),
            [&] { linear_keys_s8(cache, a.in, a.weights, a.bias, a.mult, 0, a.rows, a.depth, a.units, 197, 64); });
    measure("linear_values_s8 197x192->192", "MAC", a.products(),
            [&] { linear_values_s8(cache, a.in, a.weights, a.bias, a.mult, 0, a.rows, a.depth, a.units, 197, 64); });
    release_memory();
  }
  constexpr int32_t row_counts[] = {16, 197};
  for (const int32_t rows : row_counts) {
    print_number(rows);
    print(" rows of ");
    int16_t *q = buffer<int16_t>(197 * 192, -3000, 3000);
    int16_t *scores = buffer<int16_t>(197 * 198, -100, 100);
    int32_t *sums = buffer<int32_t>(197, 0, 0);
    int8_t *cache = buffer<int8_t>(198 * 64, -127, 127);
    const int32_t mult = 1 << 22;
    const int64_t work = static_cast<int64_t>(rows) * 197 * 64;
    measure("attention_scores_s16 of 197 keys, width 64", "MAC", work,
            [&] { attention_scores_s16(scores, q, cache, &mult, rows, 197, 64, 192); });
    measure("softmax_s16", "score", rows * 197, [&] { softmax_s16(scores, sums, rows, 197); });
    measure("attention_context_s16", "MAC", work, [&] { attention_context_s16(q, scores, cache, sums, rows, 197, 64, 192); });
    release_memory();
  }
  int16_t *x = buffer<int16_t>(197 * 192, -30000, 30000);
  int16_t *y = buffer<int16_t>(197 * 192, -100, 100);
  int16_t *factor = buffer<int16_t>(192, 1, 1);
  int32_t *sums = buffer<int32_t>(192, 0, 0);
  uint8_t *image = buffer<uint8_t>(224 * 16 * 3, 0, 255);
  measure("layer_norm_s16 197x192", "value", 197 * 192, [&] { layer_norm_s16(y, x, factor, 197, 192, 1000, 12); });
  measure("unfold_u8 14 patches of 16x16x3", "value", 14 * 768, [&] { unfold_u8(y, image, 0, 14, 224, 3, 16, 16); });
  measure("copy_s16 197x192", "value", 197 * 192, [&] { copy_s16(y, x, 197, 192); });
  measure("fill_zero_s32 192", "value", 192, [&] { fill_zero_s32(sums, 192); });
  measure("accumulate_rows_s16 197x192", "value", 197 * 192, [&] { accumulate_rows_s16(sums, x, 197, 192); });
  measure("scale_s32_s16 192", "value", 192, [&] { scale_s32_s16(y, sums, 192, 21802300); });
  return 0;
}

} // namespace mcuform::test
