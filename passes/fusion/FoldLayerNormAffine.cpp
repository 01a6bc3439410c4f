// gamma and beta of a layer normalization go into the dense layers behind it, where the integer arithmetic wants them: W (gamma * y + beta)
// + b is (W * gamma) y + (W beta + b).
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/support/FileRange.h"

#include "llvm/ADT/SetVector.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDLAYERNORMAFFINE
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// Whether gamma * y + beta commutes with the op: it picks, averages or regroups whole rows.
bool keepsAffine(Operation *op) {
  if (!isa<mcuf::PermuteRowsOp, mcuf::SliceOp, mcuf::ReshapeOp, mcuf::ReduceOp>(op))
    return false;
  ArrayRef<int64_t> from = mcuf::shapeOf(op->getOperand(0)), to = mcuf::shapeOf(op->getResult(0));
  if (from.empty() || to.empty() || from.back() != to.back())
    return false;
  if (auto slice = dyn_cast<mcuf::SliceOp>(op))
    return slice.getSteps().back() == 1;
  if (auto reduce = dyn_cast<mcuf::ReduceOp>(op))
    return reduce.getKind() == mcuf::ReduceKind::Mean && !llvm::is_contained(reduce.getAxes(), int64_t(from.size()) - 1);
  return true;
}

/// Whether `op` is sequence pooling of `tokens`: the scores of gamma * y + beta are those of y with the query times gamma but for what all
/// of them share, and the mean of gamma * y + beta is gamma times that of y plus beta, whatever the weights.
bool isPoolOf(mcuf::AttentionOp op, Value tokens) {
  return op.getK() == tokens && op.getV() == tokens && op.getNumHeads() == 1 && mcuf::constantOf(op.getQ()) && !op.isRelative() &&
         !op.getSigmoidBias();
}

/// Where a normalization ends.
struct Ends {
  SmallVector<mcuf::LinearOp> linears;
  llvm::SetVector<Operation *> pools;
};

/// Collects the layers that `value` ends in, and sequence pooling on the way; false where it ends in anything else.
bool collectEnds(Value value, Ends &ends) {
  if (value.use_empty())
    return false;
  for (OpOperand &use : value.getUses()) {
    Operation *user = use.getOwner();
    if (auto linear = dyn_cast<mcuf::LinearOp>(user)) {
      if (use.getOperandNumber() != 0 || !mcuf::constantOf(linear.getWeights()) ||
          (linear.getBias() && !mcuf::constantOf(linear.getBias())))
        return false;
      ends.linears.push_back(linear);
    } else if (auto attention = dyn_cast<mcuf::AttentionOp>(user); attention && isPoolOf(attention, value)) {
      if (ends.pools.insert(user) && !collectEnds(attention, ends))
        return false;
    } else if (!keepsAffine(user) || !collectEnds(user->getResult(0), ends)) {
      return false;
    }
  }
  return true;
}

struct AffinePattern : OpRewritePattern<mcuf::LayerNormOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LayerNormOp norm, PatternRewriter &rewriter) const override {
    Value gamma = norm.getGamma(), beta = norm.getBeta();
    Ends ends;
    if ((!gamma && !beta) || (gamma && !mcuf::constantOf(gamma)) || (beta && !mcuf::constantOf(beta)) || !collectEnds(norm, ends))
      return failure();
    for (mcuf::LinearOp linear : ends.linears) {
      rewriter.setInsertionPoint(linear);
      Location location = linear.getLoc();
      Value weights = linear.getWeights(), bias = linear.getBias();
      if (beta) {
        Value moved = createFolded<mcuf::MatmulOp>(rewriter, location, weights, beta);
        bias = bias ? createFolded<mcuf::BinaryOp>(rewriter, location, mcuf::BinaryKind::Add, bias, moved) : moved;
      }
      if (gamma)
        weights = createFolded<mcuf::BinaryOp>(rewriter, location, mcuf::BinaryKind::Mul, weights, gamma);
      rewriter.replaceOpWithNewOp<mcuf::LinearOp>(linear, linear.getInput(), weights, bias);
    }
    for (Operation *op : ends.pools) {
      if (!gamma)
        break;
      auto pool = cast<mcuf::AttentionOp>(op);
      rewriter.setInsertionPoint(pool);
      Value query = createFolded<mcuf::BinaryOp>(rewriter, pool.getLoc(), mcuf::BinaryKind::Mul, pool.getQ(), gamma);
      rewriter.modifyOpInPlace(pool, [&] { pool.getQMutable().assign(query); });
    }
    rewriter.setInsertionPoint(norm);
    norm->removeAttr(kFileRangeAttr); // of what gamma and beta made
    rewriter.replaceOpWithNewOp<mcuf::LayerNormOp>(norm, norm.getInput(), Value(), Value(), norm.getEpsilon().convertToFloat(), norm.getCentered());
    return success();
  }
};

class FoldLayerNormAffine : public impl::FoldLayerNormAffineBase<FoldLayerNormAffine> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AffinePattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
