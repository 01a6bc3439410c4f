// Which linear layers have weights of more than eight bits.
#ifndef MCUFORM_PASSES_QUANTIZE_WIDECHOICE_H
#define MCUFORM_PASSES_QUANTIZE_WIDECHOICE_H

#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace mcuform {

struct WideChoice {
  /// Layers that write the residual stream, each of which becomes two of eight bits.
  llvm::DenseSet<mlir::Operation *> layers;
  /// The same as "name (42.0 dB)", what their eight bits cost by themselves, in the order of noise per weight.
  std::vector<std::string> names;
  /// That may be wide, those that are included.
  int64_t candidates = 0;
};

/// Of the layers that calibration measured, those with most noise per weight, until their sum reaches `excess`, in shares of the power of
/// the network's result. Fails, with a diagnostic, where calibration measured none. `excess` 0: none.
mlir::FailureOr<WideChoice> chooseWideLayers(mlir::func::FuncOp function, double excess);

} // namespace mcuform

#endif
