// Weights in four bits as they lie in flash.
#ifndef MCUFORM_PASSES_SCHEDULE_INT4STORAGE_H
#define MCUFORM_PASSES_SCHEDULE_INT4STORAGE_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"

namespace mcuform::schedule {

/// What an integer linear layer says of its weights in four bits; no `scales` where they have eight.
struct Int4Groups {
  mlir::ElementsAttr scales; ///< [units][groups]
  int64_t group = 0;         ///< inputs that share a scale
};
Int4Groups int4GroupsOf(mlir::Operation *op);

/// `weights` [units][depth] of `op`, each a multiple of its group's scale, as rows of ui8, one a pair of units, in the layout of
/// docs/arithmetic.md. Fails, with a diagnostic, for weights that are no such multiples.
mlir::FailureOr<mlir::ElementsAttr> packInt4(mlir::Operation *op, mlir::ElementsAttr weights, Int4Groups groups);

} // namespace mcuform::schedule

#endif // MCUFORM_PASSES_SCHEDULE_INT4STORAGE_H
