// Evaluates functions of the mcuf dialect on host tensors, float or integer; and the float meaning of each op: the oracle, the calibrator's engine and the constant folder.
#ifndef MCUFORM_COMPILER_REFERENCE_INTERPRETER_H
#define MCUFORM_COMPILER_REFERENCE_INTERPRETER_H

#include "compiler/reference/HostTensor.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform {

/// Evaluates one float-level mcuf op (constants included) on host tensors; integer tensors (shape arithmetic) too. Fails, with a diagnostic at the op, for ops
/// that have no float meaning. `operands` follow the op's operand list.
mlir::FailureOr<HostTensor> evaluateFloatOp(mlir::Operation *op, llvm::ArrayRef<HostTensor> operands);

/// Called with every value computed, in program order.
using ValueObserver = llvm::function_ref<void(mlir::Value, const HostTensor &)>;

/// The meaning of one op: evaluateFloatOp or evaluateIntegerOp.
using OpEvaluator = mlir::FailureOr<HostTensor> (*)(mlir::Operation *, llvm::ArrayRef<HostTensor>);

/// A function prepared for repeated evaluation: constants are converted once, a value's memory goes when its last user has run.
class Interpreter {
public:
  /// Fails, with a diagnostic, if a constant cannot be read.
  static mlir::FailureOr<Interpreter> create(mlir::func::FuncOp function, OpEvaluator evaluator = evaluateFloatOp);
  /// Results of one inference. Safe to call from several threads at once.
  mlir::FailureOr<std::vector<HostTensor>> run(llvm::ArrayRef<HostTensor> inputs, ValueObserver observer = [](mlir::Value, const HostTensor &) {}) const;
  /// Results of the inference that computed `known` (all values of run()'s observer), had the value `changed` been `replacement`.
  mlir::FailureOr<std::vector<HostTensor>> rerun(const llvm::DenseMap<mlir::Value, HostTensor> &known, mlir::Value changed,
                                                 const HostTensor &replacement) const;

private:
  mlir::func::FuncOp function;
  OpEvaluator evaluator = evaluateFloatOp;
  llvm::DenseMap<mlir::Value, HostTensor> constants;
  llvm::DenseMap<mlir::Operation *, llvm::SmallVector<mlir::Value, 2>> lastUses;
};

} // namespace mcuform

#endif
