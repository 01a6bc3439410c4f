// linear_activation_s16 on weights of four bits.
#include "epilogue_activation.h"
#include "int4.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_activation_int4_s16(int16_t *out, int8_t *pair, const int16_t *in, const uint8_t *weights, const int32_t *bias,
                                const int32_t *mult, const uint16_t *delta, int32_t rows, int32_t depth, int32_t units, int32_t index_mult,
                                int32_t delta_mult, int32_t group) {
  Activation epilogue(out, bias, mult, units, delta, index_mult, delta_mult);
  rows_by_pair(in, depth, Int4Pairs(weights, pair, depth, group), rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
