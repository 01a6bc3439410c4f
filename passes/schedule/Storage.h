// Where rows are kept: which values share a buffer because one overwrites the other in place.
//
// An update in place is legal if nobody reads the old rows afterwards: no later op of the same loop body, no later loop, and in the same
// body no earlier op that will read in a later iteration what this one has overwritten. Where it is not, the rows are copied first.
#ifndef MCUFORM_PASSES_SCHEDULE_STORAGE_H
#define MCUFORM_PASSES_SCHEDULE_STORAGE_H

#include "passes/schedule/RowGroups.h"

namespace mcuform::schedule {

/// Rows of one width. Row r of a value is row r + Place::rowOffset of its storage, from column Place::column on.
struct Storage {
  enum class Kind {
    Rows,   ///< a buffer for all needed rows
    Block,  ///< a buffer for the rows of one block, inside the loop of a group
    Cache,  ///< keys or values in the layout of attention
    Output, ///< the caller's buffer
  };
  Kind kind;
  int64_t rows;
  int64_t width;
  unsigned bits; ///< of an element
  /// Who writes to it first; gives it its name.
  mlir::Operation *firstWriter;
};

struct Place {
  unsigned storage = 0;
  int64_t rowOffset = 0;
  int64_t column = 0;
};

class StoragePlan {
public:
  StoragePlan(const RowGroups &groups, const OpOrder &order);

  llvm::ArrayRef<Storage> all() const { return storages; }
  /// `value` as seen from group `group`; a value that a row selection gives has the place of what it selects from.
  Place placeOf(mlir::Value value, unsigned group) const;
  /// True if `op` of group `group` finds the rows that it updates in place. Where it does not but has to, they must be copied first.
  bool isInPlace(mlir::Operation *op, unsigned group) const { return inPlace.contains({op, group}); }
  /// True if operand `input` of `concat` is computed where the concatenation wants it; otherwise its columns must be copied there.
  bool isJoinedInPlace(mcuf::ConcatOp concat, unsigned input, unsigned group) const;
  /// True if the result is computed where the caller wants it; otherwise it must be copied there at the end.
  bool isResultWrittenDirectly() const { return resultWrittenDirectly; }

private:
  struct Read {
    unsigned group;
    int64_t position;
    mlir::Operation *op;
    mlir::Value value;
    int64_t row;          ///< at iteration 0
    bool allRows = false; ///< at every iteration
  };
  using Key = std::pair<mlir::Value, unsigned>;

  Key keyOf(mlir::Value value, unsigned group) const;
  void collectReads();
  bool canWriteResultDirectly() const;
  bool canUpdate(mlir::Operation *op, unsigned group, mlir::Value value, int64_t row) const;
  /// Lets the result of `op` overwrite one of its operands; false where that is not possible.
  bool placeOver(mlir::Operation *op, unsigned group);
  /// Gives the result of `op` a storage of its own.
  void placeApart(mlir::Operation *op, unsigned group);
  /// Gives a concatenation its storage, and its operands their columns of it.
  void placeJoined(mcuf::ConcatOp concat, unsigned group);

  const RowGroups &groups;
  const OpOrder &order;
  llvm::SmallVector<Read> reads;
  llvm::SmallVector<Storage> storages;
  llvm::DenseMap<Key, Place> places;
  llvm::DenseSet<std::pair<mlir::Operation *, unsigned>> inPlace;
  bool resultWrittenDirectly = false;
};

} // namespace mcuform::schedule

#endif // MCUFORM_PASSES_SCHEDULE_STORAGE_H
