// linear_values_s8 on rows that it interleaves by fours first.
#include "epilogue_values.h"
#include "mcuform/kernels.h"
#include "row_fours.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_values_fours_s8(int8_t *values, int16_t *fours, const int16_t *in, const int8_t *weights, const int32_t *bias,
                            const int32_t *mult, int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens,
                            [[maybe_unused]] int32_t head_width) {
  Values epilogue(values, bias, mult, units, first, rows, tokens);
  rows_by_four(in, fours, InPlace{weights}, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
