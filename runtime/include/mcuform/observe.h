/* Hooks behind the calls of kernels that hand out what they have written, for comparing a network layer by layer.
 *
 * Compiled with MCUFORM_OBSERVE, a package calls these two functions, which the firmware defines, whenever rows of a layer are finished: most of
 * them exist for some tokens at a time only, and their memory is used again. A later call with the same rows replaces an earlier one. `layer` counts
 * the layers of report.json; values.json says what the integers mean. Compiled without, nothing of this is left.
 */
#ifndef MCUFORM_OBSERVE_H
#define MCUFORM_OBSERVE_H

#include <stdint.h>

#ifdef MCUFORM_OBSERVE
#ifdef __cplusplus
extern "C" {
#endif
/* Row r and column c of what is new stand `r * stride + c` elements of element_bytes behind `values`; it is row first_row + r, column
 * first_column + c of the layer. */
void mcuform_observe_rows(int32_t layer, const void *values, int32_t element_bytes, int32_t stride, int32_t first_row, int32_t rows,
                          int32_t first_column, int32_t columns);
/* Rows first_row to first_row + rows - 1 of the keys (or values) of all tokens of a sequence, in the layout that kernels.h describes. Its row 0 is row
 * sequence_row of the layer. */
void mcuform_observe_cache(int32_t layer, const int8_t *cache, int32_t holds_values, int32_t tokens, int32_t head_width, int32_t first_row,
                           int32_t rows, int32_t columns, int32_t sequence_row);
#ifdef __cplusplus
}
#endif
#endif

#endif
