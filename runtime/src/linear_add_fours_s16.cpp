// linear_add_s16 on rows that it interleaves by fours first.
#include "epilogue_add.h"
#include "mcuform/kernels.h"
#include "row_fours.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_add_fours_s16(int16_t *x, int16_t *fours, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                          int32_t rows, int32_t depth, int32_t units) {
  Add epilogue(x, bias, mult, units);
  rows_by_four(in, fours, InPlace{weights}, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
