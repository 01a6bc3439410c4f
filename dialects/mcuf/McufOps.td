#ifndef MCUFORM_DIALECTS_MCUF_OPS
#define MCUFORM_DIALECTS_MCUF_OPS
include "dialects/mcuf/McufFloatOps.td"
include "dialects/mcuf/McufFusedOps.td"
include "dialects/mcuf/McufQuantOps.td"
#endif
