// Recognizing small expressions.
#include "passes/fusion/Matching.h"

#include "passes/support/FileRange.h"

#include "mlir/Transforms/GreedyPatternRewriteDriver.h"

#include <cmath>

using namespace mlir;

namespace mcuform {

using mcuf::BinaryKind;

namespace {
bool commutes(BinaryKind kind) {
  return kind == BinaryKind::Add || kind == BinaryKind::Mul || kind == BinaryKind::Max || kind == BinaryKind::Min;
}
} // namespace

mcuf::BinaryOp binaryOf(Value value, BinaryKind kind) {
  auto op = value.getDefiningOp<mcuf::BinaryOp>();
  return op && op.getKind() == kind ? op : mcuf::BinaryOp();
}

mcuf::UnaryOp unaryOf(Value value, mcuf::UnaryKind kind) {
  auto op = value.getDefiningOp<mcuf::UnaryOp>();
  return op && op.getKind() == kind ? op : mcuf::UnaryOp();
}

bool isNear(double value, double expected) { return std::abs(value - expected) <= 1e-4 * std::abs(expected); }

std::optional<WithScalar> matchScalar(Value value, BinaryKind kind) {
  auto op = binaryOf(value, kind);
  if (!op)
    return std::nullopt;
  for (auto [operand, constant] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
    if (operand.getType() == value.getType() && !mcuf::constantOf(operand))
      if (auto scalar = constantSplat(constant))
        return WithScalar{operand, *scalar};
    if (!commutes(kind))
      break;
  }
  return std::nullopt;
}

std::optional<WithScalar> matchScaling(Value value) {
  if (auto product = matchScalar(value, BinaryKind::Mul))
    return product;
  if (auto quotient = matchScalar(value, BinaryKind::Div); quotient && quotient->scalar != 0)
    return WithScalar{quotient->operand, 1.0 / quotient->scalar};
  return std::nullopt;
}

bool isRowConstant(Value value, int64_t width) {
  if (!mcuf::constantOf(value))
    return false;
  ArrayRef<int64_t> shape = mcuf::shapeOf(value);
  if (!shape.empty() && shape.back() != width && shape.back() != 1)
    return false;
  return llvm::all_of(shape.empty() ? shape : shape.drop_back(), [](int64_t size) { return size == 1; });
}

Value asVector(OpBuilder &builder, Location location, Value constant, int64_t width) {
  int64_t count = cast<RankedTensorType>(constant.getType()).getNumElements();
  Value vector = createFolded<mcuf::ReshapeOp>(builder, location, constant, ArrayRef<int64_t>(count));
  return createFolded<mcuf::BroadcastOp>(builder, location, vector, ArrayRef<int64_t>(width));
}

std::optional<WithRowConstant> matchRowConstant(mcuf::BinaryOp op) {
  if (mcuf::shapeOf(op).empty())
    return std::nullopt;
  for (auto [operand, constant] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
    if (operand.getType() == op.getType() && !mcuf::constantOf(operand) && isRowConstant(constant, mcuf::widthOf(op)))
      return WithRowConstant{operand, constant};
    if (!commutes(op.getKind()))
      break;
  }
  return std::nullopt;
}

bool isConstantLayer(mcuf::LinearOp linear) {
  return linear && mcuf::constantOf(linear.getWeights()) && (!linear.getBias() || mcuf::constantOf(linear.getBias()));
}

SmallVector<mcuf::LinearOp> layersReading(Value value) {
  SmallVector<mcuf::LinearOp> layers;
  for (OpOperand &use : value.getUses()) {
    auto linear = dyn_cast<mcuf::LinearOp>(use.getOwner());
    if (!isConstantLayer(linear) || use.getOperandNumber() != 0)
      return {};
    layers.push_back(linear);
  }
  // In program order, so that the result does not depend on the order of uses.
  llvm::sort(layers, [](mcuf::LinearOp a, mcuf::LinearOp b) { return a->isBeforeInBlock(b); });
  return layers;
}

Location fuseLocations(ArrayRef<Operation *> ops) {
  SmallVector<Operation *> sorted(ops);
  llvm::sort(sorted, [](Operation *a, Operation *b) { return a != b && a->isBeforeInBlock(b); });
  SmallVector<Location> locations;
  for (Operation *op : sorted)
    if (!llvm::is_contained(locations, op->getLoc()))
      locations.push_back(op->getLoc());
  return FusedLoc::get(ops.front()->getContext(), locations);
}

namespace {
/// What replaces a value keeps the range that a quantized file has given it.
struct RangeKeeper : RewriterBase::Listener {
  void notifyOperationReplaced(Operation *op, ValueRange replacement) override {
    if (replacement.size() == 1)
      inheritFileRange(op, replacement[0]);
  }
};
} // namespace

LogicalResult applyToFixpoint(func::FuncOp function, RewritePatternSet &&patterns) {
  GreedyRewriteConfig config;
  config.useTopDownTraversal = true;
  config.enableRegionSimplification = GreedySimplifyRegionLevel::Disabled;
  config.maxIterations = GreedyRewriteConfig::kNoLimit;
  RangeKeeper keeper;
  config.listener = &keeper;
  return applyPatternsAndFoldGreedily(function, std::move(patterns), config);
}

} // namespace mcuform
