// Integer form of products of two tensors, element by element: the hidden units of gated MLPs.
#ifndef MCUFORM_PASSES_QUANTIZE_PRODUCTREWRITER_H
#define MCUFORM_PASSES_QUANTIZE_PRODUCTREWRITER_H

#include "passes/quantize/ScalePlan.h"

namespace mcuform {

/// `stored` gives the integer form of a value that has one. Fails, with a diagnostic, where the operands' channels have scales of their own.
mlir::FailureOr<mlir::Value> rewriteProduct(mlir::OpBuilder &builder, const ScalePlan &plan, mcuf::BinaryOp product,
                                            llvm::function_ref<mlir::Value(mlir::Value)> stored);

} // namespace mcuform

#endif
