// The first dense layer of an MLP with its activation.
#include "epilogue_activation.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_activation_s16(int16_t *out, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                           const uint16_t *delta, int32_t rows, int32_t depth, int32_t units, int32_t index_mult, int32_t delta_mult) {
  Activation epilogue(out, bias, mult, units, delta, index_mult, delta_mult);
  rows_by_pair(in, depth, weights, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
