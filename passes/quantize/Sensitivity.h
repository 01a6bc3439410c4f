// What storing one layer more coarsely does to the network's result, measured.
#ifndef MCUFORM_PASSES_QUANTIZE_SENSITIVITY_H
#define MCUFORM_PASSES_QUANTIZE_SENSITIVITY_H

#include "compiler/calibration/ImageSet.h"
#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mcuform {

/// The squared error of a network's results over their power, for each of some ops if its result alone is computed or stored so.
using LayerNoise = llvm::MapVector<mlir::Operation *, double>;

/// With weights of four bits and a scale for each `group` inputs. Runs a few of the inputs, evenly spread, through the calibrated float
/// network once for each layer. Independent of the number of threads.
mlir::FailureOr<LayerNoise> measureInt4Noise(mlir::func::FuncOp function, const ImageSet &inputs, int64_t group);

/// With weights of eight bits, of the layers that write the residual stream: those that can have more.
mlir::FailureOr<LayerNoise> measureInt8Noise(mlir::func::FuncOp function, const ImageSet &inputs);

/// The same for what linear layers read, stored in 8 bits with a range for each channel.
mlir::FailureOr<LayerNoise> measureOperandNoise(mlir::func::FuncOp function, const ImageSet &inputs);

/// What linear layers read and 8 bits may store: all but the residual stream and the network's input.
llvm::SetVector<mlir::Value> findOperands(mlir::func::FuncOp function);

} // namespace mcuform

#endif
