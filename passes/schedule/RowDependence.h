// Which rows of its operands an integer operator needs for a row of its result: all that scheduling knows about operators.
//
// RowGroups divides a network into loops by it, Storage proves updates in place legal by it. A new row-wise operator is entered here and in
// KernelCalls.
#ifndef MCUFORM_PASSES_SCHEDULE_ROWDEPENDENCE_H
#define MCUFORM_PASSES_SCHEDULE_ROWDEPENDENCE_H

#include "dialects/mcuf/McufDialect.h"

namespace mcuform::schedule {

enum class Need {
  Row,     ///< row t + shift for row t of the result
  AllRows, ///< every row, for any row of the result
  Reduced, ///< rows shift .. shift + count, accumulated into a result of one row
};

struct Dependence {
  mlir::Value value; ///< after looking through reshapes that keep rows
  Need need = Need::Row;
  int64_t shift = 0;
  int64_t count = 0;
};

/// The value that has the same rows in the same order: through reshapes that keep the number of rows and the width.
mlir::Value lookThrough(mlir::Value value);

/// Row `row` of `value` through row selections: the value that has the memory, and its row.
std::pair<mlir::Value, int64_t> selectedFrom(mlir::Value value, int64_t row);

/// What `op` reads besides constants and the image.
llvm::SmallVector<Dependence, 3> dependencesOf(mlir::Operation *op);

/// True for ops that cost so little that computing them again beats keeping all rows.
bool isCheap(mlir::Operation *op);
/// True for ops on windows or any other rows of a map, or of the image: any row of the result may need any of the operand's, and its number says which.
bool readsMap(mlir::Operation *op);
/// The operands whose rows `op`'s kernel can overwrite with the result. Where `mustUpdate` is set, the kernel has no other way: it reads
/// the rows where it writes them.
llvm::SmallVector<mlir::Value, 2> updatableOperands(mlir::Operation *op, bool &mustUpdate);

/// True for values that are computed into a key or value cache.
bool isCached(mlir::Value value);
/// True where keys and values are the same rows, in one cache.
bool sharesCache(mcuf::QAttentionOp attention);

/// True for ops whose kernel can write its rows among the columns of longer ones.
bool writesColumns(mlir::Operation *op);

/// Why the schedule cannot do `op`; empty if it can. Looks at the op alone.
std::string whyUnsupported(mlir::Operation *op);

} // namespace mcuform::schedule

#endif // MCUFORM_PASSES_SCHEDULE_ROWDEPENDENCE_H
