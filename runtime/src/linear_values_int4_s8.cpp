// linear_values_s8 on weights of four bits.
#include "epilogue_values.h"
#include "int4.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_values_int4_s8(int8_t *values, int8_t *pair, const int16_t *in, const uint8_t *weights, const int32_t *bias,
                             const int32_t *mult, int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens,
                             [[maybe_unused]] int32_t head_width, int32_t group) {
  Values epilogue(values, bias, mult, units, first, rows, tokens);
  rows_by_pair(in, depth, Int4Pairs(weights, pair, depth, group), rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
