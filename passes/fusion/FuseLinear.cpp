// Dense layers: a product with a constant matrix, and the vector added to it.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSELINEAR
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

struct MatmulPattern : OpRewritePattern<mcuf::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::MatmulOp op, PatternRewriter &rewriter) const override {
    Value weights = op.getRhs();
    ArrayRef<int64_t> shape = mcuf::shapeOf(weights);
    if (!mcuf::constantOf(weights) || mcuf::constantOf(op.getLhs()) || shape.size() < 2 ||
        llvm::any_of(shape.drop_back(2), [](int64_t size) { return size != 1; }))
      return failure();
    // Leading dimensions of the weights must not lengthen the result's shape.
    if (mcuf::shapeOf(op).size() != mcuf::shapeOf(op.getLhs()).size())
      return failure();
    Location location = op.getLoc();
    Value matrix = createFolded<mcuf::ReshapeOp>(rewriter, location, weights, shape.take_back(2));
    matrix = createFolded<mcuf::TransposeOp>(rewriter, location, matrix, ArrayRef<int64_t>{1, 0});
    rewriter.replaceOpWithNewOp<mcuf::LinearOp>(op, op.getLhs(), matrix, Value());
    return success();
  }
};

struct BiasPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp add, PatternRewriter &rewriter) const override {
    auto match = add.getKind() == mcuf::BinaryKind::Add ? matchRowConstant(add) : std::nullopt;
    auto linear = match ? match->operand.getDefiningOp<mcuf::LinearOp>() : mcuf::LinearOp();
    if (!linear || !linear->hasOneUse())
      return failure();
    Location location = fuseLocations({linear, add});
    Value bias = asVector(rewriter, location, match->constant, mcuf::widthOf(linear));
    if (linear.getBias())
      bias = createFolded<mcuf::BinaryOp>(rewriter, location, mcuf::BinaryKind::Add, linear.getBias(), bias);
    Value result = rewriter.create<mcuf::LinearOp>(location, linear.getInput(), linear.getWeights(), bias);
    rewriter.replaceOp(add, result);
    return success();
  }
};

class FuseLinear : public impl::FuseLinearBase<FuseLinear> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MatmulPattern, BiasPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
