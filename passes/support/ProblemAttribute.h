// Why a pass could not do with an op what it would have to do, for the verifier of the phase to tell.
#ifndef MCUFORM_PASSES_SUPPORT_PROBLEMATTRIBUTE_H
#define MCUFORM_PASSES_SUPPORT_PROBLEMATTRIBUTE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace mcuform {

inline constexpr llvm::StringLiteral kProblemAttr = "mcuf.problem";

inline void setProblem(mlir::Operation *op, llvm::StringRef text) {
  op->setAttr(kProblemAttr, mlir::StringAttr::get(op->getContext(), text));
}

/// Empty where nothing is known.
inline llvm::StringRef problemOf(mlir::Operation *op) {
  auto text = op->getAttrOfType<mlir::StringAttr>(kProblemAttr);
  return text ? text.getValue() : llvm::StringRef();
}

} // namespace mcuform

#endif // MCUFORM_PASSES_SUPPORT_PROBLEMATTRIBUTE_H
