// Zeros put around a map, as F.pad and ZeroPad2d leave them, are the padding of the convolutions that read it.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDPAD
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

struct ConvPattern : OpRewritePattern<mcuf::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::ConvOp conv, PatternRewriter &rewriter) const override {
    auto concat = conv.getInput().getDefiningOp<mcuf::ConcatOp>();
    if (!concat || concat.getAxis() < 2)
      return failure();
    // Above or left of the map and below or right of it.
    int64_t zeros[2] = {0, 0};
    Value map;
    for (Value part : concat.getInputs()) {
      if (constantSplat(part) == 0.0)
        zeros[map ? 1 : 0] += mcuf::shapeOf(part)[size_t(concat.getAxis())];
      else if (map)
        return failure();
      else
        map = part;
    }
    if (!map)
      return failure();
    SmallVector<int64_t> pads(conv.getPads());
    const size_t dimension = size_t(concat.getAxis()) - 2;
    pads[dimension] += zeros[0];
    pads[dimension + 2] += zeros[1];
    Value padded = rewriter.create<mcuf::ConvOp>(fuseLocations({concat, conv}), map, conv.getWeights(), conv.getBias(), conv.getStrides(), pads,
                                                 conv.getDilations(), conv.getGroups());
    rewriter.replaceOp(conv, padded);
    return success();
  }
};

class FoldPad : public impl::FoldPadBase<FoldPad> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
