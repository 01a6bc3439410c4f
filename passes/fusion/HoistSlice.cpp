// A selection of rows moves up through ops that work on rows, so that only the rows that matter are computed: the class token's after the
// last block.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_HOISTSLICE
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// The dimension that the rows of a tensor run along; nothing where more than one leading dimension is longer than 1.
std::optional<int64_t> rowDimension(ArrayRef<int64_t> shape) {
  if (shape.size() < 2)
    return std::nullopt;
  int64_t result = shape.size() - 2;
  for (int64_t d = 0, longer = 0; d + 1 < int64_t(shape.size()); ++d)
    if (shape[d] != 1) {
      if (++longer > 1)
        return std::nullopt;
      result = d;
    }
  return result;
}

/// Rows first, first + step, ... of a tensor.
struct Rows {
  int64_t first, count, step;

  static std::optional<Rows> of(mcuf::SliceOp slice) {
    ArrayRef<int64_t> shape = mcuf::shapeOf(slice.getInput());
    auto dimension = rowDimension(shape);
    if (!dimension || slice.getSizes()[*dimension] == shape[*dimension])
      return std::nullopt;
    for (int64_t d = 0; d < int64_t(shape.size()); ++d)
      if (d != *dimension && (slice.getSizes()[d] != shape[d] || slice.getSteps()[d] != 1))
        return std::nullopt;
    return Rows{slice.getStarts()[*dimension], slice.getSizes()[*dimension], slice.getSteps()[*dimension]};
  }

  Value take(PatternRewriter &rewriter, Location location, Value value) const {
    int64_t dimension = *rowDimension(mcuf::shapeOf(value));
    SmallVector<int64_t> starts(mcuf::shapeOf(value).size(), 0), sizes(mcuf::shapeOf(value)), steps(starts.size(), 1);
    starts[dimension] = first;
    sizes[dimension] = count;
    steps[dimension] = step;
    return createFolded<mcuf::SliceOp>(rewriter, location, value, starts, sizes, steps);
  }
};

struct HoistPattern : OpRewritePattern<mcuf::SliceOp> {
  HoistPattern(MLIRContext *context, bool throughResidual) : OpRewritePattern(context), throughResidual(throughResidual) {}

  LogicalResult matchAndRewrite(mcuf::SliceOp slice, PatternRewriter &rewriter) const override {
    auto rows = Rows::of(slice);
    Operation *op = slice.getInput().getDefiningOp();
    if (!rows || !op || !op->hasOneUse())
      return failure();
    Location location = slice.getLoc();
    if (auto reshape = dyn_cast<mcuf::ReshapeOp>(op)) {
      ArrayRef<int64_t> from = mcuf::shapeOf(reshape.getInput());
      if (from.empty() || from.back() != mcuf::widthOf(reshape) || !rowDimension(from))
        return failure();
      Value taken = rows->take(rewriter, location, reshape.getInput());
      rewriter.replaceOpWithNewOp<mcuf::ReshapeOp>(slice, taken, mcuf::shapeOf(slice));
      return success();
    }
    bool rowwise = isa<mcuf::LayerNormOp, mcuf::LinearOp, mcuf::UnaryOp>(op) || mcuf::isActivation(op);
    auto add = dyn_cast<mcuf::BinaryOp>(op);
    bool residual = throughResidual && ((add && add.getLhs().getType() == add.getRhs().getType()) || isa<mcuf::AttentionOp>(op));
    if (!rowwise && !residual)
      return failure();
    auto attention = dyn_cast<mcuf::AttentionOp>(op);
    if (attention && (attention.getGroups() > 1 || (attention.isRelative() && rows->step != 1)))
      return failure();
    IRMapping mapping;
    mapping.map(op->getOperand(0), rows->take(rewriter, location, op->getOperand(0)));
    if (add && add.getLhs() != add.getRhs())
      mapping.map(add.getRhs(), rows->take(rewriter, location, add.getRhs()));
    Operation *moved = rewriter.clone(*op, mapping);
    rewriter.modifyOpInPlace(moved, [&] {
      moved->getResult(0).setType(slice.getType());
      if (attention && attention.isRelative())
        cast<mcuf::AttentionOp>(moved).setFirstQuery(attention.getFirstQuery() + uint64_t(rows->first));
    });
    rewriter.replaceOp(slice, moved);
    return success();
  }

private:
  bool throughResidual;
};

class HoistSlice : public impl::HoistSliceBase<HoistSlice> {
public:
  using HoistSliceBase::HoistSliceBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<HoistPattern>(&getContext(), throughResidual);
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
