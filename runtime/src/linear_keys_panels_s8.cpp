// linear_keys_s8 on weights that come panel by panel.
#include "epilogue_keys.h"
#include "mcuform/kernels.h"
#include "panels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_keys_panels_s8(int8_t *keys, int8_t *panels, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult,
                           int32_t first, int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width,
                           int32_t panel_units) {
  Keys epilogue(keys, bias, mult, units, first, rows, tokens, head_width);
  rows_by_pair(in, depth, Panels(weights, panels, depth, units, panel_units), rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
