// Two dense layers with nothing in between are one; merged where that does not cost products. Low-rank chains stay as long as they are
// cheaper.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_MERGELINEAR
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

struct MergePattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp second, PatternRewriter &rewriter) const override {
    auto first = second.getInput().getDefiningOp<mcuf::LinearOp>();
    if (!first || !first->hasOneUse())
      return failure();
    for (Value parameter : {first.getWeights(), first.getBias(), second.getWeights(), second.getBias()})
      if (parameter && !mcuf::constantOf(parameter))
        return failure();
    int64_t inputs = mcuf::widthOf(first.getInput()), rank = mcuf::widthOf(first), outputs = mcuf::widthOf(second);
    if (inputs * outputs > inputs * rank + rank * outputs)
      return failure();
    Location location = fuseLocations({first, second});
    Value weights = createFolded<mcuf::MatmulOp>(rewriter, location, second.getWeights(), first.getWeights());
    Value bias = second.getBias();
    if (first.getBias()) {
      Value moved = createFolded<mcuf::MatmulOp>(rewriter, location, second.getWeights(), first.getBias());
      bias = bias ? createFolded<mcuf::BinaryOp>(rewriter, location, mcuf::BinaryKind::Add, bias, moved) : moved;
    }
    Value result = rewriter.create<mcuf::LinearOp>(location, first.getInput(), weights, bias);
    rewriter.replaceOp(second, result);
    return success();
  }
};

class MergeLinear : public impl::MergeLinearBase<MergeLinear> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<MergePattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
