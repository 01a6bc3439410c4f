// Unnormalized probabilities against the V cache of one head; the division by their sum is the epilogue's multiplier.
#include "halfwords.h"
#include "mcuform/kernels.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

// Rows whose multipliers are held at once: each costs a division, and all pairs of columns need it.
constexpr int32_t rows_per_pass = 24;

struct Context {
  int16_t *context;
  const int32_t *mults;
  int32_t stride;
  int16_t *at = nullptr;
  const int32_t *mult = nullptr;
  static constexpr int32_t bias0 = 0, bias1 = 0;

  Context(int16_t *context, const int32_t *mults, int32_t stride) : context(context), mults(mults), stride(stride) {}

  void begin(int32_t column) {
    at = context + column;
    mult = mults;
  }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t *m = mult;
    const ptrdiff_t step = stride;
    for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
      store_s16x2(to, requantize_s16(acc0, *m), requantize_s16(acc1, *m));
      to += step;
      ++m;
    });
    at = to;
    mult = m;
  }
};

} // namespace

void attention_context_s16(int16_t *context, const int16_t *scores, const int8_t *values, const int32_t *sums, int32_t rows, int32_t tokens,
                           int32_t head_width, int32_t context_stride) {
  const int32_t padded = tokens + (tokens & 1);
  int32_t mults[rows_per_pass];
  for (int32_t first = 0; first < rows; first += rows_per_pass) {
    const int32_t count = rows - first < rows_per_pass ? rows - first : rows_per_pass;
    for (int32_t r = 0; r < count; ++r)
      mults[r] = context_mult(sums[first + r]);
    Context epilogue(context + static_cast<ptrdiff_t>(first) * context_stride, mults, context_stride);
    rows_by_pair(scores + static_cast<ptrdiff_t>(first) * padded, padded, values, count, padded, head_width, epilogue);
  }
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
