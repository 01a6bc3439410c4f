// linear_s16 on weights that come panel by panel.
#include "epilogue_plain.h"
#include "mcuform/kernels.h"
#include "panels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_panels_s16(int16_t *out, int8_t *panels, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                       int32_t rows, int32_t depth, int32_t units, int32_t panel_units) {
  Plain epilogue(out, bias, mult, units);
  rows_by_pair(in, depth, Panels(weights, panels, depth, units, panel_units), rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
