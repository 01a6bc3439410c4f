// Multi-head attention: softmax(scale * q k^T) v, however q, k and v were cut out of token rows.
//
// Exporters write the cutting as reshapes, transpositions, slices and products with scalars in many orders. None of them is matched: each
// operand of the two products is a strided view (View.h) of some rows, and all that counts is that its tokens are rows and that its heads
// and channels are columns.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/fusion/View.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSEATTENTION
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// An operand of attention as rows of a token tensor.
struct HeadRows {
  Value base;
  int64_t heads, tokens, headWidth;
  int64_t firstRow;
  /// The column of the base for each head and channel of it.
  SmallVector<int64_t> columns;
  double scale;
  SmallVector<Operation *> ops;
};

/// The single atom that the dimensions [begin, end) amount to, (1, 0) where they are all 1.
std::optional<Atom> singleAtom(const View &view, size_t begin, size_t end) {
  auto atoms = view.merged(begin, end);
  if (atoms.size() > 1)
    return std::nullopt;
  return atoms.empty() ? Atom{1, 0} : atoms[0];
}

/// `value` is [..., heads, tokens, channels], or with the last two exchanged if `transposed`.
std::optional<HeadRows> matchHeadRows(Value value, bool transposed) {
  View view = viewOf(value, /*throughScaling=*/true);
  size_t rank = view.dimensions.size();
  if (rank < 2 || mcuf::shapeOf(view.base).empty())
    return std::nullopt;
  if (transposed)
    std::swap(view.dimensions[rank - 2], view.dimensions[rank - 1]);
  auto head = singleAtom(view, 0, rank - 2), token = singleAtom(view, rank - 2, rank - 1);
  int64_t width = mcuf::widthOf(view.base);
  if (!head || !token || (token->size > 1 && token->stride != width))
    return std::nullopt;

  HeadRows rows{view.base, head->size, token->size, view.size(rank - 1), view.offset / width, {}, view.scale, view.ops};
  SmallVector<int64_t> channels{0};
  for (Atom atom : view.dimensions[rank - 1]) {
    SmallVector<int64_t> inner;
    for (int64_t outer : channels)
      for (int64_t i = 0; i < atom.size; ++i)
        inner.push_back(outer + i * atom.stride);
    channels = std::move(inner);
  }
  for (int64_t h = 0; h < rows.heads; ++h)
    for (int64_t channel : channels) {
      int64_t column = view.offset % width + h * head->stride + channel;
      if (column < 0 || column >= width)
        return std::nullopt;
      rows.columns.push_back(column);
    }
  return rows;
}

/// Takes off products with scalars, multiplied into `scale`, and reshapes that keep the last two dimensions.
Value peelScores(Value value, double &scale, SmallVectorImpl<Operation *> &ops) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto scaling = matchScaling(value)) {
      scale *= scaling->scalar;
      value = scaling->operand;
    } else if (auto reshape = dyn_cast<mcuf::ReshapeOp>(op)) {
      ArrayRef<int64_t> from = mcuf::shapeOf(reshape.getInput()), to = mcuf::shapeOf(reshape);
      if (from.size() < 2 || to.size() < 2 || from.take_back(2) != to.take_back(2))
        break;
      value = reshape.getInput();
    } else {
      break;
    }
    ops.push_back(op);
  }
  return value;
}

struct AttentionPattern : OpRewritePattern<mcuf::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::MatmulOp context, PatternRewriter &rewriter) const override {
    SmallVector<Operation *> ops{context};
    double scale = 1.0, contextScale = 1.0;
    auto softmax = peelScores(context.getLhs(), contextScale, ops).getDefiningOp<mcuf::SoftmaxOp>();
    if (!softmax || int64_t(softmax.getAxis()) + 1 != int64_t(mcuf::shapeOf(softmax).size()))
      return failure();
    auto scores = peelScores(softmax.getInput(), scale, ops).getDefiningOp<mcuf::MatmulOp>();
    if (!scores)
      return failure();
    auto q = matchHeadRows(scores.getLhs(), false), k = matchHeadRows(scores.getRhs(), true), v = matchHeadRows(context.getRhs(), false);
    if (!q || !k || !v || q->heads != k->heads || q->heads != v->heads || q->headWidth != k->headWidth || k->tokens != v->tokens)
      return failure();
    // With a batch or heads that are broadcast there would be more products than heads.
    if (cast<RankedTensorType>(scores.getType()).getNumElements() != q->heads * q->tokens * k->tokens ||
        cast<RankedTensorType>(context.getType()).getNumElements() != q->heads * q->tokens * v->headWidth)
      return failure();

    ops.append({softmax, scores});
    for (const HeadRows *rows : {&*q, &*k, &*v})
      for (Operation *op : rows->ops)
        if (!llvm::is_contained(ops, op))
          ops.push_back(op);
    Location location = fuseLocations(ops);
    scale *= q->scale * k->scale;
    Value result =
        rewriter.create<mcuf::AttentionOp>(location, cut(rewriter, location, *q), cut(rewriter, location, *k), cut(rewriter, location, *v),
                                           rewriter.getI64IntegerAttr(q->heads), rewriter.getF32FloatAttr(float(scale)));
    contextScale *= v->scale;
    if (contextScale != 1.0)
      result =
          rewriter.create<mcuf::BinaryOp>(location, mcuf::BinaryKind::Mul, result, createConstant(rewriter, location, float(contextScale)));
    // Back to the form of the product; the transposition and the reshape that merge the heads cancel this (mcuf-fold-layout).
    result = createFolded<mcuf::ReshapeOp>(rewriter, location, result, ArrayRef<int64_t>{q->tokens, q->heads, v->headWidth});
    result = createFolded<mcuf::TransposeOp>(rewriter, location, result, ArrayRef<int64_t>{1, 0, 2});
    rewriter.replaceOp(context, createFolded<mcuf::ReshapeOp>(rewriter, location, result, mcuf::shapeOf(context)));
    return success();
  }

private:
  /// The operand [1, tokens, heads * headWidth] cut out of its base.
  static Value cut(PatternRewriter &rewriter, Location location, const HeadRows &rows) {
    ArrayRef<int64_t> shape = mcuf::shapeOf(rows.base);
    size_t rank = shape.size();
    int64_t first = rows.columns.front(), count = rows.columns.size();
    bool isRun = true;
    for (auto [index, column] : llvm::enumerate(rows.columns))
      isRun &= column == first + int64_t(index);
    Value value = rows.base;
    if (isRun) {
      // Columns alone, so that the layer that makes them can be split (mcuf-split-linear).
      SmallVector<int64_t> starts(rank, 0), sizes(shape), steps(rank, 1);
      starts.back() = first;
      sizes.back() = count;
      value = createFolded<mcuf::SliceOp>(rewriter, location, value, starts, sizes, steps);
    } else {
      value = createFolded<mcuf::GatherOp>(rewriter, location, value, createConstant(rewriter, location, rows.columns), uint64_t(rank - 1));
    }
    int64_t total = mcuf::rowCount(value);
    value = createFolded<mcuf::ReshapeOp>(rewriter, location, value, ArrayRef<int64_t>{1, total, count});
    return createFolded<mcuf::SliceOp>(rewriter, location, value, ArrayRef<int64_t>{0, rows.firstRow, 0},
                                       ArrayRef<int64_t>{1, rows.tokens, count}, ArrayRef<int64_t>{1, 1, 1});
  }
};

class FuseAttention : public impl::FuseAttentionBase<FuseAttention> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AttentionPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
