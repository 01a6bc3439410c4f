// Rows in another order: reshapes and transpositions that regroup the pixels of a map by patches, one sequence of patches for each pixel of
// a patch, and those that put them back.
//
// Exporters write either way as several reshapes and transpositions of planes. As in FuseAttention none of them is matched: a view of rows
// that leaves their columns alone is a permutation of them, whatever it was made of.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/fusion/View.h"

namespace mcuform {
#define GEN_PASS_DEF_FUSEPERMUTEROWS
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// Digits in which kernels count rows.
constexpr size_t kMostDigits = 4;

template <class OpT> struct PermutePattern : OpRewritePattern<OpT> {
  using OpRewritePattern<OpT>::OpRewritePattern;

  LogicalResult matchAndRewrite(OpT op, PatternRewriter &rewriter) const override {
    View view = viewOf(op, /*throughScaling=*/false);
    if (view.ops.empty() || view.isWhole() || isa<BlockArgument>(view.base) || mcuf::shapeOf(view.base).empty())
      return failure();
    const int64_t width = mcuf::widthOf(view.base), rows = mcuf::rowCount(view.base);
    const size_t last = view.dimensions.size() - 1;
    const SmallVector<Atom> columns = view.merged(last, last + 1), digits = view.merged(0, last);
    if (width == 1 || columns.size() != 1 || !(columns.front() == Atom{width, 1}) || digits.size() > kMostDigits ||
        mcuf::rowCount(op) != rows || mcuf::widthOf(op) != width)
      return failure();
    SmallVector<int64_t> sizes, strides;
    for (Atom digit : digits) {
      sizes.push_back(digit.size);
      strides.push_back(digit.stride / width);
    }
    Location location = fuseLocations(view.ops);
    Value permuted = rewriter.create<mcuf::PermuteRowsOp>(location, view.base, sizes, strides);
    rewriter.replaceOp(op, createFolded<mcuf::ReshapeOp>(rewriter, location, permuted, mcuf::shapeOf(op)));
    return success();
  }
};

class FusePermuteRows : public impl::FusePermuteRowsBase<FusePermuteRows> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PermutePattern<mcuf::ReshapeOp>, PermutePattern<mcuf::TransposeOp>>(&getContext());
    populateFoldLayoutPatterns(patterns);
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
