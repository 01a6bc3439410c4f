// A dense layer into the K cache: key tokens are the channels of the scores, so neighbours in time are neighbours in memory.
#include "epilogue_keys.h"
#include "mcuform/kernels.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

void linear_keys_s8(int8_t *keys, const int16_t *in, const int8_t *weights, const int32_t *bias, const int32_t *mult, int32_t first,
                    int32_t rows, int32_t depth, int32_t units, int32_t tokens, int32_t head_width) {
  Keys epilogue(keys, bias, mult, units, first, rows, tokens, head_width);
  rows_by_pair(in, depth, weights, rows, depth, units, epilogue);
}

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
