// linear_keys_s8 on rows that it interleaves by fours first.
#include "epilogue_keys.h"
#include "mcuform/kernels.h"
#include "row_fours.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_keys_fours_s8(int8_t *keys, int16_t *fours, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                          int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width) {
  Keys epilogue(keys, bias, mult, units, first, rows, tokens, head_width);
  rows_by_four(in, fours, InPlace{weights}, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
