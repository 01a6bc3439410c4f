// Units that need not be computed go: those that nobody reads, and those whose value is the same for all inputs, which the biases behind
// them take up. Pruned networks are full of them, trained ones have a few.
#include "compiler/reference/HostTensor.h"
#include "passes/Passes.h"
#include "passes/fusion/GatedUnits.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDDEADUNITS
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using Flags = std::vector<char>;

/// For each of the vectors along dimension `dim` of a constant matrix, or the elements of a vector: whether it is all zero.
Flags zerosAlong(Value constant, size_t dim) {
  const HostTensor tensor = toHostTensor(mcuf::constantOf(constant)).value();
  const int64_t count = tensor.shape()[dim], inner = dim == 0 ? tensor.size() / std::max<int64_t>(count, 1) : 1;
  Flags zero(size_t(count), 1);
  for (int64_t i = 0; i < tensor.size(); ++i)
    if (tensor.data<float>()[i] != 0)
      zero[size_t(i / inner % count)] = 0;
  return zero;
}

/// Units of a layer that are the same for all inputs: their bias, or 0.
Flags constantUnits(mcuf::LinearOp layer) { return zerosAlong(layer.getWeights(), 0); }

Flags zeroUnits(mcuf::LinearOp layer) {
  Flags zero = constantUnits(layer);
  if (layer.getBias())
    for (auto [unit, bias] : llvm::zip_equal(zero, zerosAlong(layer.getBias(), 0)))
      unit &= bias;
  return zero;
}

/// Channels that none of the layers has a weight for.
Flags unreadChannels(ArrayRef<mcuf::LinearOp> readers) {
  Flags unread;
  for (mcuf::LinearOp reader : readers) {
    Flags here = zerosAlong(reader.getWeights(), 1);
    for (size_t channel = 0; channel < unread.size(); ++channel)
      here[channel] &= unread[channel];
    unread = std::move(here);
  }
  return unread;
}

Value taken(OpBuilder &builder, Location location, Value constant, ArrayRef<int64_t> indices, uint64_t axis) {
  return createFolded<mcuf::GatherOp>(builder, location, constant, createConstant(builder, location, indices), axis);
}

mcuf::LinearOp withUnits(PatternRewriter &rewriter, mcuf::LinearOp layer, ArrayRef<int64_t> units) {
  rewriter.setInsertionPoint(layer);
  Location location = layer.getLoc();
  Value bias = layer.getBias() ? taken(rewriter, location, layer.getBias(), units, 0) : Value();
  return rewriter.create<mcuf::LinearOp>(location, layer.getInput(), taken(rewriter, location, layer.getWeights(), units, 0), bias);
}

/// The biases of some units, as a vector.
Value biasesOf(OpBuilder &builder, mcuf::LinearOp layer, ArrayRef<int64_t> units) {
  if (layer.getBias())
    return taken(builder, layer.getLoc(), layer.getBias(), units, 0);
  Value zero = createConstant(builder, layer.getLoc(), 0.0f);
  return createFolded<mcuf::BroadcastOp>(builder, layer.getLoc(), zero, ArrayRef<int64_t>(int64_t(units.size())));
}

/// Which of a layer's channels stay, and whose constant values, `constants`, the readers' biases take up. Channels in neither are unread.
struct Split {
  SmallVector<int64_t> kept, folded;
};

/// Makes `readers` read `input`, which has the kept channels alone.
void readKept(PatternRewriter &rewriter, ArrayRef<mcuf::LinearOp> readers, Value input, const Split &split, Value constants) {
  for (mcuf::LinearOp reader : readers) {
    rewriter.setInsertionPoint(reader);
    Location location = reader.getLoc();
    Value bias = reader.getBias();
    if (constants) {
      Value weights = taken(rewriter, location, reader.getWeights(), split.folded, 1);
      Value moved = createFolded<mcuf::MatmulOp>(rewriter, location, weights, constants);
      bias = bias ? createFolded<mcuf::BinaryOp>(rewriter, location, mcuf::BinaryKind::Add, bias, moved) : moved;
    }
    rewriter.replaceOpWithNewOp<mcuf::LinearOp>(reader, input, taken(rewriter, location, reader.getWeights(), split.kept, 1), bias);
  }
}

/// The hidden units between a layer and one or several others, with an activation or without. One stays in any case, since no layer has
/// none.
struct HiddenPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp layer, PatternRewriter &rewriter) const override {
    if (!isConstantLayer(layer))
      return failure();
    Operation *activation = layer->hasOneUse() && mcuf::isActivation(*layer->user_begin()) ? *layer->user_begin() : nullptr;
    SmallVector<mcuf::LinearOp> readers = layersReading(activation ? Value(activation->getResult(0)) : Value(layer));
    if (readers.empty())
      return failure();
    const Flags isConstant = constantUnits(layer), isUnread = unreadChannels(readers);
    Split split;
    for (size_t unit = 0; unit < isConstant.size(); ++unit)
      if (!isConstant[unit] && !isUnread[unit])
        split.kept.push_back(int64_t(unit));
    if (split.kept.empty())
      split.kept.push_back(0);
    if (split.kept.size() == isConstant.size())
      return failure();
    for (size_t unit = 0; unit < isConstant.size(); ++unit)
      if (isConstant[unit] && !isUnread[unit] && int64_t(unit) != split.kept.front())
        split.folded.push_back(int64_t(unit));

    auto activated = [&](Value rows) {
      if (!activation)
        return rows;
      OperationState state(activation->getLoc(), activation->getName(), rows, TypeRange(), activation->getAttrs());
      return createFolded(rewriter, state);
    };
    Value hidden = withUnits(rewriter, layer, split.kept);
    Value constants = split.folded.empty() ? Value() : activated(biasesOf(rewriter, layer, split.folded));
    readKept(rewriter, readers, activated(hidden), split, constants);
    return success();
  }
};

/// The hidden units of a gated MLP: one is dead where either factor is 0 for all inputs, or where nobody reads the product.
struct GatedPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp product, PatternRewriter &rewriter) const override {
    auto units = GatedUnits::match(product);
    if (!units)
      return failure();
    // The activations are 0 at 0.
    const Flags first = zeroUnits(units->layers[0]), second = zeroUnits(units->layers[1]), isUnread = unreadChannels(units->readers);
    Split split;
    for (size_t unit = 0; unit < first.size(); ++unit)
      if (!first[unit] && !second[unit] && !isUnread[unit])
        split.kept.push_back(int64_t(unit));
    if (split.kept.empty())
      split.kept.push_back(0);
    if (split.kept.size() == first.size())
      return failure();
    auto kept = [&](size_t side) { return withUnits(rewriter, units->layers[side], split.kept); };
    readKept(rewriter, units->readers, units->of(rewriter, {kept(0), kept(1)}), split, Value());
    return success();
  }
};

/// Channels of an attention's heads. All heads have the same width, so it is the fullest that decides; heads without a value go as a whole.
struct HeadPattern : OpRewritePattern<mcuf::AttentionOp> {
  using OpRewritePattern::OpRewritePattern;

  /// The columns that stay: of each head those that `dead` does not name, and as many others as the fullest head has more.
  static SmallVector<int64_t> columnsOf(ArrayRef<int64_t> heads, size_t width, const Flags &dead) {
    size_t fullest = 1;
    for (int64_t head : heads)
      fullest = std::max(fullest, size_t(std::count(&dead[size_t(head) * width], &dead[size_t(head) * width] + width, 0)));
    SmallVector<int64_t> columns;
    for (int64_t head : heads) {
      size_t spare = fullest - size_t(std::count(&dead[size_t(head) * width], &dead[size_t(head) * width] + width, 0));
      for (size_t column = size_t(head) * width; column < size_t(head + 1) * width; ++column)
        if (!dead[column] || spare)
          columns.push_back(int64_t(column)), spare -= dead[column];
    }
    return columns;
  }

  LogicalResult matchAndRewrite(mcuf::AttentionOp attention, PatternRewriter &rewriter) const override {
    auto layerOf = [](Value value) {
      auto layer = value.getDefiningOp<mcuf::LinearOp>();
      return layer && layer->hasOneUse() && isConstantLayer(layer) ? layer : mcuf::LinearOp();
    };
    mcuf::LinearOp queries = layerOf(attention.getQ()), keys = layerOf(attention.getK()), values = layerOf(attention.getV());
    SmallVector<mcuf::LinearOp> readers = layersReading(attention);
    // Tables of relative positions are of the heads' width, and part of what all tokens share; sigmoids see what all tokens share.
    if (!queries || !keys || !values || readers.empty() || attention.isRelative() || attention.getSigmoidBias())
      return failure();
    // Probabilities add up to 1: where all tokens have the same value, it is the context's.
    const Flags isConstant = constantUnits(values), isUnread = unreadChannels(readers);
    Flags deadValue = isConstant;
    for (auto [dead, unread] : llvm::zip_equal(deadValue, isUnread))
      dead |= unread;
    // A key channel that all tokens share adds the same to all scores of a row, which softmax does not see; one of queries only counts
    // where it is not 0.
    Flags deadKey = constantUnits(keys);
    for (auto [dead, zero] : llvm::zip_equal(deadKey, zeroUnits(queries)))
      dead |= zero;

    const int64_t heads = attention.getNumHeads();
    const size_t keyWidth = deadKey.size() / size_t(heads), valueWidth = deadValue.size() / size_t(heads);
    SmallVector<int64_t> keptHeads;
    for (int64_t head = 0; head < heads; ++head)
      if (std::count(&deadValue[size_t(head) * valueWidth], &deadValue[size_t(head) * valueWidth] + valueWidth, 0))
        keptHeads.push_back(head);
    if (keptHeads.empty())
      keptHeads.push_back(0);
    const SmallVector<int64_t> keyColumns = columnsOf(keptHeads, keyWidth, deadKey);
    Split split;
    split.kept = columnsOf(keptHeads, valueWidth, deadValue);
    if (keyColumns.size() == deadKey.size() && split.kept.size() == deadValue.size())
      return failure();
    for (size_t column = 0; column < deadValue.size(); ++column)
      if (isConstant[column] && !isUnread[column] && !llvm::is_contained(split.kept, int64_t(column)))
        split.folded.push_back(int64_t(column));

    rewriter.setInsertionPoint(attention);
    Value constants = split.folded.empty() ? Value() : biasesOf(rewriter, values, split.folded);
    Value q = withUnits(rewriter, queries, keyColumns), k = withUnits(rewriter, keys, keyColumns);
    Value v = withUnits(rewriter, values, split.kept);
    rewriter.setInsertionPoint(attention);
    Value context =
        rewriter.create<mcuf::AttentionOp>(attention.getLoc(), q, k, v, int64_t(keptHeads.size()), attention.getScale().convertToFloat(), Value(), Value(),
                                           ArrayRef<int64_t>(), 0, attention.getSigmoidBiasAttr(), int64_t(attention.getGroups()));
    readKept(rewriter, readers, context, split, constants);
    return success();
  }
};

/// x + W y where W and its bias are zero: a block that has been cut out.
struct EmptyBranchPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp add, PatternRewriter &rewriter) const override {
    if (add.getKind() != mcuf::BinaryKind::Add)
      return failure();
    for (auto [branch, rest] : {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())}) {
      auto layer = branch.getDefiningOp<mcuf::LinearOp>();
      if (!layer || !isConstantLayer(layer) || rest.getType() != add.getType() || llvm::is_contained(zeroUnits(layer), 0))
        continue;
      rewriter.replaceOp(add, rest);
      return success();
    }
    return failure();
  }
};

class FoldDeadUnits : public impl::FoldDeadUnitsBase<FoldDeadUnits> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HiddenPattern, GatedPattern, HeadPattern, EmptyBranchPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
