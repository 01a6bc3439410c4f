// Layer normalization from its parts: (x - mean) / sqrt(mean((x - mean)^2) + epsilon), then gamma and beta; RMSNorm where no mean is taken
// off, x / sqrt(mean(x^2) + epsilon).
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSELAYERNORM
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::ReduceKind;
using mcuf::UnaryKind;

using Ops = SmallVector<Operation *>;

/// The input of a mean over the last dimension that keeps it as 1; null otherwise.
Value matchRowMean(Value value, Ops &ops) {
  auto mean = value.getDefiningOp<mcuf::ReduceOp>();
  if (!mean || mean.getKind() != ReduceKind::Mean || !mean.getKeepDims() ||
      mean.getAxes() != ArrayRef<int64_t>(int64_t(mcuf::shapeOf(mean.getInput()).size()) - 1))
    return {};
  ops.push_back(mean);
  return mean.getInput();
}

/// The x of x - mean(x); null otherwise.
Value matchCentered(Value value, Ops &ops) {
  auto difference = binaryOf(value, BinaryKind::Sub);
  Value x = difference ? matchRowMean(difference.getRhs(), ops) : Value();
  if (!x || x != difference.getLhs())
    return {};
  ops.push_back(difference);
  return x;
}

/// The base of a square, as a power or as a product; null otherwise.
Value matchSquare(Value value, Ops &ops) {
  Value base;
  if (auto power = matchScalar(value, BinaryKind::Pow); power && power->scalar == 2.0)
    base = power->operand;
  else if (auto product = binaryOf(value, BinaryKind::Mul); product && product.getLhs() == product.getRhs())
    base = product.getLhs();
  if (base)
    ops.push_back(value.getDefiningOp());
  return base;
}

/// The v of sqrt(v), as a root or as a power of 1/2; `exponent` is the power that is looked for.
Value matchRoot(Value value, double exponent, Ops &ops) {
  Value base;
  if (auto power = matchScalar(value, BinaryKind::Pow); power && power->scalar == exponent)
    base = power->operand;
  else if (auto root = exponent > 0 ? unaryOf(value, UnaryKind::Sqrt) : mcuf::UnaryOp())
    base = root.getInput();
  if (base)
    ops.push_back(value.getDefiningOp());
  return base;
}

/// The v of 1 / sqrt(v); null otherwise.
Value matchInverseRoot(Value value, Ops &ops) {
  if (Value base = matchRoot(value, -0.5, ops))
    return base;
  Value root;
  if (auto reciprocal = unaryOf(value, UnaryKind::Reciprocal))
    root = reciprocal.getInput();
  else if (auto quotient = binaryOf(value, BinaryKind::Div); quotient && constantSplat(quotient.getLhs()) == 1.0)
    root = quotient.getRhs();
  Value base = root ? matchRoot(root, 0.5, ops) : Value();
  if (base)
    ops.push_back(value.getDefiningOp());
  return base;
}

/// centered / sqrt(variance + epsilon) in its forms; gives the two parts in the order (centered, variance + epsilon).
std::optional<std::pair<Value, Value>> matchQuotient(mcuf::BinaryOp op, Ops &ops) {
  if (op.getKind() == BinaryKind::Div) {
    if (Value variance = matchRoot(op.getRhs(), 0.5, ops))
      return std::pair(op.getLhs(), variance);
  } else if (op.getKind() == BinaryKind::Mul) {
    for (auto [centered, factor] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())})
      if (Value variance = matchInverseRoot(factor, ops))
        return std::pair(centered, variance);
  }
  return std::nullopt;
}

struct CorePattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp root, PatternRewriter &rewriter) const override {
    Ops ops{root};
    auto quotient = matchQuotient(root, ops);
    if (!quotient)
      return failure();
    auto sum = matchScalar(quotient->second, BinaryKind::Add);
    Value square = sum ? matchRowMean(sum->operand, ops) : Value();
    Value deviation = square ? matchSquare(square, ops) : Value();
    if (!deviation)
      return failure();
    Value x = matchCentered(deviation, ops);
    const bool isCentered = bool(x);
    if (isCentered ? matchCentered(quotient->first, ops) != x : quotient->first != (x = deviation))
      return failure();
    if (x.getType() != root.getType())
      return failure();
    ops.push_back(quotient->second.getDefiningOp());
    rewriter.setInsertionPoint(root);
    Value norm = rewriter.create<mcuf::LayerNormOp>(fuseLocations(ops), x, Value(), Value(), float(sum->scalar), isCentered);
    rewriter.replaceOp(root, norm);
    return success();
  }
};

/// A vector times a normalized row is its gamma, a vector added its beta.
struct AffinePattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp root, PatternRewriter &rewriter) const override {
    if (root.getKind() != BinaryKind::Mul && root.getKind() != BinaryKind::Add)
      return failure();
    auto match = matchRowConstant(root);
    auto norm = match ? match->operand.getDefiningOp<mcuf::LayerNormOp>() : mcuf::LayerNormOp();
    if (!norm || !norm->hasOneUse())
      return failure();
    Location location = fuseLocations({norm, root});
    Value vector = asVector(rewriter, location, match->constant, norm.getWidth());
    auto combined = [&](Value old) { return createFolded<mcuf::BinaryOp>(rewriter, location, root.getKind(), old, vector); };
    Value gamma = norm.getGamma(), beta = norm.getBeta();
    if (root.getKind() == BinaryKind::Mul) {
      gamma = gamma ? combined(gamma) : vector;
      beta = beta ? combined(beta) : Value();
    } else {
      beta = beta ? combined(beta) : vector;
    }
    Value result = rewriter.create<mcuf::LayerNormOp>(location, norm.getInput(), gamma, beta, norm.getEpsilon().convertToFloat(), norm.getCentered());
    rewriter.replaceOp(root, result);
    return success();
  }
};

class FuseLayerNorm : public impl::FuseLayerNormBase<FuseLayerNorm> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<CorePattern, AffinePattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
