// linear_s16 on rows that it interleaves by fours first.
#include "epilogue_plain.h"
#include "mcuform/kernels.h"
#include "row_fours.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_fours_s16(int16_t *out, int16_t *fours, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                      int32_t rows, int32_t depth, int32_t units) {
  Plain epilogue(out, bias, mult, units);
  rows_by_four(in, fours, InPlace{weights}, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
