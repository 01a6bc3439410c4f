// linear_activation_s16 on weights that come panel by panel.
#include "epilogue_activation.h"
#include "mcuform/kernels.h"
#include "panels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_activation_panels_s16(int16_t *out, int8_t *panels, const int16_t *in, const int8_t *weights, const int32_t *bias,
                                  const int32_t *mult, const uint16_t *delta, int32_t rows, int32_t depth, int32_t units,
                                  int32_t index_mult, int32_t delta_mult, int32_t panel_units) {
  Activation epilogue(out, bias, mult, units, delta, index_mult, delta_mult);
  rows_by_pair(in, depth, Panels(weights, panels, depth, units, panel_units), rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
