// A dense layer of which only parts of the columns are used, each by its own op, becomes one layer for each part: q, k and v of a common
// layer.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/support/FileRange.h"

namespace mcuform {
#define GEN_PASS_DEF_SPLITLINEAR
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// Whether `op` takes whole rows of some of its input's columns, in any order.
bool takesColumns(Operation *op) {
  if (auto slice = dyn_cast<mcuf::SliceOp>(op)) {
    ArrayRef<int64_t> input = mcuf::shapeOf(slice.getInput()), result = mcuf::shapeOf(slice);
    auto isOne = [](int64_t step) { return step == 1; };
    return input.drop_back() == result.drop_back() && llvm::all_of(slice.getSteps().drop_back(), isOne);
  }
  auto gather = dyn_cast<mcuf::GatherOp>(op);
  return gather && int64_t(gather.getAxis()) + 1 == int64_t(mcuf::shapeOf(gather.getInput()).size()) &&
         mcuf::constantOf(gather.getIndices()) && mcuf::shapeOf(gather.getIndices()).size() == 1;
}

/// What `op` takes from the columns, taken from the first dimension of `parameters`.
Value takeRows(PatternRewriter &rewriter, Location location, Operation *op, Value parameters) {
  if (auto gather = dyn_cast<mcuf::GatherOp>(op))
    return createFolded<mcuf::GatherOp>(rewriter, location, parameters, gather.getIndices(), uint64_t(0));
  auto slice = cast<mcuf::SliceOp>(op);
  SmallVector<int64_t> starts(mcuf::shapeOf(parameters).size(), 0), sizes(mcuf::shapeOf(parameters)), steps(starts.size(), 1);
  starts[0] = slice.getStarts().back();
  sizes[0] = slice.getSizes().back();
  steps[0] = slice.getSteps().back();
  return createFolded<mcuf::SliceOp>(rewriter, location, parameters, starts, sizes, steps);
}

struct SplitPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp linear, PatternRewriter &rewriter) const override {
    bool isConstant = mcuf::constantOf(linear.getWeights()) && (!linear.getBias() || mcuf::constantOf(linear.getBias()));
    if (!isConstant || linear->use_empty() || !llvm::all_of(linear->getUsers(), takesColumns))
      return failure();
    // In program order, so that the result does not depend on the order of uses.
    SmallVector<Operation *> users(linear->getUsers());
    llvm::sort(users, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    rewriter.setInsertionPoint(linear);
    for (Operation *user : users) {
      Location location = fuseLocations({linear.getOperation()});
      Value weights = takeRows(rewriter, location, user, linear.getWeights());
      Value bias = linear.getBias() ? takeRows(rewriter, location, user, linear.getBias()) : Value();
      auto part = rewriter.create<mcuf::LinearOp>(location, linear.getInput(), weights, bias);
      inheritFileRange(user, part);
      inheritFileRange(linear, part);
      rewriter.replaceOp(user, part);
    }
    return success();
  }
};

class SplitLinear : public impl::SplitLinearBase<SplitLinear> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
