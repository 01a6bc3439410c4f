// Operators on values that are stored in the codes of a quantized file. See McufCodeOps.td.
#ifndef MCUFORM_DIALECTS_MCUF_MCUFCODEOPS_H
#define MCUFORM_DIALECTS_MCUF_MCUFCODEOPS_H

#include "dialects/mcuf/McufDialect.h"

#define GET_OP_CLASSES
#include "dialects/mcuf/McufCodeOps.h.inc"

#endif
