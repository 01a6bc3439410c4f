/* What a board can do better than the runtime: bring weights from flash into fast memory. For C and C++.
 *
 * Only packages that were compiled with weight panels (mcuformc --weight-panel) call these. The runtime's own versions are weak: a memcpy,
 * and nothing. A firmware that defines both replaces them, say by a DMA; docs/kernels.md of mcuform has a sketch.
 *
 * The kernels call them in strict alternation, start, wait, start, wait, from the context that called <name>_run: one read is under way at
 * most. `to` lies in the arena and is not touched between start and wait; it is a multiple of 4, as are `from`, which lies in the weights,
 * and `bytes`. What `to` held before does not matter. After wait the core sees the new bytes: a DMA behind a data cache invalidates it there.
 * Panels are not rounded to cache lines, so that the memory for them should not be cached where a DMA writes (DTCM, or by the MPU).
 */
#ifndef MCUFORM_PORT_H
#define MCUFORM_PORT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Starts to copy `bytes` from flash; returns at once or when it is done. */
void mcuform_port_read_start(void *to, const void *from, size_t bytes);
/* Returns when the copy that was started last is complete. */
void mcuform_port_read_wait(void);

#ifdef __cplusplus
}
#endif

#endif
