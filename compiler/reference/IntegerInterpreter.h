// The integer meaning of the quantized mcuf ops: whole tensors, plain loops, docs/arithmetic.md word for word. The rung between the float oracle and the kernels.
#ifndef MCUFORM_COMPILER_REFERENCE_INTEGERINTERPRETER_H
#define MCUFORM_COMPILER_REFERENCE_INTEGERINTERPRETER_H

#include "compiler/reference/HostTensor.h"

#include "mlir/IR/Operation.h"

namespace mcuform {

/// Evaluates one op of the integer level (constants, slices and reshapes included) on the stored integers. Fails, with a diagnostic, for all others.
mlir::FailureOr<HostTensor> evaluateIntegerOp(mlir::Operation *op, llvm::ArrayRef<HostTensor> operands);

} // namespace mcuform

#endif
