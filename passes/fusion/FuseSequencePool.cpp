// Sequence pooling: the mean of all tokens by weights that softmax makes of one score a token, w . x_t + b. It is attention of one head whose
// only query is the constant w and whose keys and values are the tokens themselves; softmax does not see b, which all scores share.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/fusion/View.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSESEQUENCEPOOL
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// The value whose elements `value` shows in their order; null where it is a part of it, or in another order.
Value wholeBase(Value value, SmallVectorImpl<Operation *> &ops) {
  View view = viewOf(value, /*throughScaling=*/false);
  llvm::append_range(ops, view.ops);
  return view.isWhole() ? view.base : Value();
}

struct SequencePoolPattern : OpRewritePattern<mcuf::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::MatmulOp product, PatternRewriter &rewriter) const override {
    SmallVector<Operation *> ops{product};
    Value weights = wholeBase(product.getLhs(), ops), tokens = wholeBase(product.getRhs(), ops);
    auto softmax = weights ? weights.getDefiningOp<mcuf::SoftmaxOp>() : mcuf::SoftmaxOp();
    if (!softmax || !tokens)
      return failure();
    // One weight a token, and all of them in one softmax.
    const int64_t count = mcuf::rowCount(tokens), width = mcuf::widthOf(tokens);
    ArrayRef<int64_t> lhs = mcuf::shapeOf(product.getLhs()), rhs = mcuf::shapeOf(product.getRhs()), shape = mcuf::shapeOf(softmax);
    if (cast<RankedTensorType>(softmax.getType()).getNumElements() != count || shape[softmax.getAxis()] != count || lhs.back() != count ||
        rhs.size() < 2 || rhs.take_back(2) != ArrayRef<int64_t>{count, width} || count < 2)
      return failure();
    View scores = viewOf(softmax.getInput(), /*throughScaling=*/true);
    const double scale = std::exchange(scores.scale, 1.0);
    auto layer = scores.base.getDefiningOp<mcuf::LinearOp>();
    if (!isConstantLayer(layer) || mcuf::widthOf(layer) != 1 || !scores.isWhole() || wholeBase(layer.getInput(), ops) != tokens)
      return failure();
    llvm::append_range(ops, scores.ops);
    ops.append({softmax, layer});

    Location location = fuseLocations(ops);
    Value query = createFolded<mcuf::ReshapeOp>(rewriter, location, layer.getWeights(), ArrayRef<int64_t>{1, 1, width});
    Value pooled = rewriter.create<mcuf::AttentionOp>(location, query, tokens, tokens, 1, float(scale));
    rewriter.replaceOp(product, createFolded<mcuf::ReshapeOp>(rewriter, location, pooled, mcuf::shapeOf(product)));
    return success();
  }
};

class FuseSequencePool : public impl::FuseSequencePoolBase<FuseSequencePool> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SequencePoolPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
