// Chains of dense layers with nothing in between, W_n ... W_2 W_1 x, as searched low-rank networks have them. Products of neighbours can be
// multiplied out at compile time; which of them is a shortest path: every width that is kept costs the products with the widths before and
// behind it, for each row, and as many bytes of weights.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/support/FileRange.h"

namespace mcuform {
#define GEN_PASS_DEF_MERGELINEAR
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

bool hasConstantParameters(mcuf::LinearOp linear) {
  return mcuf::constantOf(linear.getWeights()) && (!linear.getBias() || mcuf::constantOf(linear.getBias()));
}

/// The layer that `linear` reads, where it is the only one to do so.
mcuf::LinearOp previousInChain(mcuf::LinearOp linear) {
  auto previous = linear.getInput().getDefiningOp<mcuf::LinearOp>();
  return previous && previous->hasOneUse() && hasConstantParameters(previous) ? previous : mcuf::LinearOp();
}

bool isLastOfChain(mcuf::LinearOp linear) {
  if (!hasConstantParameters(linear))
    return false;
  auto next = linear->hasOneUse() ? dyn_cast<mcuf::LinearOp>(*linear->user_begin()) : mcuf::LinearOp();
  return !next || !hasConstantParameters(next);
}

/// Products of a row with a layer from `depth` to `units`; the kernels read two inputs at a time.
int64_t costOf(int64_t depth, int64_t units) { return llvm::alignTo(depth, 2) * units; }

/// Where to cut the chain of widths[0] to widths[n]: the indices of the widths that stay, both ends included. Of equally cheap ways the one
/// with the fewest layers, each of which rounds once.
SmallVector<size_t> cheapestCuts(ArrayRef<int64_t> widths) {
  struct Step {
    int64_t cost = 0;
    size_t layers = 0;
    size_t from = 0;
  };
  SmallVector<Step> best(widths.size());
  for (size_t to = 1; to < widths.size(); ++to)
    for (size_t from = 0; from < to; ++from) {
      Step step{best[from].cost + costOf(widths[from], widths[to]), best[from].layers + 1, from};
      if (from == 0 || std::pair(step.cost, step.layers) < std::pair(best[to].cost, best[to].layers))
        best[to] = step;
    }
  SmallVector<size_t> cuts;
  for (size_t at = widths.size() - 1; at != 0; at = best[at].from)
    cuts.push_back(at);
  cuts.push_back(0);
  std::reverse(cuts.begin(), cuts.end());
  return cuts;
}

/// W2 (W1 x + b1) + b2 = (W2 W1) x + (W2 b1 + b2), in float.
mcuf::LinearOp merge(OpBuilder &builder, mcuf::LinearOp first, mcuf::LinearOp second, Value input) {
  Location location = fuseLocations({first, second});
  Value weights = createFolded<mcuf::MatmulOp>(builder, location, second.getWeights(), first.getWeights());
  Value bias = second.getBias();
  if (first.getBias()) {
    Value moved = createFolded<mcuf::MatmulOp>(builder, location, second.getWeights(), first.getBias());
    bias = bias ? createFolded<mcuf::BinaryOp>(builder, location, mcuf::BinaryKind::Add, bias, moved) : moved;
  }
  return builder.create<mcuf::LinearOp>(location, input, weights, bias);
}

class MergeLinear : public impl::MergeLinearBase<MergeLinear> {
public:
  void runOnOperation() override {
    SmallVector<mcuf::LinearOp> lasts;
    getOperation().walk([&](mcuf::LinearOp linear) {
      if (isLastOfChain(linear))
        lasts.push_back(linear);
    });
    for (mcuf::LinearOp last : lasts)
      associate(last);
  }

private:
  void associate(mcuf::LinearOp last) {
    SmallVector<mcuf::LinearOp> chain = {last};
    while (mcuf::LinearOp previous = previousInChain(chain.back()))
      chain.push_back(previous);
    std::reverse(chain.begin(), chain.end());
    SmallVector<int64_t> widths = {mcuf::widthOf(chain.front().getInput())};
    for (mcuf::LinearOp layer : chain)
      widths.push_back(mcuf::widthOf(layer));
    SmallVector<size_t> cuts = cheapestCuts(widths);
    if (cuts.size() == widths.size())
      return;

    OpBuilder builder(last);
    Value value = chain.front().getInput();
    for (auto [from, to] : llvm::zip(cuts, ArrayRef(cuts).drop_front())) {
      mcuf::LinearOp whole = chain[from];
      for (size_t i = from + 1; i < to; ++i) {
        mcuf::LinearOp merged = merge(builder, whole, chain[i], value);
        if (whole != chain[from])
          whole.erase();
        whole = merged;
      }
      if (whole == chain[from])
        whole = builder.create<mcuf::LinearOp>(whole.getLoc(), value, whole.getWeights(), whole.getBias());
      value = whole;
    }
    inheritFileRange(last, value);
    last.replaceAllUsesWith(value);
    for (mcuf::LinearOp layer : llvm::reverse(chain))
      layer.erase();
  }
};

} // namespace
} // namespace mcuform
