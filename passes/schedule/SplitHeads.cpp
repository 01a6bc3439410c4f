// An attention of several heads becomes one attention a head, each with keys and values of its own, so that the caches of one head can take
// the place of the last one's. What is kept instead are the contexts of the heads that are done, for all tokens, in 8 bits.
#include "passes/Passes.h"
#include "passes/support/HeadAttribute.h"
#include "passes/schedule/RowDependence.h"
#include "passes/support/Folding.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"

namespace mcuform {
#define GEN_PASS_DEF_SPLITHEADS
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// A context always fits in the units of its values, of which 256 of its own make one.
constexpr int32_t kLargestFactor = 256;

/// The type of `width` columns of `value`.
RankedTensorType columnsOf(Value value, int64_t width) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = width;
  return type.clone(shape);
}

class HeadSplitter {
public:
  HeadSplitter(mcuf::QAttentionOp attention, OpBuilder &builder) : attention(attention), builder(builder) {}

  void run() {
    const int64_t heads = attention.getNumHeads(), width = mcuf::widthOf(attention.getResult()) / heads;
    SmallVector<Value> contexts;
    for (int64_t head = 0; head < heads; ++head) {
      Value k = projectionOf(attention.getK(), head), v = projectionOf(attention.getV(), head), q = projectionOf(attention.getQ(), head);
      auto single = builder.create<mcuf::QAttentionOp>(
          attention.getLoc(), columnsOf(attention.getResult(), width), q, k, v, partOf(attention.getScoreMult(), head),
          attention.getKTable(), partOf(attention.getKTableMult(), head), attention.getVTable(), partOf(attention.getVTableMult(), head),
          builder.getI64IntegerAttr(1), DenseI32ArrayAttr(), attention.getGridAttr(), attention.getFirstQueryAttr(),
          attention.getSigmoidBiasAttr(), attention.getWeightTotalAttr(), attention.getGroupsAttr());
      setHead(single, head);
      contexts.push_back(head + 1 < heads ? storeNarrow(single, head) : Value(single));
    }
    // The rows of the heads that are done meet those of the last one, block by block.
    for (int64_t head = 0; head + 1 < heads; ++head)
      contexts[head] = builder.create<mcuf::QWidenOp>(attention.getLoc(), columnsOf(attention.getResult(), width), contexts[head], factors[head]);
    auto axis = uint64_t(mcuf::shapeOf(attention.getResult()).size() - 1);
    attention.replaceAllUsesWith(
        builder.create<mcuf::ConcatOp>(attention.getLoc(), attention.getResult().getType(), contexts, axis).getResult());
    attention.erase();
  }

private:
  /// The part of a constant's first dimension that belongs to a head; of none, none.
  Value partOf(Value constant, int64_t head) {
    if (!constant)
      return {};
    SmallVector<int64_t> sizes(mcuf::shapeOf(constant)), starts(sizes.size(), 0), steps(sizes.size(), 1);
    sizes[0] /= int64_t(attention.getNumHeads());
    starts[0] = head * sizes[0];
    return createFolded<mcuf::SliceOp>(builder, constant.getLoc(), constant, starts, sizes, steps);
  }

  Value projectionOf(Value value, int64_t head) {
    auto linear = schedule::lookThrough(value).getDefiningOp<mcuf::QLinearOp>();
    int64_t units = mcuf::widthOf(value) / int64_t(attention.getNumHeads());
    ElementsAttr scales = linear.getWeightScalesAttr();
    if (scales)
      scales = mcuf::constantOf(partOf(createConstant(builder, linear.getLoc(), scales), head));
    auto part = builder.create<mcuf::QLinearOp>(linear.getLoc(), columnsOf(linear.getResult(), units), linear.getInput(),
                                                partOf(linear.getWeights(), head), partOf(linear.getBias(), head), partOf(linear.getMult(), head),
                                                scales, linear.getWeightGroupAttr());
    if (Attribute sqnr = linear->getAttr(mcuf::kInt4SqnrAttr))
      part->setAttr(mcuf::kInt4SqnrAttr, sqnr);
    return part;
  }

  Value storeNarrow(mcuf::QAttentionOp single, int64_t head) {
    const int64_t width = mcuf::widthOf(single.getResult());
    SmallVector<int32_t> mults;
    SmallVector<int16_t> factor;
    for (int64_t c = 0; c < width; ++c) {
      int32_t units = attention.getContextFactor() ? (*attention.getContextFactor())[head * width + c] : kLargestFactor;
      factor.push_back(int16_t(units));
      mults.push_back(int32_t(((uint64_t(1) << 32) + uint64_t(units) / 2) / uint64_t(units)));
    }
    Location location = attention.getLoc();
    auto typeOf = [&](unsigned bits) { return RankedTensorType::get({width}, builder.getIntegerType(bits)); };
    factors.push_back(createConstant(builder, location, DenseElementsAttr::get(typeOf(16), ArrayRef(factor))));
    Value mult = createConstant(builder, location, DenseElementsAttr::get(typeOf(32), ArrayRef(mults)));
    Type narrow = quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed, builder.getI8Type(), builder.getF32Type(), 1.0, 0, -128, 127);
    return builder.create<mcuf::QNarrowOp>(location, cast<RankedTensorType>(single.getResult().getType()).clone(narrow), single.getResult(), mult);
  }

  mcuf::QAttentionOp attention;
  OpBuilder &builder;
  SmallVector<Value> factors;
};

/// Heads can be split whose queries, keys and values are computed for this attention alone.
bool canSplit(mcuf::QAttentionOp attention) {
  if (attention.getNumHeads() < 2 || attention.getGroups() > 1)
    return false;
  for (Value value : {attention.getQ(), attention.getK(), attention.getV()}) {
    Value rows = schedule::lookThrough(value);
    auto linear = rows.getDefiningOp<mcuf::QLinearOp>();
    if (!linear || !rows.hasOneUse() || !value.hasOneUse() || mcuf::shapeOf(rows) != mcuf::shapeOf(value))
      return false;
    for (Value constant : {Value(linear.getWeights()), Value(linear.getBias()), Value(linear.getMult()), Value(attention.getScoreMult()),
                           Value(attention.getKTableMult()), Value(attention.getVTableMult())})
      if (constant && !mcuf::constantOf(constant))
        return false;
  }
  return true;
}

struct SplitHeads : impl::SplitHeadsBase<SplitHeads> {
  using SplitHeadsBase::SplitHeadsBase;

  void runOnOperation() override {
    for (auto [attention, number] : numberedAttentions<mcuf::QAttentionOp>(getOperation())) {
      if (!attentions.empty() && !llvm::is_contained(*attentions, number))
        continue;
      if (!canSplit(attention))
        continue;
      Operation *layers[] = {attention.getQ().getDefiningOp(), attention.getK().getDefiningOp(), attention.getV().getDefiningOp()};
      OpBuilder builder(attention);
      HeadSplitter(attention, builder).run();
      for (Operation *layer : layers) {
        Value rows = schedule::lookThrough(layer->getResult(0));
        if (rows.getDefiningOp() != layer)
          layer->erase();
        rows.getDefiningOp()->erase();
      }
    }
  }
};

} // namespace
} // namespace mcuform
