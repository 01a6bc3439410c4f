// Building mcuf ops whose constant parts are evaluated on the spot. Legalization makes shape arithmetic vanish with it, fusion rewrites
// weights with it: a rewritten weight is written down as mcuf ops on constants and never reaches the IR as such.
#ifndef MCUFORM_PASSES_SUPPORT_FOLDING_H
#define MCUFORM_PASSES_SUPPORT_FOLDING_H

#include "dialects/mcuf/McufDialect.h"

namespace mcuform {

/// Creates the op that `state` describes with inferred result types, whatever types it holds. One whose operands are all constants is
/// evaluated and becomes a mcuf.constant, one that is an identity becomes its operand. Null, after a diagnostic at the state's location,
/// where the operands do not fit.
mlir::Value createFolded(mlir::OpBuilder &builder, mlir::OperationState &state);

/// The same for the op OpT on `arguments`, those of its ODS builder without result types.
template <class OpT, class... Arguments>
mlir::Value createFolded(mlir::OpBuilder &builder, mlir::Location location, Arguments &&...arguments) {
  mlir::OperationState state(location, OpT::getOperationName());
  OpT::build(builder, state, mlir::Type(), std::forward<Arguments>(arguments)...);
  return createFolded(builder, state);
}

/// A constant tensor; short ones are spelled out.
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location location, llvm::ArrayRef<int64_t> values);
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location location, float scalar);
mlir::Value createConstant(mlir::OpBuilder &builder, mlir::Location location, mlir::ElementsAttr value);

/// The integers of a constant of any integer type in row-major order; nothing where it is none.
std::optional<llvm::SmallVector<int64_t>> constantInts(mlir::Value value);
/// The element of a float constant all of whose elements are the same; nothing where it is none.
std::optional<double> constantSplat(mlir::Value value);

} // namespace mcuform

#endif
