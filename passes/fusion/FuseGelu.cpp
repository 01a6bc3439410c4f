// GELU from its parts: x * 0.5 * (1 + erf(x / sqrt 2)), or with tanh(sqrt(2/pi) * (x + 0.044715 x^3)) in place of erf, in whatever order
// the factors stand.
#include "passes/Passes.h"
#include "passes/fusion/Expressions.h"

#include <cmath>

namespace mcuform {
#define GEN_PASS_DEF_FUSEGELU
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

/// c * (1 + f) where f is erf or tanh of something.
struct Gate {
  mcuf::UnaryOp function;
  double scale;
  SmallVector<Operation *> ops;
};

std::optional<Gate> matchGate(Value value) {
  auto sum = matchScalar(value, BinaryKind::Add);
  if (!sum)
    return std::nullopt;
  Gate gate{{}, 1.0, {value.getDefiningOp()}};
  Value inner = sum->operand;
  if (auto scaling = matchScaling(inner)) {
    gate.scale = scaling->scalar;
    gate.ops.push_back(inner.getDefiningOp());
    inner = scaling->operand;
  }
  gate.function = inner.getDefiningOp<mcuf::UnaryOp>();
  if (!gate.function || (gate.function.getKind() != UnaryKind::Erf && gate.function.getKind() != UnaryKind::Tanh) ||
      !isNear(sum->scalar, gate.scale))
    return std::nullopt;
  gate.ops.push_back(gate.function);
  return gate;
}

struct GeluPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp root, PatternRewriter &rewriter) const override {
    if (root.getKind() != BinaryKind::Mul && root.getKind() != BinaryKind::Div)
      return failure();
    Product whole;
    whole.flatten(root, {});
    for (Value factor : whole.factors) {
      auto gate = matchGate(factor);
      if (!gate)
        continue;
      for (Value x : candidatesOf(gate->function.getInput()))
        if (succeeded(rewrite(root, *gate, factor, x, rewriter)))
          return success();
    }
    return failure();
  }

private:
  static LogicalResult rewrite(mcuf::BinaryOp root, const Gate &gate, Value gateValue, Value x, PatternRewriter &rewriter) {
    bool isTanh = mcuf::UnaryOp(gate.function).getKind() == UnaryKind::Tanh;
    double slope = isTanh ? std::sqrt(2.0 / M_PI) : std::sqrt(0.5);
    SmallVector<Operation *> ops(gate.ops);
    auto argument = matchPolynomial(mcuf::UnaryOp(gate.function).getInput(), x, ops);
    if (!argument || !isPolynomial(*argument, isTanh ? ArrayRef<double>{0, slope, 0, slope * 0.044715} : ArrayRef<double>{0, slope}))
      return failure();
    Product product;
    product.flatten(root, x);
    if (!product.isOf(x, gateValue) || !isNear(product.scale * gate.scale, 0.5) || x.getType() != root.getType())
      return failure();
    llvm::append_range(ops, product.ops);
    Value gelu = rewriter.create<mcuf::GeluOp>(fuseLocations(ops), x, isTanh);
    rewriter.replaceOp(root, gelu);
    return success();
  }
};

class FuseGelu : public impl::FuseGeluBase<FuseGelu> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GeluPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
