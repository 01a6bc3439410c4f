// A calibrated linear layer as the quantizer wants it.
#ifndef MCUFORM_PASSES_QUANTIZE_READLINEAR_H
#define MCUFORM_PASSES_QUANTIZE_READLINEAR_H

#include "dialects/mcuf/McufDialect.h"
#include "passes/quantize/LinearQuantizer.h"

namespace mcuform {

/// Weights, bias and what calibration noted of the inputs, with their covariance if asked for. How the input is stored is left to the
/// caller. Fails, with a diagnostic, where weights or bias are no constants.
mlir::FailureOr<FloatLinear> readLinear(mcuf::LinearOp linear, bool withCovariance);

} // namespace mcuform

#endif
