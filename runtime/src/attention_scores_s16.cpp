// Queries against the K cache of one head.
#include "halfwords.h"
#include "mcuform/kernels.h"
#include "rows_by_pair.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace {

struct Scores {
  int16_t *scores;
  int32_t mult, stride;
  int16_t *at = nullptr;
  static constexpr int32_t bias0 = 0, bias1 = 0;

  Scores(int16_t *scores, int32_t mult, int32_t stride) : scores(scores), mult(mult), stride(stride) {}

  void begin(int32_t key) { at = scores + key; }
  MCUFORM_RT_HOT("epilogue") __attribute__((noinline)) void store(const int32_t (*acc)[2], int32_t rows) {
    int16_t *to = at;
    const int32_t m = mult;
    const ptrdiff_t step = stride;
    for_each_row(acc, rows, [&](int32_t acc0, int32_t acc1) {
      store_s16x2(to, requantize_s16(acc0, m), requantize_s16(acc1, m));
      to += step;
    });
    at = to;
  }
};

} // namespace

void attention_scores_s16(int16_t *scores, const int16_t *q, const int8_t *keys, const int32_t *mult, int32_t rows, int32_t tokens,
                          int32_t head_width, int32_t q_stride) {
  const int32_t padded = tokens + (tokens & 1);
  Scores epilogue(scores, *mult, padded);
  rows_by_pair(q, q_stride, keys, rows, head_width, padded, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
