// Reshapes and transpositions that undo each other go; reshapes that leave rows alone move down, past the ops that work on rows, until they
// meet their inverse.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/fusion/View.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDLAYOUT
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// What shows all elements of another value in their order is a reshape of it: two transpositions that cancel, one that only moves
/// dimensions of size 1, a reshape of a reshape.
template <class OpT> struct WholeViewPattern : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    View view = viewOf(op, /*throughScaling=*/false);
    bool isPlainReshape = isa<mcuf::ReshapeOp>(op.getOperation()) && view.ops.size() == 1;
    if (view.ops.empty() || !view.isWhole() || isPlainReshape)
      return failure();
    Value result = createFolded<mcuf::ReshapeOp>(rewriter, fuseLocations(view.ops), view.base, mcuf::shapeOf(op));
    rewriter.replaceOp(op, result);
    return success();
  }
};

bool keepsRows(mcuf::ReshapeOp reshape) {
  ArrayRef<int64_t> from = mcuf::shapeOf(reshape.getInput()), to = mcuf::shapeOf(reshape);
  return !from.empty() && !to.empty() && from.back() == to.back();
}

/// f(reshape(x)) becomes reshape(f(x)) for f of one operand that varies.
struct SinkPattern : RewritePattern {
  explicit SinkPattern(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    bool anyReshape = isa<mcuf::GeluOp, mcuf::SwishOp, mcuf::HardSwishOp, mcuf::UnaryOp>(op);
    auto matmul = dyn_cast<mcuf::MatmulOp>(op);
    bool isLayer = isa<mcuf::LinearOp>(op) || (matmul && mcuf::constantOf(matmul.getRhs()) && mcuf::shapeOf(matmul.getRhs()).size() == 2);
    if (!anyReshape && !isLayer && !isa<mcuf::LayerNormOp, mcuf::SoftmaxOp>(op))
      return failure();
    auto reshape = op->getOperand(0).getDefiningOp<mcuf::ReshapeOp>();
    if (!reshape || !(anyReshape || keepsRows(reshape)))
      return failure();
    Value source = reshape.getInput();
    IRMapping mapping;
    mapping.map(op->getOperand(0), source);
    int64_t rank = mcuf::shapeOf(source).size();
    if (auto softmax = dyn_cast<mcuf::SoftmaxOp>(op); softmax && int64_t(softmax.getAxis()) + 1 != int64_t(mcuf::shapeOf(softmax).size()))
      return failure();
    Operation *moved = rewriter.clone(*op, mapping);
    rewriter.modifyOpInPlace(moved, [&] {
      auto type = cast<RankedTensorType>(source.getType());
      moved->getResult(0).setType(isLayer ? mcuf::withWidth(source, mcuf::widthOf(op->getResult(0))) : type);
      if (auto softmax = dyn_cast<mcuf::SoftmaxOp>(moved))
        softmax.setAxis(rank - 1);
    });
    rewriter.replaceOpWithNewOp<mcuf::ReshapeOp>(op, moved->getResult(0), mcuf::shapeOf(op->getResult(0)));
    return success();
  }
};

/// The same for two operands that are reshaped alike, or one that is and a constant.
struct SinkBinaryPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    auto lhs = op.getLhs().getDefiningOp<mcuf::ReshapeOp>(), rhs = op.getRhs().getDefiningOp<mcuf::ReshapeOp>();
    auto reshape = lhs ? lhs : rhs;
    if (!reshape || reshape.getType() != op.getType().clone(cast<RankedTensorType>(reshape.getType()).getElementType()))
      return failure();
    ArrayRef<int64_t> shape = mcuf::shapeOf(reshape.getInput());
    if (shape.empty())
      return failure();
    SmallVector<Value> operands;
    for (Value operand : {op.getLhs(), op.getRhs()}) {
      if (auto other = operand.getDefiningOp<mcuf::ReshapeOp>();
          other && mcuf::shapeOf(other.getInput()) == shape && other.getType() == reshape.getType()) {
        operands.push_back(other.getInput());
        continue;
      }
      if (!mcuf::constantOf(operand))
        return failure();
      int64_t count = cast<RankedTensorType>(operand.getType()).getNumElements();
      if (count == cast<RankedTensorType>(op.getType()).getNumElements())
        operands.push_back(createFolded<mcuf::ReshapeOp>(rewriter, op.getLoc(), operand, shape));
      else if (isRowConstant(operand, mcuf::widthOf(op)) && (count == 1 || keepsRows(reshape)))
        operands.push_back(createFolded<mcuf::ReshapeOp>(rewriter, op.getLoc(), operand, ArrayRef<int64_t>(count)));
      else
        return failure();
    }
    Value moved = rewriter.create<mcuf::BinaryOp>(op.getLoc(), op.getKind(), operands[0], operands[1]);
    rewriter.replaceOpWithNewOp<mcuf::ReshapeOp>(op, moved, mcuf::shapeOf(op));
    return success();
  }
};

/// The same for a choice of columns.
struct SinkColumnsPattern : OpRewritePattern<mcuf::SliceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::SliceOp slice, PatternRewriter &rewriter) const override {
    auto reshape = slice.getInput().getDefiningOp<mcuf::ReshapeOp>();
    ArrayRef<int64_t> shape = mcuf::shapeOf(slice);
    if (!reshape || !keepsRows(reshape) || shape.drop_back() != mcuf::shapeOf(reshape).drop_back() || slice.getSteps().back() != 1)
      return failure();
    SmallVector<int64_t> sizes(mcuf::shapeOf(reshape.getInput())), starts(sizes.size(), 0), steps(sizes.size(), 1);
    starts.back() = slice.getStarts().back();
    sizes.back() = shape.back();
    Value columns = createFolded<mcuf::SliceOp>(rewriter, slice.getLoc(), reshape.getInput(), starts, sizes, steps);
    rewriter.replaceOpWithNewOp<mcuf::ReshapeOp>(slice, columns, shape);
    return success();
  }
};

/// The same for attention on the rows of a map.
struct SinkAttentionPattern : OpRewritePattern<mcuf::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::AttentionOp op, PatternRewriter &rewriter) const override {
    if (op.isRelative())
      return failure();
    SmallVector<Value> sources;
    for (Value operand : op->getOperands()) {
      auto reshape = operand.getDefiningOp<mcuf::ReshapeOp>();
      if (!reshape || !keepsRows(reshape))
        return failure();
      sources.push_back(reshape.getInput());
    }
    Value moved = rewriter.create<mcuf::AttentionOp>(op.getLoc(), sources[0], sources[1], sources[2], int64_t(op.getNumHeads()), op.getScale().convertToFloat(),
                                                     Value(), Value(), ArrayRef<int64_t>(), 0, op.getSigmoidBiasAttr(), int64_t(op.getGroups()));
    rewriter.replaceOpWithNewOp<mcuf::ReshapeOp>(op, moved, mcuf::shapeOf(op));
    return success();
  }
};

/// A reduction of a transposed tensor reduces the tensor itself along the dimensions that these were (a mean over tokens written as
/// pooling).
struct ReducePattern : OpRewritePattern<mcuf::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::ReduceOp op, PatternRewriter &rewriter) const override {
    auto transpose = op.getInput().getDefiningOp<mcuf::TransposeOp>();
    if (!transpose)
      return failure();
    SmallVector<int64_t> axes;
    for (int64_t axis : op.getAxes())
      axes.push_back(transpose.getPermutation()[axis]);
    llvm::sort(axes);
    Location location = fuseLocations({transpose, op});
    Value result = rewriter.create<mcuf::ReduceOp>(location, op.getKind(), transpose.getInput(), axes, /*keep_dims=*/true);
    result = createFolded<mcuf::TransposeOp>(rewriter, location, result, transpose.getPermutation());
    rewriter.replaceOp(op, createFolded<mcuf::ReshapeOp>(rewriter, location, result, mcuf::shapeOf(op)));
    return success();
  }
};

} // namespace

void populateFoldLayoutPatterns(RewritePatternSet &patterns) {
  patterns.add<WholeViewPattern<mcuf::ReshapeOp>, WholeViewPattern<mcuf::TransposeOp>, SinkPattern, SinkBinaryPattern, SinkColumnsPattern, SinkAttentionPattern,
               ReducePattern>(patterns.getContext());
}

namespace {

class FoldLayout : public impl::FoldLayoutBase<FoldLayout> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    populateFoldLayoutPatterns(patterns);
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
