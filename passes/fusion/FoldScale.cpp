// Factors that a neighbouring layer can absorb, and arithmetic that does nothing.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDSCALE
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;

/// x * 1, x / 1, x + 0, x - 0, x ^ 1.
struct IdentityPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    for (auto [kind, neutral] :
         {std::pair(BinaryKind::Mul, 1.0), {BinaryKind::Div, 1.0}, {BinaryKind::Add, 0.0}, {BinaryKind::Sub, 0.0}, {BinaryKind::Pow, 1.0}})
      if (auto match = matchScalar(op, kind); match && match->scalar == neutral) {
        rewriter.replaceOp(op, match->operand);
        return success();
      }
    return failure();
  }
};

/// operand * factor for a product or quotient with a row constant; the factor of a quotient is its reciprocal.
std::optional<WithRowConstant> matchRowScaling(mcuf::BinaryOp op, PatternRewriter &rewriter) {
  if (op.getKind() != BinaryKind::Mul && op.getKind() != BinaryKind::Div)
    return std::nullopt;
  auto match = matchRowConstant(op);
  if (match && op.getKind() == BinaryKind::Div)
    match->constant =
        createFolded<mcuf::BinaryOp>(rewriter, op.getLoc(), BinaryKind::Div, createConstant(rewriter, op.getLoc(), 1.0f), match->constant);
  return match;
}

/// A factor behind a linear layer goes into its rows of weights and its bias.
struct ScaleAfterLinearPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    Value operands[] = {op.getLhs(), op.getRhs()};
    mcuf::LinearOp linear;
    for (Value operand : operands)
      if (auto producer = operand.getDefiningOp<mcuf::LinearOp>();
          producer && producer->hasOneUse() && mcuf::constantOf(producer.getWeights()))
        linear = producer;
    auto match = linear ? matchRowScaling(op, rewriter) : std::nullopt;
    if (!match)
      return failure();
    Location location = fuseLocations({linear, op});
    int64_t units = mcuf::widthOf(linear);
    Value factor = asVector(rewriter, location, match->constant, units);
    Value column = createFolded<mcuf::ReshapeOp>(rewriter, location, factor, ArrayRef<int64_t>{units, 1});
    Value weights = createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Mul, linear.getWeights(), column);
    Value bias = linear.getBias() ? createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Mul, linear.getBias(), factor) : Value();
    Value result = rewriter.create<mcuf::LinearOp>(location, linear.getInput(), weights, bias);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A factor in front of a linear layer goes into the columns of its weights.
struct ScaleBeforeLinearPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp linear, PatternRewriter &rewriter) const override {
    auto scaling = linear.getInput().getDefiningOp<mcuf::BinaryOp>();
    auto match = scaling && mcuf::constantOf(linear.getWeights()) ? matchRowScaling(scaling, rewriter) : std::nullopt;
    if (!match)
      return failure();
    Location location = fuseLocations({scaling, linear});
    Value factor = asVector(rewriter, location, match->constant, mcuf::widthOf(scaling));
    Value weights = createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Mul, linear.getWeights(), factor);
    Value result = rewriter.create<mcuf::LinearOp>(location, match->operand, weights, linear.getBias());
    rewriter.replaceOp(linear, result);
    return success();
  }
};

/// (x * a) * b is x * ab.
struct ScaleTwicePattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    auto outer = matchScaling(op);
    auto inner = outer ? matchScaling(outer->operand) : std::nullopt;
    if (!inner || !outer->operand.hasOneUse())
      return failure();
    Location location = fuseLocations({outer->operand.getDefiningOp(), op});
    Value factor = createConstant(rewriter, location, float(outer->scalar * inner->scalar));
    Value result = rewriter.create<mcuf::BinaryOp>(location, BinaryKind::Mul, inner->operand, factor);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// (f(x) + g(y)) * a is f(x) * a + g(y) * a where both are linear layers that can take it: the mean of two heads.
struct ScaleOfSumPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    auto scaling = matchScaling(op);
    auto sum = scaling ? binaryOf(scaling->operand, BinaryKind::Add) : mcuf::BinaryOp();
    auto isLayer = [&](Value value) {
      return value.getDefiningOp<mcuf::LinearOp>() && value.hasOneUse() && value.getType() == op.getType();
    };
    if (!sum || !sum->hasOneUse() || !isLayer(sum.getLhs()) || !isLayer(sum.getRhs()))
      return failure();
    Value factor = createConstant(rewriter, op.getLoc(), float(scaling->scalar));
    Value lhs = rewriter.create<mcuf::BinaryOp>(op.getLoc(), BinaryKind::Mul, sum.getLhs(), factor);
    Value rhs = rewriter.create<mcuf::BinaryOp>(op.getLoc(), BinaryKind::Mul, sum.getRhs(), factor);
    Value result = rewriter.create<mcuf::BinaryOp>(fuseLocations({sum, op}), BinaryKind::Add, lhs, rhs);
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A factor or addend per channel behind a convolution, as batch normalization leaves it.
struct AffineAfterConvPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::Mul && op.getKind() != BinaryKind::Add)
      return failure();
    for (auto [operand, constant] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      auto conv = operand.getDefiningOp<mcuf::ConvOp>();
      if (!conv || !conv->hasOneUse() || !mcuf::constantOf(conv.getWeights()) || (conv.getBias() && !mcuf::constantOf(conv.getBias())))
        continue;
      int64_t channels = mcuf::shapeOf(conv)[1];
      ArrayRef<int64_t> shape = mcuf::shapeOf(constant);
      bool perChannel =
          shape.size() >= 3 && shape.take_back(3) == ArrayRef<int64_t>{channels, 1, 1} && (shape.size() == 3 || shape.front() == 1);
      if (!mcuf::constantOf(constant) || !perChannel || operand.getType() != op.getType())
        continue;
      Location location = fuseLocations({conv, op});
      Value vector = createFolded<mcuf::ReshapeOp>(rewriter, location, constant, ArrayRef<int64_t>(channels));
      Value weights = conv.getWeights(), bias = conv.getBias();
      if (op.getKind() == BinaryKind::Mul) {
        Value rows = createFolded<mcuf::ReshapeOp>(rewriter, location, vector, ArrayRef<int64_t>{channels, 1, 1, 1});
        weights = createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Mul, weights, rows);
        bias = bias ? createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Mul, bias, vector) : Value();
      } else {
        bias = bias ? createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Add, bias, vector) : vector;
      }
      Value result = rewriter.create<mcuf::ConvOp>(location, conv.getInput(), weights, bias, conv.getStrides(), conv.getPads(),
                                                   conv.getDilations(), conv.getGroups());
      rewriter.replaceOp(op, result);
      return success();
    }
    return failure();
  }
};

class FoldScale : public impl::FoldScaleBase<FoldScale> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<IdentityPattern>(&getContext(), /*benefit=*/2);
    patterns.add<ScaleAfterLinearPattern, ScaleBeforeLinearPattern, ScaleTwicePattern, ScaleOfSumPattern, AffineAfterConvPattern>(
        &getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
