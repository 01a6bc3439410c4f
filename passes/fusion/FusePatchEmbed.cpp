// Patch embedding: a convolution whose windows tile the image, a dense layer on patches cut by reshapes and transpositions, or on the rows of
// a sequence, then position and class tokens.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/fusion/View.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSEPATCHEMBED
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;

Value createZeros(OpBuilder &builder, Location location, int64_t count) {
  return createFolded<mcuf::BroadcastOp>(builder, location, createConstant(builder, location, 0.0f), ArrayRef<int64_t>(count));
}

/// A convolution of the model's input seen as rows of channels, one a window.
template <class OpT> struct ConvPattern : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    View view = viewOf(op, /*throughScaling=*/false);
    auto conv = view.base.template getDefiningOp<mcuf::ConvOp>();
    if (!conv || !isTiling(conv) || view.dimensions.empty())
      return failure();
    ArrayRef<int64_t> shape = mcuf::shapeOf(conv);
    int64_t units = shape[1], patches = shape[2] * shape[3];
    size_t last = view.dimensions.size() - 1;
    auto rows = view.merged(0, last), columns = view.merged(last, last + 1);
    auto is = [](ArrayRef<Atom> atoms, Atom expected) { return expected.size == 1 ? atoms.empty() : atoms == ArrayRef<Atom>(expected); };
    if (view.offset != 0 || !is(rows, {patches, 1}) || !is(columns, {units, patches}))
      return failure();

    SmallVector<Operation *> ops(view.ops);
    ops.push_back(conv);
    Location location = fuseLocations(ops);
    rewriter.setInsertionPoint(op);
    Value weights = createFolded<mcuf::TransposeOp>(rewriter, location, conv.getWeights(), ArrayRef<int64_t>{0, 2, 3, 1});
    Value bias = conv.getBias() ? conv.getBias() : createZeros(rewriter, location, units);
    Value embed = rewriter.create<mcuf::PatchEmbedOp>(location, conv.getInput(), weights, bias, Value(), Value(), padsOf(conv));
    rewriter.replaceOp(op, createFolded<mcuf::ReshapeOp>(rewriter, location, embed, mcuf::shapeOf(op)));
    return success();
  }

private:
  static DenseI64ArrayAttr padsOf(mcuf::ConvOp conv) {
    return llvm::any_of(conv.getPads(), [](int64_t pad) { return pad != 0; }) ? conv.getPadsAttr() : DenseI64ArrayAttr();
  }
  /// Windows beside each other, no two with a pixel in common, none of them all padding.
  static bool isTiling(mcuf::ConvOp conv) {
    ArrayRef<int64_t> window = mcuf::shapeOf(conv.getWeights()).drop_front(2);
    auto isOnly = [](ArrayRef<int64_t> values, int64_t value) { return llvm::all_of(values, [&](int64_t v) { return v == value; }); };
    return isa<BlockArgument>(conv.getInput()) && conv.getStrides() == window && isOnly(conv.getDilations(), 1) && conv.getGroups() == 1 &&
           llvm::all_of(llvm::enumerate(conv.getPads()), [&](auto pad) { return pad.value() >= 0 && pad.value() < window[pad.index() % 2]; }) && mcuf::shapeOf(conv)[0] == 1 && mcuf::constantOf(conv.getWeights()) && (!conv.getBias() || mcuf::constantOf(conv.getBias()));
  }
};

/// A dense layer whose rows are the patches of the model's input [1, channels, height, width], the pixels of a patch in any order. Of the
/// input only, since heads that attention puts side by side look the same.
struct LinearPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp linear, PatternRewriter &rewriter) const override {
    View view = viewOf(linear.getInput(), /*throughScaling=*/false);
    ArrayRef<int64_t> image = mcuf::shapeOf(view.base);
    if (!isa<BlockArgument>(view.base) || image.size() != 4 || image[0] != 1 || view.offset != 0 || view.ops.empty() ||
        !mcuf::constantOf(linear.getWeights()) || (linear.getBias() && !mcuf::constantOf(linear.getBias())))
      return failure();
    int64_t channels = image[1], height = image[2], width = image[3];
    // Sizes and places of (patch row, patch column, channel) among the atoms of a patch; -1 for a size of 1, which has no atom.
    int64_t sizes[3] = {1, 1, 1}, places[3] = {-1, -1, -1};
    ArrayRef<Atom> pixels = view.dimensions.back();
    for (auto [place, atom] : llvm::enumerate(pixels)) {
      bool isChannel = channels > 1 && atom == Atom{channels, height * width};
      int role = isChannel ? 2 : atom.stride == width ? 0 : atom.stride == 1 ? 1 : -1;
      if (role < 0 || places[role] >= 0)
        return failure();
      sizes[role] = atom.size;
      places[role] = int64_t(place);
    }
    auto [patchHeight, patchWidth, patchChannels] = sizes;
    if (patchChannels != channels || height % patchHeight || width % patchWidth ||
        !rowsAre(view, {{height / patchHeight, patchHeight * width}, {width / patchWidth, patchWidth}}))
      return failure();

    SmallVector<Operation *> ops(view.ops);
    ops.push_back(linear);
    Location location = fuseLocations(ops);
    int64_t units = mcuf::widthOf(linear);
    SmallVector<int64_t> shape{units}, permutation{0};
    for (Atom atom : pixels)
      shape.push_back(atom.size);
    for (int64_t place : places)
      if (place >= 0)
        permutation.push_back(place + 1);
    Value weights = createFolded<mcuf::ReshapeOp>(rewriter, location, linear.getWeights(), shape);
    weights = createFolded<mcuf::TransposeOp>(rewriter, location, weights, permutation);
    weights = createFolded<mcuf::ReshapeOp>(rewriter, location, weights, ArrayRef<int64_t>{units, patchHeight, patchWidth, channels});
    Value bias = linear.getBias() ? linear.getBias() : createZeros(rewriter, location, units);
    Value embed = rewriter.create<mcuf::PatchEmbedOp>(location, view.base, weights, bias, Value(), Value());
    rewriter.replaceOp(linear, createFolded<mcuf::ReshapeOp>(rewriter, location, embed, mcuf::shapeOf(linear)));
    return success();
  }

private:
  /// Whether the leading dimensions together run through `expected`, outermost first.
  static bool rowsAre(const View &view, ArrayRef<Atom> expected) {
    View other = view;
    other.dimensions.assign(1, {});
    for (Atom atom : expected)
      if (atom.size != 1)
        other.dimensions[0].push_back(atom);
    return view.merged(0, view.dimensions.size() - 1) == other.merged(0, 1);
  }
};

/// A dense layer on the rows of the model's input [1, tokens, features]: each row is a patch.
struct SequencePattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp linear, PatternRewriter &rewriter) const override {
    ArrayRef<int64_t> rows = mcuf::shapeOf(linear.getInput());
    if (!isa<BlockArgument>(linear.getInput()) || rows.size() != 3 || rows[0] != 1 || !mcuf::constantOf(linear.getWeights()) ||
        (linear.getBias() && !mcuf::constantOf(linear.getBias())))
      return failure();
    int64_t units = mcuf::widthOf(linear);
    Location location = linear.getLoc();
    Value weights = createFolded<mcuf::ReshapeOp>(rewriter, location, linear.getWeights(), ArrayRef<int64_t>{units, 1, 1, rows[2]});
    Value bias = linear.getBias() ? linear.getBias() : createZeros(rewriter, location, units);
    rewriter.replaceOpWithNewOp<mcuf::PatchEmbedOp>(linear, linear.getInput(), weights, bias, Value(), Value());
    return success();
  }
};

/// A constant of one row a token [1, tokens, units] or of a single row is the position of the tokens or part of the bias.
struct PositionPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp add, PatternRewriter &rewriter) const override {
    if (add.getKind() != BinaryKind::Add)
      return failure();
    for (auto [tokens, constant] : {std::pair(add.getLhs(), add.getRhs()), std::pair(add.getRhs(), add.getLhs())}) {
      auto embed = tokens.getDefiningOp<mcuf::PatchEmbedOp>();
      if (embed && embed->hasOneUse() && mcuf::constantOf(constant) && tokens.getType() == add.getType())
        return rewrite(add, embed, constant, rewriter);
    }
    return failure();
  }

private:
  static LogicalResult rewrite(mcuf::BinaryOp add, mcuf::PatchEmbedOp embed, Value constant, PatternRewriter &rewriter) {
    Location location = fuseLocations({embed, add});
    int64_t count = mcuf::rowCount(embed), units = mcuf::widthOf(embed);
    if (!embed.getPrefix() && isRowConstant(constant, units)) {
      Value bias =
          createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Add, embed.getBias(), asVector(rewriter, location, constant, units));
      rewriter.replaceOpWithNewOp<mcuf::PatchEmbedOp>(add, embed.getImage(), embed.getWeights(), bias, embed.getPosition(), Value(), embed.getPadsAttr())
          ->setLoc(location);
      return success();
    }
    Value all = createFolded<mcuf::BroadcastOp>(rewriter, location, constant, mcuf::shapeOf(embed));
    all = createFolded<mcuf::ReshapeOp>(rewriter, location, all, ArrayRef<int64_t>{count, units});
    int64_t prefixCount = embed.getPrefix() ? mcuf::shapeOf(embed.getPrefix())[0] : 0;
    auto rows = [&](int64_t from, int64_t size) {
      return createFolded<mcuf::SliceOp>(rewriter, location, all, ArrayRef<int64_t>{from, 0}, ArrayRef<int64_t>{size, units},
                                         ArrayRef<int64_t>{1, 1});
    };
    auto sum = [&](Value old, Value more) {
      return old ? createFolded<mcuf::BinaryOp>(rewriter, location, BinaryKind::Add, old, more) : more;
    };
    Value prefix = prefixCount ? sum(embed.getPrefix(), rows(0, prefixCount)) : Value();
    Value position = sum(embed.getPosition(), rows(prefixCount, count - prefixCount));
    rewriter.replaceOpWithNewOp<mcuf::PatchEmbedOp>(add, embed.getImage(), embed.getWeights(), embed.getBias(), position, prefix, embed.getPadsAttr())
        ->setLoc(location);
    return success();
  }
};

/// Constant tokens in front of the patches.
struct PrefixPattern : OpRewritePattern<mcuf::ConcatOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::ConcatOp concat, PatternRewriter &rewriter) const override {
    auto embed = concat.getInputs().back().getDefiningOp<mcuf::PatchEmbedOp>();
    auto tokens = concat.getInputs().drop_back();
    if (!embed || !embed->hasOneUse() || concat.getAxis() != 1 || tokens.empty() ||
        !llvm::all_of(tokens, [](Value v) { return bool(mcuf::constantOf(v)); }))
      return failure();
    Location location = fuseLocations({embed, concat});
    int64_t units = mcuf::widthOf(embed);
    SmallVector<Value> rows;
    for (Value token : tokens)
      rows.push_back(createFolded<mcuf::ReshapeOp>(rewriter, location, token, ArrayRef<int64_t>{mcuf::rowCount(token), units}));
    if (embed.getPrefix())
      rows.push_back(embed.getPrefix());
    Value prefix = createFolded<mcuf::ConcatOp>(rewriter, location, ValueRange(rows), uint64_t(0));
    rewriter
        .replaceOpWithNewOp<mcuf::PatchEmbedOp>(concat, embed.getImage(), embed.getWeights(), embed.getBias(), embed.getPosition(), prefix, embed.getPadsAttr())
        ->setLoc(location);
    return success();
  }
};

class FusePatchEmbed : public impl::FusePatchEmbedBase<FusePatchEmbed> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ConvPattern<mcuf::ReshapeOp>, ConvPattern<mcuf::TransposeOp>, LinearPattern, SequencePattern, PositionPattern, PrefixPattern>(
        &getContext());
    populateFoldLayoutPatterns(patterns);
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
