// linear_keys_s8 on weights of four bits.
#include "epilogue_keys.h"
#include "int4.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_keys_int4_s8(int8_t *keys, int8_t *pair, const int16_t *in, const uint8_t *weights, const int32_t *bias, const int32_t *mult,
                           int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width,
                           int32_t group) {
  Keys epilogue(keys, bias, mult, units, first, rows, tokens, head_width);
  rows_by_pair(in, depth, Int4Pairs(weights, pair, depth, group), rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
