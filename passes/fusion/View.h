// A value as a strided window on another: what reshapes, transpositions and slices between the two amount to.
#ifndef MCUFORM_PASSES_FUSION_VIEW_H
#define MCUFORM_PASSES_FUSION_VIEW_H

#include "dialects/mcuf/McufDialect.h"

namespace mcuform {

/// `size` elements, `stride` elements of the base apart.
struct Atom {
  int64_t size;
  int64_t stride;
  bool operator==(const Atom &other) const { return size == other.size && stride == other.stride; }
};

/// Element (i, j, ...) of the value is element `offset` + sum of the atoms' indices times strides of the base in row-major order. A
/// dimension of the value is a list of atoms, outermost first, because a reshape may have merged dimensions that do not lie evenly in the
/// base; atoms of size 1 are left out.
struct View {
  mlir::Value base;
  int64_t offset = 0;
  llvm::SmallVector<llvm::SmallVector<Atom, 2>> dimensions;
  /// What the base's elements are multiplied with.
  double scale = 1.0;
  /// The ops between base and value, the nearest to the base first.
  llvm::SmallVector<mlir::Operation *> ops;

  static View identity(mlir::Value base);
  /// Size of dimension `index`.
  int64_t size(size_t index) const;
  /// The atoms of dimensions [begin, end) in order; neighbours that are one run are merged.
  llvm::SmallVector<Atom> merged(size_t begin, size_t end) const;
  /// All elements of the base in their order.
  bool isWhole() const;
  /// For each element of the value, in row-major order, that of the base.
  std::vector<int64_t> elements() const;

  // Each changes the view to that of the op's result; false where that is no view.
  bool transpose(llvm::ArrayRef<int64_t> permutation);
  bool reshape(llvm::ArrayRef<int64_t> shape);
  bool slice(llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> steps);
};

/// The view of `value` on the farthest base there is, upwards through reshape, transpose and slice, and through products with scalars if
/// `throughScaling`.
View viewOf(mlir::Value value, bool throughScaling);

} // namespace mcuform

#endif
