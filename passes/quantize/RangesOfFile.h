// Ranges of a quantized file in the place of calibration.
#ifndef MCUFORM_PASSES_QUANTIZE_RANGESOFFILE_H
#define MCUFORM_PASSES_QUANTIZE_RANGESOFFILE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform {

/// Whether the network comes from a file with ranges of activations.
bool hasRangesOfFile(mlir::func::FuncOp function);

/// Notes at each op as the largest magnitude of each channel what the file says of the value, or what follows from it; the whole range for keys and
/// values. Fails, with a diagnostic at each value that is stored and has no range.
mlir::LogicalResult takeRangesOfFile(mlir::func::FuncOp function);

} // namespace mcuform

#endif
