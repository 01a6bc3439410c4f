// Elementwise expressions of one value, however an exporter has written them.
#ifndef MCUFORM_PASSES_FUSION_EXPRESSIONS_H
#define MCUFORM_PASSES_FUSION_EXPRESSIONS_H

#include "passes/fusion/Matching.h"

#include "llvm/ADT/SetVector.h"

namespace mcuform {

/// Coefficients by degree.
using Polynomial = llvm::SmallVector<double, 4>;

/// `value` as a polynomial in `x` with scalar coefficients, of degree 3 at most. Adds the ops in between to `ops`.
std::optional<Polynomial> matchPolynomial(mlir::Value value, mlir::Value x, llvm::SmallVectorImpl<mlir::Operation *> &ops, int depth = 0);
bool isPolynomial(const Polynomial &polynomial, llvm::ArrayRef<double> expected);

/// A product taken apart: scalars are multiplied into `scale`; `stop` stays whole.
struct Product {
  double scale = 1.0;
  llvm::SmallVector<mlir::Value> factors;
  llvm::SmallVector<mlir::Operation *> ops;

  void flatten(mlir::Value value, mlir::Value stop, int depth = 0);
  /// Whether it is x * gate * scale.
  bool isOf(mlir::Value x, mlir::Value gate) const;
};

/// The values that the expression `value` is made of, itself included: what x may be.
llvm::SetVector<mlir::Value> candidatesOf(mlir::Value value);

} // namespace mcuform

#endif
