// Widths inside of a block to even numbers, by units whose weights are zero: kernels read two activations at a time. Nothing that follows
// changes: a padded hidden unit is GELU(0) = 0, padded channels of queries and keys add 0 to a score, those of values meet zero weights.
#include "passes/Passes.h"
#include "passes/fusion/GatedUnits.h"

namespace mcuform {
#define GEN_PASS_DEF_PADWIDTHS
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

bool isOdd(int64_t number) { return number % 2 != 0; }

/// `constant` with one zero behind each of the `groups` equal parts of dimension `dim`.
Value padGroups(OpBuilder &builder, Location location, Value constant, size_t dim, int64_t groups) {
  SmallVector<int64_t> shape(mcuf::shapeOf(constant)), split(shape), zeros;
  split[dim] /= groups;
  split.insert(split.begin() + dim, groups);
  zeros = split;
  zeros[dim + 1] = 1;
  shape[dim] += groups;
  Value parts = createFolded<mcuf::ReshapeOp>(builder, location, constant, split);
  Value zero = createFolded<mcuf::BroadcastOp>(builder, location, createConstant(builder, location, 0.0f), zeros);
  Value padded = createFolded<mcuf::ConcatOp>(builder, location, ValueRange{parts, zero}, uint64_t(dim + 1));
  return createFolded<mcuf::ReshapeOp>(builder, location, padded, shape);
}

/// `linear` with a unit of zeros behind each of the `groups` equal parts of its units.
mcuf::LinearOp padUnits(PatternRewriter &rewriter, mcuf::LinearOp linear, int64_t groups) {
  rewriter.setInsertionPoint(linear);
  Location location = linear.getLoc();
  Value bias = linear.getBias() ? padGroups(rewriter, location, linear.getBias(), 0, groups) : Value();
  return rewriter.create<mcuf::LinearOp>(location, linear.getInput(), padGroups(rewriter, location, linear.getWeights(), 0, groups), bias);
}

/// Makes `layers` read `input`, which has one more channel behind each of `groups` equal parts.
void readPadded(PatternRewriter &rewriter, ArrayRef<mcuf::LinearOp> layers, Value input, int64_t groups) {
  for (mcuf::LinearOp layer : layers) {
    rewriter.setInsertionPoint(layer);
    Value weights = padGroups(rewriter, layer.getLoc(), layer.getWeights(), 1, groups);
    rewriter.replaceOpWithNewOp<mcuf::LinearOp>(layer, input, weights, layer.getBias());
  }
}

/// The hidden units between two layers, or one layer and several, with an activation or without.
struct HiddenPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp linear, PatternRewriter &rewriter) const override {
    if (!isConstantLayer(linear) || !isOdd(mcuf::widthOf(linear)))
      return failure();
    Operation *activation = linear->hasOneUse() && mcuf::isActivation(*linear->user_begin()) ? *linear->user_begin() : nullptr;
    SmallVector<mcuf::LinearOp> readers = layersReading(activation ? Value(activation->getResult(0)) : Value(linear));
    if (readers.empty())
      return failure();
    Value hidden = padUnits(rewriter, linear, 1);
    if (activation) {
      Operation *wider = rewriter.clone(*activation);
      wider->setOperand(0, hidden);
      wider->getResult(0).setType(hidden.getType());
      hidden = wider->getResult(0);
    }
    readPadded(rewriter, readers, hidden, 1);
    return success();
  }
};

/// The hidden units of a gated MLP: of the padded one both factors are 0.
struct GatedPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp product, PatternRewriter &rewriter) const override {
    auto units = isOdd(mcuf::shapeOf(product).empty() ? 0 : mcuf::widthOf(product)) ? GatedUnits::match(product) : std::nullopt;
    if (!units)
      return failure();
    auto [first, second] = units->layers;
    readPadded(rewriter, units->readers, units->of(rewriter, {padUnits(rewriter, first, 1), padUnits(rewriter, second, 1)}), 1);
    return success();
  }
};

/// The heads of an attention.
struct HeadPattern : OpRewritePattern<mcuf::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::AttentionOp attention, PatternRewriter &rewriter) const override {
    int64_t heads = attention.getNumHeads();
    bool oddKeys = isOdd(mcuf::widthOf(attention.getK()) / heads), oddValues = isOdd(mcuf::widthOf(attention.getV()) / heads);
    SmallVector<mcuf::LinearOp> readers = layersReading(attention);
    if ((!oddKeys && !oddValues) || (oddValues && readers.empty()))
      return failure();
    SmallVector<mcuf::LinearOp> layers;
    for (Value operand : {attention.getQ(), attention.getK(), attention.getV()}) {
      layers.push_back(operand.getDefiningOp<mcuf::LinearOp>());
      if (!isConstantLayer(layers.back()) || !layers.back()->hasOneUse())
        return failure();
    }
    SmallVector<Value> operands;
    for (auto [i, layer] : llvm::enumerate(layers))
      operands.push_back((i == 2 ? oddValues : oddKeys) ? padUnits(rewriter, layer, heads) : layer);
    rewriter.setInsertionPoint(attention);
    auto tableOf = [&](Value table, bool isOdd) { return table && isOdd ? padGroups(rewriter, attention.getLoc(), table, 1, 1) : table; };
    Value padded = rewriter.create<mcuf::AttentionOp>(
        attention.getLoc(), operands[0], operands[1], operands[2], heads, attention.getScale().convertToFloat(),
        tableOf(attention.getKTable(), oddKeys), tableOf(attention.getVTable(), oddValues),
        attention.getGrid().value_or(ArrayRef<int64_t>()), int64_t(attention.getFirstQuery()), attention.getSigmoidBiasAttr(),
        int64_t(attention.getGroups()));
    if (oddValues)
      readPadded(rewriter, readers, padded, heads);
    else
      rewriter.replaceOp(attention, padded);
    return success();
  }
};

class PadWidths : public impl::PadWidthsBase<PadWidths> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HiddenPattern, GatedPattern, HeadPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
