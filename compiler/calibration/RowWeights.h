// How much each row of what a linear layer reads counts for the network's result.
#ifndef MCUFORM_COMPILER_CALIBRATION_ROWWEIGHTS_H
#define MCUFORM_COMPILER_CALIBRATION_ROWWEIGHTS_H

#include "compiler/calibration/ImageSet.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/DenseMap.h"

#include <vector>

namespace mcuform {

/// Per value that linear layers read, a weight for each of its rows, 1 on average.
using RowWeights = llvm::DenseMap<mlir::Value, std::vector<double>>;

/// The squared gradients of a random sum of the network's results by the outputs of the layers, row by row, over a few of the inputs: what
/// an error in that row does to the result. In the late blocks of a classifier that is all in the class token's row. Weights are drawn
/// towards 1 where the rows that dominate are few for the number of channels. Values from which the result cannot be differentiated are
/// left out. Independent of the number of threads. Fails where the network cannot be run.
mlir::FailureOr<RowWeights> measureRowWeights(mlir::func::FuncOp function, const ImageSet &inputs);

} // namespace mcuform

#endif
