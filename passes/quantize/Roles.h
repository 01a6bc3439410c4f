// What the values of a float network are for: this decides how they are stored.
#ifndef MCUFORM_PASSES_QUANTIZE_ROLES_H
#define MCUFORM_PASSES_QUANTIZE_ROLES_H

#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform {

/// Whether `op` is a product of two tensors, element by element.
inline bool isProduct(mlir::Operation *op) {
  auto binary = llvm::dyn_cast_or_null<mcuf::BinaryOp>(op);
  return binary && binary.getKind() == mcuf::BinaryKind::Mul;
}

/// What becomes of a linear layer's output.
enum class Role { Plain, Activation, Residual, Query, Key, Value };

/// True for the residual stream: what the patch embedding begins and additions update, a normalization of it to which something is added
/// (as in post-norm blocks), or rows of these.
bool isResidual(mlir::Value value);

/// The mean of such rows, which has their scales.
bool isMeanOfResidual(mlir::Value value);

class Roles {
public:
  /// Fails, with a diagnostic at each such op, where a use has no integer form.
  static mlir::FailureOr<Roles> find(mlir::func::FuncOp function);

  Role of(mcuf::LinearOp linear) const { return roles.lookup(linear); }
  /// The attention whose queries, keys or values `linear` computes.
  mcuf::AttentionOp attentionOf(mcuf::LinearOp linear) const { return attentions.lookup(linear); }

private:
  llvm::DenseMap<mlir::Operation *, Role> roles;
  llvm::DenseMap<mlir::Operation *, mcuf::AttentionOp> attentions;
};

} // namespace mcuform

#endif
