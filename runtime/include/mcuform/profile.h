/* Hooks around the calls of kernels, for measuring on the device.
 *
 * Compiled with MCUFORM_PROFILE, a package calls these two functions, which the firmware defines, before and after each call of a kernel: read a
 * cycle counter in both and add up the differences. Compiled without, nothing of this is left: the object code is the same as if there were
 * no hooks. A call inside a loop passes the same entry each time.
 */
#ifndef MCUFORM_PROFILE_H
#define MCUFORM_PROFILE_H

/* One call of a kernel in a package's source. */
typedef struct mcuform_call {
  const char *layer;  /* as report.json names it; empty for what belongs to none */
  const char *kernel; /* such as "linear_s16" */
} mcuform_call;

#ifdef MCUFORM_PROFILE
#ifdef __cplusplus
extern "C" {
#endif
void mcuform_profile_begin(const mcuform_call *call);
void mcuform_profile_end(const mcuform_call *call);
#ifdef __cplusplus
}
#endif
#endif

#endif
