// Convolutional networks on rows of channels: a map [1, channels, height, width] becomes [1, height, width, channels], a convolution a
// linear layer on the rows of its windows, or on the map's own rows where a window is a pixel.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSECONV
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

constexpr int64_t kToRows[] = {0, 2, 3, 1}, kToPlanes[] = {0, 3, 1, 2};

/// The map of which `value` shows the planes, null for any other value.
Value rowsOfPlanes(Value value) {
  auto transpose = value.getDefiningOp<mcuf::TransposeOp>();
  return transpose && transpose.getPermutation() == ArrayRef(kToPlanes) ? transpose.getInput() : Value();
}

Value createPlanes(PatternRewriter &rewriter, Location location, Value rows) {
  return createFolded<mcuf::TransposeOp>(rewriter, location, rows, ArrayRef(kToPlanes));
}

/// `weights` [units, depth] with a last column of zeros where the depth is odd.
Value padDepth(PatternRewriter &rewriter, Location location, Value weights) {
  ArrayRef<int64_t> shape = mcuf::shapeOf(weights);
  if (shape[1] % 2 == 0)
    return weights;
  Value zeros =
      createFolded<mcuf::BroadcastOp>(rewriter, location, createConstant(rewriter, location, 0.0f), ArrayRef<int64_t>{shape[0], 1});
  return createFolded<mcuf::ConcatOp>(rewriter, location, ValueRange{weights, zeros}, uint64_t(1));
}

/// A convolution with constant weights, of one group or of one for each channel.
struct ConvPattern : OpRewritePattern<mcuf::ConvOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::ConvOp conv, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> weights = mcuf::shapeOf(conv.getWeights()), input = mcuf::shapeOf(conv.getInput());
    const bool isDepthwise = conv.getGroups() != 1;
    if (!mcuf::constantOf(conv.getWeights()) || (conv.getBias() && !mcuf::constantOf(conv.getBias())) || input[0] != 1 ||
        llvm::any_of(conv.getDilations(), [](int64_t dilation) { return dilation != 1; }) ||
        (isDepthwise && (int64_t(conv.getGroups()) != weights[0] || weights[1] != 1 || weights[0] != input[1])))
      return failure();
    const SmallVector<int64_t> map{1, input[2], input[3], input[1]}, kernel(weights.drop_front(2));
    auto grid = mcuf::WindowGrid::of(map, kernel, conv.getStrides(), conv.getPads());
    if (!grid)
      return failure();
    Location location = conv.getLoc();
    Value rows = createFolded<mcuf::TransposeOp>(rewriter, location, conv.getInput(), ArrayRef(kToRows));
    Value result = isDepthwise ? depthwise(conv, rows, rewriter) : dense(conv, rows, *grid, rewriter);
    rewriter.replaceOp(conv, createPlanes(rewriter, location, result));
    return success();
  }

private:
  static Value depthwise(mcuf::ConvOp conv, Value rows, PatternRewriter &rewriter) {
    Location location = conv.getLoc();
    ArrayRef<int64_t> shape = mcuf::shapeOf(conv.getWeights());
    Value weights = createFolded<mcuf::TransposeOp>(rewriter, location, conv.getWeights(), ArrayRef<int64_t>{2, 3, 0, 1});
    weights = createFolded<mcuf::ReshapeOp>(rewriter, location, weights, ArrayRef<int64_t>{shape[2], shape[3], shape[0]});
    Value bias = conv.getBias();
    if (!bias)
      bias = createFolded<mcuf::BroadcastOp>(rewriter, location, createConstant(rewriter, location, 0.0f), ArrayRef<int64_t>(shape[0]));
    return rewriter.create<mcuf::DepthwiseOp>(location, rows, weights, bias, conv.getStrides(), conv.getPads());
  }

  static Value dense(mcuf::ConvOp conv, Value rows, const mcuf::WindowGrid &grid, PatternRewriter &rewriter) {
    Location location = conv.getLoc();
    const int64_t units = mcuf::shapeOf(conv.getWeights())[0], taps = grid.taps() * grid.channels;
    Value weights = createFolded<mcuf::TransposeOp>(rewriter, location, conv.getWeights(), ArrayRef(kToRows));
    weights = createFolded<mcuf::ReshapeOp>(rewriter, location, weights, ArrayRef<int64_t>{units, taps});
    const bool isPixel = grid.taps() == 1 && grid.strideY == 1 && grid.strideX == 1;
    if (!isPixel || taps % 2 || isa<BlockArgument>(conv.getInput())) {
      rows = rewriter.create<mcuf::WindowsOp>(location, rows, ArrayRef<int64_t>{grid.kernelHeight, grid.kernelWidth}, conv.getStrides(),
                                              conv.getPads());
      weights = padDepth(rewriter, location, weights);
    }
    return rewriter.create<mcuf::LinearOp>(location, rows, weights, conv.getBias());
  }
};

/// A pool of the whole map is a mean over its rows; the largest value of all rows is a pool of the whole map.
struct WholePoolPattern : OpRewritePattern<mcuf::PoolOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::PoolOp pool, PatternRewriter &rewriter) const override {
    if (pool.getKind() != mcuf::ReduceKind::Mean || pool.getKernel() != mcuf::shapeOf(pool.getInput()).slice(1, 2) ||
        mcuf::rowCount(pool) != 1 || llvm::any_of(pool.getPads(), [](int64_t pad) { return pad != 0; }))
      return failure();
    rewriter.replaceOpWithNewOp<mcuf::ReduceOp>(pool, mcuf::ReduceKind::Mean, pool.getInput(), ArrayRef<int64_t>{1, 2}, true);
    return success();
  }
};

struct GlobalMaxPattern : OpRewritePattern<mcuf::ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::ReduceOp reduce, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> shape = mcuf::shapeOf(reduce.getInput());
    if (reduce.getKind() != mcuf::ReduceKind::Max || shape.size() != 4 || shape[0] != 1 || reduce.getAxes() != ArrayRef<int64_t>{1, 2})
      return failure();
    Value pool = rewriter.create<mcuf::PoolOp>(reduce.getLoc(), mcuf::ReduceKind::Max, reduce.getInput(), shape.slice(1, 2),
                                               ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, 0, 0, 0}, false);
    rewriter.replaceOp(reduce, createFolded<mcuf::ReshapeOp>(rewriter, reduce.getLoc(), pool, mcuf::shapeOf(reduce)));
    return success();
  }
};

/// f(planes) is the planes of f(rows) for what works on elements.
struct SinkPlanesPattern : RewritePattern {
  explicit SinkPlanesPattern(MLIRContext *context) : RewritePattern(MatchAnyOpTypeTag(), 1, context) {}

  LogicalResult matchAndRewrite(Operation *op, PatternRewriter &rewriter) const override {
    if (!isa<mcuf::UnaryOp, mcuf::BinaryOp, mcuf::GeluOp, mcuf::SwishOp, mcuf::HardSwishOp, mcuf::ClippedReluOp>(op))
      return failure();
    IRMapping mapping;
    Type type;
    for (Value operand : op->getOperands()) {
      Value rows = rowsOfPlanes(operand);
      if (!rows && !constantSplat(operand))
        return failure();
      if (rows)
        type = rows.getType();
      mapping.map(operand, rows ? rows : operand);
    }
    auto planes = cast<RankedTensorType>(op->getResult(0).getType());
    if (!type || planes.getRank() != 4 || cast<RankedTensorType>(type).getNumElements() != planes.getNumElements())
      return failure();
    for (Value operand : op->getOperands())
      if (!rowsOfPlanes(operand) && mcuf::shapeOf(operand) != ArrayRef<int64_t>() &&
          cast<RankedTensorType>(operand.getType()).getNumElements() != 1)
        return failure();
    Operation *moved = rewriter.clone(*op, mapping);
    rewriter.modifyOpInPlace(moved, [&] { moved->getResult(0).setType(cast<RankedTensorType>(type).clone(planes.getElementType())); });
    rewriter.replaceOp(op, createPlanes(rewriter, op->getLoc(), moved->getResult(0)));
    return success();
  }
};

/// Channels of several maps side by side are columns of their rows.
struct ConcatPattern : OpRewritePattern<mcuf::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::ConcatOp concat, PatternRewriter &rewriter) const override {
    if (concat.getAxis() != 1 || mcuf::shapeOf(concat).size() != 4)
      return failure();
    SmallVector<Value> maps;
    for (Value input : concat.getInputs())
      if (maps.push_back(rowsOfPlanes(input)); !maps.back())
        return failure();
    Value rows = rewriter.create<mcuf::ConcatOp>(concat.getLoc(), maps, uint64_t(3));
    rewriter.replaceOp(concat, createPlanes(rewriter, concat.getLoc(), rows));
    return success();
  }
};

/// min(max(x, 0), c), in either order, as Clip leaves it; max(x, 0) alone is relu.
struct ClipPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp op, PatternRewriter &rewriter) const override {
    if (auto zero = matchScalar(op, BinaryKind::Max); zero && zero->scalar == 0) {
      if (auto limit = matchScalar(zero->operand, BinaryKind::Min); limit && limit->scalar > 0)
        return clip(op, {zero->operand.getDefiningOp(), op}, limit->operand, limit->scalar, rewriter);
      rewriter.replaceOpWithNewOp<mcuf::UnaryOp>(op, UnaryKind::Relu, zero->operand);
      return success();
    }
    auto limit = matchScalar(op, BinaryKind::Min);
    auto relu = limit && limit->scalar > 0 ? unaryOf(limit->operand, UnaryKind::Relu) : mcuf::UnaryOp();
    return relu ? clip(op, {relu, op}, relu.getInput(), limit->scalar, rewriter) : failure();
  }

private:
  static LogicalResult clip(mcuf::BinaryOp op, ArrayRef<Operation *> ops, Value x, double limit, PatternRewriter &rewriter) {
    Value result = rewriter.create<mcuf::ClippedReluOp>(fuseLocations(ops), x, rewriter.getF32FloatAttr(float(limit)));
    rewriter.replaceOp(op, result);
    return success();
  }
};

/// A dense layer on all of a map, flattened plane by plane, is one on the map's only window.
struct FlattenPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp linear, PatternRewriter &rewriter) const override {
    auto reshape = linear.getInput().getDefiningOp<mcuf::ReshapeOp>();
    Value rows = reshape ? rowsOfPlanes(reshape.getInput()) : Value();
    if (!rows || mcuf::rowCount(reshape) != 1 || !mcuf::constantOf(linear.getWeights()))
      return failure();
    ArrayRef<int64_t> map = mcuf::shapeOf(rows);
    Location location = fuseLocations({reshape, linear});
    const int64_t units = mcuf::widthOf(linear), depth = mcuf::widthOf(reshape);
    Value weights =
        createFolded<mcuf::ReshapeOp>(rewriter, location, linear.getWeights(), ArrayRef<int64_t>{units, map[3], map[1], map[2]});
    weights = createFolded<mcuf::TransposeOp>(rewriter, location, weights, ArrayRef(kToRows));
    weights = padDepth(rewriter, location, createFolded<mcuf::ReshapeOp>(rewriter, location, weights, ArrayRef<int64_t>{units, depth}));
    Value window =
        rewriter.create<mcuf::WindowsOp>(location, rows, map.slice(1, 2), ArrayRef<int64_t>{1, 1}, ArrayRef<int64_t>{0, 0, 0, 0});
    Value result = rewriter.create<mcuf::LinearOp>(location, window, weights, linear.getBias());
    rewriter.replaceOp(linear, createFolded<mcuf::ReshapeOp>(rewriter, location, result, mcuf::shapeOf(linear)));
    return success();
  }
};

class FuseConv : public impl::FuseConvBase<FuseConv> {
public:
  void runOnOperation() override {
    RewritePatternSet clip(&getContext());
    clip.add<ClipPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(clip))))
      return signalPassFailure();
    // Where there is no map, transpositions are those of attention.
    bool hasMaps = false;
    getOperation().walk([&](Operation *op) { hasMaps |= isa<mcuf::ConvOp, mcuf::PoolOp>(op); });
    if (!hasMaps)
      return;
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvPattern, WholePoolPattern, GlobalMaxPattern, SinkPlanesPattern, ConcatPattern, FlattenPattern>(&getContext());
    populateFoldLayoutPatterns(patterns);
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
