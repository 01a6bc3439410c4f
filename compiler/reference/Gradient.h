// Derivatives of the float operators, for measurements on the float network; nothing is trained here.
#ifndef MCUFORM_COMPILER_REFERENCE_GRADIENT_H
#define MCUFORM_COMPILER_REFERENCE_GRADIENT_H

#include "compiler/reference/HostTensor.h"

#include "mlir/IR/Operation.h"

#include <optional>

namespace mcuform {

/// What a scalar's derivative by the operands of `op` is, given its derivative by the result, `gradient`: a tensor an operand, of its
/// shape; empty ones for constants, through which nothing flows. Nothing at all where the op's derivative is not defined here: kernels on
/// feature maps and what no fused transformer contains. Elementwise functions are differentiated by a central difference.
std::optional<llvm::SmallVector<HostTensor>> differentiateFloatOp(mlir::Operation *op, llvm::ArrayRef<HostTensor> operands,
                                                                  const HostTensor &gradient);

} // namespace mcuform

#endif
