// Swish from its parts, x * sigmoid(slope * x), and hard swish, x * max(0, min(1, x / 6 + 1 / 2)), in whatever order the factors stand.
#include "passes/Passes.h"
#include "passes/fusion/Expressions.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSESWISH
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

/// max(0, min(most, argument)), the bounds in either order.
struct Clamp {
  Value argument;
  double most;
  SmallVector<Operation *> ops;
};

/// max(operand, 0)
Value matchPositive(Value value) {
  if (auto relu = unaryOf(value, UnaryKind::Relu))
    return relu.getInput();
  auto max = matchScalar(value, BinaryKind::Max);
  return max && max->scalar == 0 ? max->operand : Value();
}

std::optional<Clamp> matchClamp(Value value) {
  if (auto min = matchScalar(value, BinaryKind::Min))
    if (Value argument = matchPositive(min->operand))
      return Clamp{argument, min->scalar, {min->operand.getDefiningOp(), value.getDefiningOp()}};
  if (Value inner = matchPositive(value))
    if (auto min = matchScalar(inner, BinaryKind::Min))
      return Clamp{min->operand, min->scalar, {inner.getDefiningOp(), value.getDefiningOp()}};
  return std::nullopt;
}

struct SwishPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp root, PatternRewriter &rewriter) const override {
    if (root.getKind() != BinaryKind::Mul && root.getKind() != BinaryKind::Div)
      return failure();
    Product whole;
    whole.flatten(root, {});
    for (Value gate : whole.factors) {
      auto sigmoid = unaryOf(gate, UnaryKind::Sigmoid);
      auto clamp = sigmoid ? std::nullopt : matchClamp(gate);
      if (!sigmoid && !clamp)
        continue;
      for (Value x : candidatesOf(sigmoid ? sigmoid.getInput() : clamp->argument))
        if (succeeded(sigmoid ? rewriteSwish(root, sigmoid, x, rewriter) : rewriteHardSwish(root, gate, *clamp, x, rewriter)))
          return success();
    }
    return failure();
  }

private:
  static LogicalResult rewriteSwish(mcuf::BinaryOp root, mcuf::UnaryOp sigmoid, Value x, PatternRewriter &rewriter) {
    SmallVector<Operation *> ops{sigmoid};
    auto argument = matchPolynomial(sigmoid.getInput(), x, ops);
    Product product;
    product.flatten(root, x);
    if (!argument || argument->size() != 2 || (*argument)[0] != 0 || !((*argument)[1] > 0) || !product.isOf(x, sigmoid) ||
        !isNear(product.scale, 1) || x.getType() != root.getType())
      return failure();
    llvm::append_range(ops, product.ops);
    Value swish = rewriter.create<mcuf::SwishOp>(fuseLocations(ops), x, rewriter.getF32FloatAttr(float((*argument)[1])));
    rewriter.replaceOp(root, swish);
    return success();
  }

  static LogicalResult rewriteHardSwish(mcuf::BinaryOp root, Value gate, const Clamp &clamp, Value x, PatternRewriter &rewriter) {
    SmallVector<Operation *> ops(clamp.ops);
    auto argument = matchPolynomial(clamp.argument, x, ops);
    Product product;
    product.flatten(root, x);
    const double scale = product.scale;
    if (!argument || argument->size() != 2 || !isNear((*argument)[0] * scale, 0.5) || !isNear((*argument)[1] * scale, 1.0 / 6) ||
        !isNear(clamp.most * scale, 1) || !product.isOf(x, gate) || x.getType() != root.getType())
      return failure();
    llvm::append_range(ops, product.ops);
    Value swish = rewriter.create<mcuf::HardSwishOp>(fuseLocations(ops), x);
    rewriter.replaceOp(root, swish);
    return success();
  }
};

class FuseSwish : public impl::FuseSwishBase<FuseSwish> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SwishPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
