// Integer forms of the operators on feature maps: windows, depthwise convolutions, pools and sums of two maps.
#ifndef MCUFORM_PASSES_QUANTIZE_MAPREWRITER_H
#define MCUFORM_PASSES_QUANTIZE_MAPREWRITER_H

#include "passes/quantize/ScalePlan.h"

namespace mcuform {

/// Whether `op` is a sum of two maps, each with a scale of its own, rather than an update of the residual stream.
bool isSumOfMaps(mlir::Operation *op);

/// The activation that the integer form of `op`, a sum of maps or a depthwise convolution, computes on the way: its only user. Null where
/// there is none.
mlir::Operation *activationBehind(mlir::Operation *op);

class MapRewriter {
public:
  /// `stored`, which has to outlive this, gives the integer form of a value that has one.
  MapRewriter(mlir::OpBuilder &builder, ScalePlan &plan, llvm::function_ref<mlir::Value(mlir::Value)> stored)
      : builder(builder), plan(plan), stored(stored) {}

  /// Each fails, with a diagnostic, where there is no integer form. The result is that of the activation where one follows.
  mlir::FailureOr<mlir::Value> rewrite(mcuf::WindowsOp windows);
  mlir::FailureOr<mlir::Value> rewrite(mcuf::DepthwiseOp depthwise);
  mlir::FailureOr<mlir::Value> rewrite(mcuf::PoolOp pool);
  /// Columns side by side, in one scale: what has another is brought to it.
  mlir::FailureOr<mlir::Value> rewrite(mcuf::ConcatOp concat);
  mlir::FailureOr<mlir::Value> rewriteSum(mcuf::BinaryOp add);
  /// An activation by itself: of what has other readers, too, or cannot compute it on the way.
  mlir::FailureOr<mlir::Value> rewriteActivation(mlir::Operation *activation);

private:
  /// A convolution of each channel of `input` by itself, `weights` [taps][channels].
  mlir::FailureOr<mlir::Value> convolve(mlir::Operation *op, mlir::Value input, llvm::ArrayRef<float> weights, llvm::ArrayRef<float> bias,
                                        llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> pads);
  /// An activation with a table.
  mlir::FailureOr<mlir::Value> rewriteTable(mlir::Operation *activation);
  mlir::FailureOr<mlir::Value> sum(mlir::Operation *op, mlir::Value result, mlir::Value lhs, mlir::Value rhs);
  /// The multiplier that brings `operand` to the scale of `out`, for q_add; fails, with a diagnostic at `op`, where there is none.
  mlir::FailureOr<uint64_t> sumMult(mlir::Operation *op, mlir::Value operand, const Storage &out) const;
  mlir::RankedTensorType typeOf(mlir::Value value, const Storage &storage) const;
  /// The integer form of an operand of a sum, which may be a constant.
  mlir::Value summand(mlir::Value value);

  mlir::OpBuilder &builder;
  ScalePlan &plan;
  llvm::function_ref<mlir::Value(mlir::Value)> stored;
};

} // namespace mcuform

#endif
