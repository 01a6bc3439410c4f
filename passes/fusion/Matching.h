// What fusion patterns share: recognizing small expressions, naming fused ops, running patterns.
#ifndef MCUFORM_PASSES_FUSION_MATCHING_H
#define MCUFORM_PASSES_FUSION_MATCHING_H

#include "dialects/mcuf/McufDialect.h"
#include "passes/support/Folding.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/PatternMatch.h"

namespace mcuform {

/// The op that makes `value` if it is a binary (unary) op of that kind, null otherwise.
mcuf::BinaryOp binaryOf(mlir::Value value, mcuf::BinaryKind kind);
mcuf::UnaryOp unaryOf(mlir::Value value, mcuf::UnaryKind kind);

/// Equal but for the rounding of a float32 constant or of one that an exporter abbreviated.
bool isNear(double value, double expected);

/// value = operand combined with a scalar constant.
struct WithScalar {
  mlir::Value operand;
  double scalar;
};
/// Matches kind(operand, c) with c the same everywhere; c may stand on the left if the kind commutes. The operand has value's type.
std::optional<WithScalar> matchScalar(mlir::Value value, mcuf::BinaryKind kind);
/// Matches operand * c, c * operand and operand / c.
std::optional<WithScalar> matchScaling(mlir::Value value);

/// Whether `value` is a constant that broadcasts along all but the last dimension of a tensor with that width: a scalar or a vector.
bool isRowConstant(mlir::Value value, int64_t width);
/// Such a constant as a vector [width].
mlir::Value asVector(mlir::OpBuilder &builder, mlir::Location location, mlir::Value constant, int64_t width);

/// Matches kind(operand, row constant), in either order if the kind commutes; the operand has the result's type.
struct WithRowConstant {
  mlir::Value operand;
  mlir::Value constant;
};
std::optional<WithRowConstant> matchRowConstant(mcuf::BinaryOp op);

/// Whether weights and bias, where there is one, are constants.
bool isConstantLayer(mcuf::LinearOp linear);
/// The constant layers that read `value`, in program order; none where anything else does.
llvm::SmallVector<mcuf::LinearOp> layersReading(mlir::Value value);

/// The location of an op that replaces `ops`: their locations in program order, so that emitted code can name the ONNX nodes.
mlir::Location fuseLocations(llvm::ArrayRef<mlir::Operation *> ops);

/// The patterns of mcuf-fold-layout, for passes whose rewrites leave reshapes in the way of the next.
void populateFoldLayoutPatterns(mlir::RewritePatternSet &patterns);

/// Applies the patterns until nothing changes.
mlir::LogicalResult applyToFixpoint(mlir::func::FuncOp function, mlir::RewritePatternSet &&patterns);

} // namespace mcuform

#endif
