// Divides a network into loops over rows.
//
// A *root* is a value that exists for all rows that anybody needs; every other value exists only for the rows of one block of a loop. Roots
// are what cannot be otherwise: the tokens of the patch embedding, keys and values (attention needs all of them), maps of which windows are taken, means over rows, rows
// that are narrowed (to be kept is what they are narrowed for), and whatever two loops need that is not cheap to compute twice, as the residual stream is. A *group* is one loop: its roots, and all that is
// computed on the way to their rows. The keys and values of an attention share a group. Groups run in the order of their last roots, so
// that at most one pair of caches is in use.
#ifndef MCUFORM_PASSES_SCHEDULE_ROWGROUPS_H
#define MCUFORM_PASSES_SCHEDULE_ROWGROUPS_H

#include "passes/schedule/RowDependence.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

namespace mcuform::schedule {

/// Rows [begin, end).
struct RowRange {
  int64_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  int64_t size() const { return end - begin; }
  void extendTo(RowRange other);
};

struct Group {
  llvm::SmallVector<mlir::Value, 2> roots;
  /// How many rows the loop runs over.
  int64_t rowCount = 0;
  /// Sequences that these rows are, where attention keeps them apart: the loop is made once for each, over its share of the rows.
  int64_t sequences = 1;
  /// The row at iteration 0 of each value that the loop computes.
  llvm::DenseMap<mlir::Value, int64_t> base;
  /// In the order of the network; cheap ones may be in several groups.
  llvm::SmallVector<mlir::Operation *> ops;
};

struct RowGroups {
  llvm::SmallVector<Group> groups; ///< in the order in which they run
  /// Roots with the rows of them that are needed.
  llvm::MapVector<mlir::Value, RowRange> roots;
  /// The value whose rows [resultRow, ...) the function returns.
  mlir::Value result;
  int64_t resultRow = 0;

  bool isRoot(mlir::Value value) const { return roots.contains(value); }
};

/// Position of an op in its block, as an order.
using OpOrder = llvm::DenseMap<mlir::Operation *, int64_t>;

/// `function` has passed whyUnsupported.
RowGroups divideIntoGroups(mlir::func::FuncOp function, const OpOrder &order);

} // namespace mcuform::schedule

#endif // MCUFORM_PASSES_SCHEDULE_ROWGROUPS_H
