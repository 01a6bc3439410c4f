// Which linear layers of a network have weights of four bits.
#ifndef MCUFORM_PASSES_QUANTIZE_INT4CHOICE_H
#define MCUFORM_PASSES_QUANTIZE_INT4CHOICE_H

#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform {

struct Int4Choice {
  int64_t group = 0; ///< inputs to a scale
  llvm::DenseSet<mlir::Operation *> layers;
  int64_t layerCount = 0; ///< those that stay at eight bits included
  double noise = 0;       ///< predicted, over the power of the network's result
};

/// The layers for which calibration measured least noise for the bytes that they save, as long as all together keep the network's result
/// `minSqnrDb` above the noise. Fails, with a diagnostic, where calibration did not measure it. `group` 0: none.
mlir::FailureOr<Int4Choice> chooseInt4Layers(mlir::func::FuncOp function, int64_t group, double minSqnrDb);

/// What storing the layer's weights in four bits costs by itself, in dB below the network's result; nothing where that was not measured.
std::optional<double> int4SqnrDb(mlir::Operation *linear);

} // namespace mcuform

#endif
