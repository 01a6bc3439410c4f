#include "passes/fusion/GatedUnits.h"

using namespace mlir;

namespace mcuform {

std::optional<GatedUnits> GatedUnits::match(mcuf::BinaryOp op) {
  if (op.getKind() != mcuf::BinaryKind::Mul || op.getLhs().getType() != op.getRhs().getType())
    return std::nullopt;
  GatedUnits units{op, {}, {}, layersReading(op)};
  for (size_t side = 0; side < 2; ++side) {
    Value value = op->getOperand(unsigned(side));
    if (Operation *activation = value.getDefiningOp(); mcuf::isActivation(activation) && value.hasOneUse()) {
      units.activations[side] = activation;
      value = activation->getOperand(0);
    }
    units.layers[side] = value.getDefiningOp<mcuf::LinearOp>();
    if (!isConstantLayer(units.layers[side]) || !value.hasOneUse())
      return std::nullopt;
  }
  return units.readers.empty() ? std::nullopt : std::optional(units);
}

Value GatedUnits::of(PatternRewriter &rewriter, std::array<mcuf::LinearOp, 2> others) {
  rewriter.setInsertionPoint(product);
  std::array<Value, 2> factors = {others[0], others[1]};
  for (size_t side = 0; side < 2; ++side)
    if (Operation *activation = activations[side]) {
      OperationState state(activation->getLoc(), activation->getName(), factors[side], TypeRange(), activation->getAttrs());
      factors[side] = createFolded(rewriter, state);
    }
  return rewriter.create<mcuf::BinaryOp>(product.getLoc(), mcuf::BinaryKind::Mul, factors[0], factors[1]);
}

} // namespace mcuform
