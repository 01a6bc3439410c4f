// Attention on the tokens themselves: the projections to keys and values move to the queries' and the context's side, so that nothing but the
// normalized tokens, once, has to be kept for all rows.
//
//   q . (Wk y_j + bk) = (Wk^T q) . y_j + q . bk        the last term is the same for all j: softmax does not see it
//   sum_j p_j (Wv y_j + bv) = Wv (sum_j p_j y_j) + bv  because the p_j add up to 1
#include "passes/Passes.h"
#include "passes/support/Folding.h"
#include "passes/support/HeadAttribute.h"

namespace mcuform {
#define GEN_PASS_DEF_ABSORBPROJECTIONS
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

struct Projections {
  mcuf::LinearOp q, k, v;
};

/// Queries, keys and values that constant layers compute for this attention alone, keys and values from the same normalized rows.
std::optional<Projections> projectionsOf(mcuf::AttentionOp attention) {
  // A table of relative positions has the width of a head, not of the tokens.
  if (attention.isRelative() || attention.getGroups() > 1)
    return std::nullopt;
  Projections result;
  for (auto [value, layer] : {std::pair(attention.getQ(), &result.q), {attention.getK(), &result.k}, {attention.getV(), &result.v}}) {
    *layer = value.getDefiningOp<mcuf::LinearOp>();
    if (!*layer || !value.hasOneUse() || !mcuf::constantOf(layer->getWeights()) ||
        (layer->getBias() && !mcuf::constantOf(layer->getBias())))
      return std::nullopt;
  }
  // Sigmoids see the keys' bias, and do not add up to 1.
  bool isNormalized = !attention.getSigmoidBias() && result.k.getInput() == result.v.getInput() && result.k.getInput().getDefiningOp<mcuf::LayerNormOp>();
  return isNormalized ? std::optional(result) : std::nullopt;
}

class Absorber {
public:
  Absorber(mcuf::AttentionOp attention, Projections layers)
      : attention(attention), layers(layers), builder(attention), heads(int64_t(attention.getNumHeads())) {}

  void run() {
    SmallVector<Value> contexts;
    for (int64_t head = 0; head < heads; ++head)
      contexts.push_back(contextOf(head));
    Value context = contexts.front();
    if (heads > 1)
      context = builder.create<mcuf::ConcatOp>(attention.getLoc(), attention.getResult().getType(), contexts,
                                               uint64_t(mcuf::shapeOf(attention.getResult()).size() - 1));
    attention.replaceAllUsesWith(context);
    attention.erase();
    for (mcuf::LinearOp layer : {layers.q, layers.k, layers.v})
      layer.erase();
  }

private:
  /// The rows of a layer's weights, or of its bias, that belong to a head.
  Value partOf(Value parameter, int64_t head) {
    SmallVector<int64_t> sizes(mcuf::shapeOf(parameter)), starts(sizes.size(), 0), steps(sizes.size(), 1);
    sizes[0] /= heads;
    starts[0] = head * sizes[0];
    return createFolded<mcuf::SliceOp>(builder, parameter.getLoc(), parameter, starts, sizes, steps);
  }
  Value biasOf(mcuf::LinearOp layer, int64_t head) { return layer.getBias() ? partOf(layer.getBias(), head) : Value(); }

  Value contextOf(int64_t head) {
    Value tokens = layers.k.getInput();
    Value q = builder.create<mcuf::LinearOp>(layers.q.getLoc(), layers.q.getInput(), partOf(layers.q.getWeights(), head), biasOf(layers.q, head));
    Value back = createFolded<mcuf::TransposeOp>(builder, layers.k.getLoc(), partOf(layers.k.getWeights(), head), ArrayRef<int64_t>{1, 0});
    Value onTokens = builder.create<mcuf::LinearOp>(layers.k.getLoc(), q, back, Value());
    auto single = builder.create<mcuf::AttentionOp>(attention.getLoc(), onTokens, tokens, tokens, 1, attention.getScale().convertToFloat());
    setHead(single, head);
    return builder.create<mcuf::LinearOp>(layers.v.getLoc(), single, partOf(layers.v.getWeights(), head), biasOf(layers.v, head));
  }

  mcuf::AttentionOp attention;
  Projections layers;
  OpBuilder builder;
  int64_t heads;
};

struct AbsorbProjections : impl::AbsorbProjectionsBase<AbsorbProjections> {
  using AbsorbProjectionsBase::AbsorbProjectionsBase;

  void runOnOperation() override {
    for (auto [attention, number] : numberedAttentions<mcuf::AttentionOp>(getOperation())) {
      if (!attentions.empty() && !llvm::is_contained(*attentions, number))
        continue;
      if (std::optional<Projections> layers = projectionsOf(attention))
        Absorber(attention, *layers).run();
    }
  }
};

} // namespace
} // namespace mcuform
