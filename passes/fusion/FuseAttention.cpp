// Multi-head attention: softmax(scale * q k^T) v, however q, k and v were cut out of token rows.
//
// Exporters write the cutting as reshapes, transpositions, slices and products with scalars in many orders. None of them is matched: each
// operand of the two products is a strided view (View.h) of some rows, and all that counts is that its tokens are rows and that its heads
// and channels are columns.
//
// 2-D relative positions are two products more, with a constant matrix for each token, added to the scores and to the context. Here, too,
// nothing counts but which elements meet; the tables behind the constants are found by their values (RelativePosition.h).
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/fusion/RelativePosition.h"
#include "passes/fusion/View.h"
#include "passes/support/ProblemAttribute.h"

#include "compiler/reference/HostTensor.h"

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
  /// Sequences one after another, of `tokens` rows each.
  int64_t groups;
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

/// Groups and heads, (1, 0) where there is one, of the dimensions in front of the tokens: a step to the next group is one of whole rows.
std::optional<std::pair<Atom, Atom>> groupsAndHeads(const View &view, int64_t width) {
  std::pair<Atom, Atom> result{{1, 0}, {1, 0}};
  for (const auto &dimension : ArrayRef(view.dimensions).drop_back(2))
    for (Atom atom : dimension) {
      const bool isGroup = atom.stride % width == 0;
      Atom &known = isGroup ? result.first : result.second;
      if (known.size > 1 && known.stride != atom.size * atom.stride)
        return std::nullopt;
      if (isGroup && result.second.size > 1) // heads are inside of groups
        return std::nullopt;
      known = {known.size * atom.size, atom.stride};
    }
  return result;
}

/// `value` is [groups, heads, tokens, channels], or with the last two exchanged if `transposed`.
std::optional<HeadRows> matchHeadRows(Value value, bool transposed) {
  View view = viewOf(value, /*throughScaling=*/true);
  size_t rank = view.dimensions.size();
  if (rank < 2 || mcuf::shapeOf(view.base).empty())
    return std::nullopt;
  if (transposed)
    std::swap(view.dimensions[rank - 2], view.dimensions[rank - 1]);
  int64_t width = mcuf::widthOf(view.base);
  auto leading = groupsAndHeads(view, width);
  auto token = singleAtom(view, rank - 2, rank - 1);
  if (!leading || !token || (token->size > 1 && token->stride != width))
    return std::nullopt;
  auto [group, head] = *leading;
  if (group.size > 1 && group.stride != token->size * width)
    return std::nullopt;

  HeadRows rows{view.base, group.size, head.size, token->size, view.size(rank - 1), view.offset / width, {}, view.scale, view.ops};
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
      int64_t column = view.offset % width + h * head.stride + channel;
      if (column < 0 || column >= width)
        return std::nullopt;
      rows.columns.push_back(column);
    }
  return rows;
}

/// Takes off products with scalars, multiplied into `scale`, and reshapes that keep the last two dimensions; where there is an `offset`, also
/// sums with scalars, added to it.
Value peelScores(Value value, double &scale, SmallVectorImpl<Operation *> &ops, double *offset = nullptr) {
  while (Operation *op = value.getDefiningOp()) {
    if (auto scaling = matchScaling(value)) {
      scale *= scaling->scalar;
      value = scaling->operand;
    } else if (auto sum = offset ? matchScalar(value, mcuf::BinaryKind::Add) : std::nullopt) {
      *offset += scale * sum->scalar;
      value = sum->operand;
    } else if (auto difference = offset ? matchScalar(value, mcuf::BinaryKind::Sub) : std::nullopt) {
      *offset -= scale * difference->scalar;
      value = difference->operand;
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

/// Rows [tokens][heads][depth] times a constant matrix [depth, columns] for each token.
struct PairProduct {
  mcuf::MatmulOp op;
  int64_t tokens, heads, depth, columns;

  static std::optional<PairProduct> of(Value value) {
    auto op = value.getDefiningOp<mcuf::MatmulOp>();
    ArrayRef<int64_t> rows = op ? mcuf::shapeOf(op.getLhs()) : ArrayRef<int64_t>(),
                      matrices = op ? mcuf::shapeOf(op.getRhs()) : ArrayRef<int64_t>();
    if (rows.size() < 3 || matrices.size() < 3 || !mcuf::constantOf(op.getRhs()))
      return std::nullopt;
    PairProduct product{op, 1, rows[rows.size() - 2], rows.back(), matrices.back()};
    for (int64_t size : matrices.drop_back(2))
      product.tokens *= size;
    bool isOneEach = cast<RankedTensorType>(op.getLhs().getType()).getNumElements() == product.tokens * product.heads * product.depth &&
                     cast<RankedTensorType>(op.getType()).getNumElements() == product.tokens * product.heads * product.columns;
    return isOneEach ? std::optional(product) : std::nullopt;
  }

  int64_t rowElement(int64_t token, int64_t head, int64_t k) const { return (token * heads + head) * depth + k; }
  int64_t resultElement(int64_t token, int64_t head, int64_t column) const { return (token * heads + head) * columns + column; }
  /// What the rows are multiplied with: for queries the keys are the columns, for probabilities the channels.
  std::optional<RelativePosition> tables(bool ofQueries, const mcuf::RelativeGrid *like, std::string &reason) {
    const int64_t keys = ofQueries ? columns : depth, width = ofQueries ? depth : columns;
    FailureOr<HostTensor> values = toHostTensor(mcuf::constantOf(op.getRhs()));
    if (failed(values) || values->kind() != ElementKind::F32 || keys != tokens) {
      reason = "there are " + std::to_string(tokens) + " queries and " + std::to_string(keys) + " keys, in float32 as many are supported";
      return std::nullopt;
    }
    return findRelativePosition({values->data<float>(), tokens, width, depth * columns, ofQueries ? 1 : columns, ofQueries ? columns : 1},
                                like, reason);
  }
};

/// Relative positions of keys or values: the product, and its scale relative to that of the product without.
struct RelativeTerm {
  PairProduct product;
  double scale;
};

/// scores = plain + term, both per head, query and key.
struct ScoreSum {
  mcuf::MatmulOp scores;
  View plain, term;
  PairProduct product;
};

std::optional<ScoreSum> matchScoreSum(Value value) {
  auto add = binaryOf(value, mcuf::BinaryKind::Add);
  if (!add || add.getLhs().getType() != add.getRhs().getType())
    return std::nullopt;
  for (auto [lhs, rhs] : {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())}) {
    View plain = viewOf(lhs, /*throughScaling=*/true), term = viewOf(rhs, /*throughScaling=*/true);
    auto scores = plain.base.getDefiningOp<mcuf::MatmulOp>();
    auto product = PairProduct::of(term.base);
    if (!scores || mcuf::constantOf(scores.getRhs()) || !product)
      continue;
    term.ops.push_back(add);
    return ScoreSum{scores, plain, term, *product};
  }
  return std::nullopt;
}

/// The term that a sum adds to the scores of these queries; nothing where other elements meet.
std::optional<RelativeTerm> matchKeyTerm(const ScoreSum &sum, const HeadRows &q, int64_t keys) {
  PairProduct product = sum.product;
  View plain = sum.plain, rows = viewOf(product.op.getLhs(), /*throughScaling=*/true);
  const double plainScale = std::exchange(plain.scale, 1.0) * q.scale, termScale = sum.term.scale * rows.scale;
  if (!plain.isWhole() || rows.base != q.base || product.tokens != q.tokens || product.heads != q.heads || product.depth != q.headWidth ||
      product.columns != keys || plainScale == 0)
    return std::nullopt;
  const std::vector<int64_t> terms = sum.term.elements(), queries = rows.elements();
  const int64_t width = mcuf::widthOf(q.base);
  for (int64_t h = 0; h < q.heads; ++h)
    for (int64_t t = 0; t < q.tokens; ++t) {
      for (int64_t j = 0; j < keys; ++j)
        if (terms[size_t((h * q.tokens + t) * keys + j)] != product.resultElement(t, h, j))
          return std::nullopt;
      for (int64_t c = 0; c < q.headWidth; ++c)
        if (queries[size_t(product.rowElement(t, h, c))] != (q.firstRow + t) * width + q.columns[size_t(h * q.headWidth + c)])
          return std::nullopt;
    }
  return RelativeTerm{product, termScale / plainScale};
}

/// The products of the probabilities, as they are or rearranged, with a constant matrix for each token.
SmallVector<PairProduct> productsOf(Value probabilities) {
  SmallVector<PairProduct> products;
  for (Operation *user : probabilities.getUsers()) {
    auto product = isa<mcuf::MatmulOp>(user) ? PairProduct::of(user->getResult(0)) : std::nullopt;
    if (product && product->op.getLhs() == probabilities)
      products.push_back(*product);
    else if (isa<mcuf::ReshapeOp, mcuf::TransposeOp>(user) || (user->getNumResults() == 1 && matchScaling(user->getResult(0))))
      llvm::append_range(products, productsOf(user->getResult(0)));
  }
  return products;
}

/// A term that is added to the context, and the sum.
struct ContextSum {
  RelativeTerm term;
  mcuf::BinaryOp add;
  /// The operand of the sum that is the context.
  Value context;
};

/// `product` added to `context`, [heads, tokens, channels], somewhere behind it.
std::optional<ContextSum> matchContextSum(PairProduct product, mcuf::MatmulOp context, Value softmax, const HeadRows &q,
                                          const HeadRows &v) {
  Value path = context;
  mcuf::BinaryOp add;
  while (!add) {
    if (!path.hasOneUse())
      return std::nullopt;
    Operation *user = *path.getUsers().begin();
    if (isa<mcuf::ReshapeOp, mcuf::TransposeOp>(user) || (user->getNumResults() == 1 && matchScaling(user->getResult(0))))
      path = user->getResult(0);
    else if (add = dyn_cast<mcuf::BinaryOp>(user);
             !add || add.getKind() != mcuf::BinaryKind::Add || add.getLhs().getType() != add.getRhs().getType())
      return std::nullopt;
  }
  View plain = viewOf(path, /*throughScaling=*/true),
       term = viewOf(add.getLhs() == path ? add.getRhs() : add.getLhs(), /*throughScaling=*/true),
       rows = viewOf(product.op.getLhs(), /*throughScaling=*/true), plainRows = viewOf(context.getLhs(), /*throughScaling=*/true);
  if (plain.base != context.getResult() || term.base != product.op.getResult() || rows.base != softmax || plainRows.base != softmax ||
      product.tokens != q.tokens || product.heads != q.heads || product.depth != v.tokens || product.columns != v.headWidth)
    return std::nullopt;
  const double plainScale = plain.scale * plainRows.scale * v.scale, termScale = term.scale * rows.scale;
  const std::vector<int64_t> contexts = plain.elements(), terms = term.elements(), probabilities = rows.elements();
  if (plainScale == 0)
    return std::nullopt;
  for (auto [element, other] : llvm::zip_equal(contexts, terms)) {
    const int64_t h = element / (q.tokens * v.headWidth), t = element / v.headWidth % q.tokens, c = element % v.headWidth;
    if (other != product.resultElement(t, h, c))
      return std::nullopt;
  }
  for (int64_t t = 0; t < q.tokens; ++t)
    for (int64_t h = 0; h < q.heads; ++h)
      for (int64_t j = 0; j < v.tokens; ++j)
        if (probabilities[size_t(product.rowElement(t, h, j))] != (h * q.tokens + t) * v.tokens + j)
          return std::nullopt;
  return ContextSum{{product, termScale / plainScale}, add, path};
}

/// Tables of both terms on one grid; nothing where the constants are no relative positions on one grid.
struct Tables {
  std::optional<RelativePosition> k, v;

  static std::optional<Tables> of(std::optional<RelativeTerm> keys, std::optional<ContextSum> values) {
    Tables tables;
    std::string reason;
    if (keys && !(tables.k = keys->product.tables(/*ofQueries=*/true, nullptr, reason)))
      return std::nullopt;
    if (values && !(tables.v = values->term.product.tables(/*ofQueries=*/false, tables.k ? &tables.k->grid : nullptr, reason)))
      return std::nullopt;
    if (tables.k && tables.v) {
      const int64_t rowClip = std::max(tables.k->grid.rowClip, tables.v->grid.rowClip),
                    columnClip = std::max(tables.k->grid.columnClip, tables.v->grid.columnClip);
      tables.k = extended(*tables.k, rowClip, columnClip);
      tables.v = extended(*tables.v, rowClip, columnClip);
    }
    return tables;
  }

  SmallVector<int64_t> grid() const { return k ? k->grid.numbers() : v ? v->grid.numbers() : SmallVector<int64_t>(); }
};

Value createTable(OpBuilder &builder, Location location, const RelativePosition &position, double scale, StringRef name) {
  const int64_t rows = position.grid.tableRows();
  HostTensor tensor(ElementKind::F32, {rows, int64_t(position.table.size()) / rows});
  llvm::transform(position.table, tensor.data<float>(), [&](float value) { return float(value * scale); });
  return createConstant(builder, location, toElements(tensor, builder.getContext(), name));
}

struct AttentionPattern : OpRewritePattern<mcuf::MatmulOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::MatmulOp context, PatternRewriter &rewriter) const override {
    SmallVector<Operation *> ops{context};
    double scale = 1.0, contextScale = 1.0, bias = 0.0;
    Value weights = peelScores(context.getLhs(), contextScale, ops);
    auto softmax = weights.getDefiningOp<mcuf::SoftmaxOp>();
    auto sigmoid = unaryOf(weights, mcuf::UnaryKind::Sigmoid);
    if ((!softmax && !sigmoid) || (softmax && int64_t(softmax.getAxis()) + 1 != int64_t(mcuf::shapeOf(softmax).size())))
      return failure();
    Value scored = peelScores(weights.getDefiningOp()->getOperand(0), scale, ops, sigmoid ? &bias : nullptr);
    auto scores = scored.getDefiningOp<mcuf::MatmulOp>();
    auto sum = matchScoreSum(scored);
    if (sum) {
      scores = sum->scores;
      scale *= sum->plain.scale;
    }
    if (!scores)
      return failure();
    auto q = matchHeadRows(scores.getLhs(), false), k = matchHeadRows(scores.getRhs(), true), v = matchHeadRows(context.getRhs(), false);
    if (!q || !k || !v || q->heads != k->heads || q->heads != v->heads || q->headWidth != k->headWidth || k->tokens != v->tokens ||
        q->groups != k->groups || q->groups != v->groups)
      return failure();
    // With sequences or heads that are broadcast there would be more products than heads.
    if (cast<RankedTensorType>(scores.getType()).getNumElements() != q->groups * q->heads * q->tokens * k->tokens ||
        cast<RankedTensorType>(context.getType()).getNumElements() != q->groups * q->heads * q->tokens * v->headWidth)
      return failure();

    std::optional<RelativeTerm> keyTerm;
    if (sum && q->groups > 1)
      return failure();
    if (sum && !(keyTerm = matchKeyTerm(*sum, *q, k->tokens)))
      return failure();
    std::optional<ContextSum> contextSum;
    SmallVector<PairProduct> products = productsOf(weights);
    if (products.size() > 1 || (q->groups > 1 && (sigmoid || !products.empty())) ||
        (products.size() == 1 && !(contextSum = matchContextSum(products.front(), context, weights, *q, *v))))
      return failure();
    if (sigmoid && (keyTerm || contextSum))
      return failure();
    auto tables = Tables::of(keyTerm, contextSum);
    if (!tables)
      return failure();

    ops.append({weights.getDefiningOp(), scores});
    if (sum)
      ops.append({sum->product.op, sum->term.ops.back()});
    if (contextSum)
      ops.append({contextSum->term.product.op, contextSum->add});
    for (const HeadRows *rows : {&*q, &*k, &*v})
      for (Operation *op : rows->ops)
        if (!llvm::is_contained(ops, op))
          ops.push_back(op);
    Location location = fuseLocations(ops);
    scale *= q->scale * k->scale;
    // The term is added to products with keys that are scaled, too.
    Value kTable = keyTerm ? createTable(rewriter, location, *tables->k, keyTerm->scale / k->scale, "k_table") : Value(),
          vTable = contextSum ? createTable(rewriter, location, *tables->v, contextSum->term.scale, "v_table") : Value();
    Value result = rewriter.create<mcuf::AttentionOp>(location, cut(rewriter, location, *q), cut(rewriter, location, *k),
                                                      cut(rewriter, location, *v), q->heads, float(scale), kTable, vTable, tables->grid(), 0,
                                                      sigmoid ? rewriter.getF32FloatAttr(float(bias)) : FloatAttr(), q->groups);
    contextScale *= v->scale;
    if (contextScale != 1.0)
      result =
          rewriter.create<mcuf::BinaryOp>(location, mcuf::BinaryKind::Mul, result, createConstant(rewriter, location, float(contextScale)));
    // Back to the form of the product; the transposition and the reshape that merge the heads cancel this (mcuf-fold-layout).
    result = createFolded<mcuf::ReshapeOp>(rewriter, location, result, ArrayRef<int64_t>{q->groups, q->tokens, q->heads, v->headWidth});
    result = createFolded<mcuf::TransposeOp>(rewriter, location, result, ArrayRef<int64_t>{0, 2, 1, 3});
    result = createFolded<mcuf::ReshapeOp>(rewriter, location, result, mcuf::shapeOf(context));
    if (contextSum)
      rewriter.replaceOp(contextSum->add, contextSum->context);
    rewriter.replaceOp(context, result);
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
                                       ArrayRef<int64_t>{1, rows.groups * rows.tokens, count}, ArrayRef<int64_t>{1, 1, 1});
  }
};

class FuseAttention : public impl::FuseAttentionBase<FuseAttention> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<AttentionPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      return signalPassFailure();
    // What is left of relative positions gets the reason for it, for mcuf-verify-fused to tell.
    getOperation().walk([](mcuf::MatmulOp op) {
      auto product = PairProduct::of(op);
      if (!product)
        return;
      std::string reason;
      const bool ofQueries = !viewOf(op.getLhs(), /*throughScaling=*/true).base.getDefiningOp<mcuf::SoftmaxOp>();
      if (product->tables(ofQueries, nullptr, reason))
        reason = ofQueries ? "no attention was found in which it is added to the products of the same queries and their keys"
                           : "no attention was found in which it is added to the context of the same probabilities";
      setProblem(op, "a product with a constant matrix for each token is supported as 2-D relative position in attention; here " + reason);
    });
  }
};

} // namespace
} // namespace mcuform
