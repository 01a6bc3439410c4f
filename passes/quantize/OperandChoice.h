// Which operands of linear layers have 8 bits.
#ifndef MCUFORM_PASSES_QUANTIZE_OPERANDCHOICE_H
#define MCUFORM_PASSES_QUANTIZE_OPERANDCHOICE_H

#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace mcuform {

struct OperandChoice {
  /// Those of 8 bits.
  llvm::DenseSet<mlir::Value> narrow;
  /// Those that need 16, the worst first, as "name (12.3 dB)": what 8 bits would cost by itself.
  std::vector<std::string> wide;
  /// Predicted of those of 8 bits, over the power of the network's result.
  double noise = 0;
};

/// With `bits` 16: none. With 8, the operands for which calibration measured least noise, as long as all together keep the network's result
/// `minSqnrDb` above it. Warns where the result is lost in noise, with the names of what makes it. Fails, with a diagnostic, where
/// calibration did not measure it.
mlir::FailureOr<OperandChoice> chooseOperands(mlir::func::FuncOp function, int64_t bits, double minSqnrDb);

} // namespace mcuform

#endif
