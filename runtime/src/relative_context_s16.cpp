// Shares of probabilities against a table of relative positions, added to the context of one head.
#include "halfwords.h"
#include "mcuform/kernels.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

struct AddColumns {
  int16_t *context;
  const int32_t *mults;
  int32_t stride;
  int16_t *at = nullptr;
  int32_t mult0 = 0, mult1 = 0;
  static constexpr int32_t bias0 = 0, bias1 = 0;

  AddColumns(int16_t *context, const int32_t *mults, int32_t stride) : context(context), mults(mults), stride(stride) {}

  void begin(int32_t column) {
    at = context + column;
    mult0 = mults[column];
    mult1 = mults[column + 1];
  }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t m0 = mult0, m1 = mult1;
    const ptrdiff_t step = stride;
    for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
      store_s16x2(to, requantize_add_s16(acc0, m0, to[0]), requantize_add_s16(acc1, m1, to[1]));
      to += step;
    });
    at = to;
  }
};

} // namespace

void relative_context_s16(int16_t *context, const int16_t *shares, const int8_t *table, const int32_t *mult, int32_t rows, int32_t depth,
                          int32_t head_width, int32_t context_stride) {
  AddColumns epilogue(context, mult, context_stride);
  rows_by_pair(shares, depth, table, rows, depth, head_width, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
