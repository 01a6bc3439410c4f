// ONNX operators that are short formulas of others.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

/// Ops one after another that stop at the first that cannot be made.
class Formula {
public:
  explicit Formula(NodeLegalizer &n) : n(n) {}

  Value unary(UnaryKind kind, Value x) { return x ? n.create<mcuf::UnaryOp>(kind, x) : Value(); }
  Value binary(BinaryKind kind, Value a, Value b) { return a && b ? n.binary(kind, a, b) : Value(); }
  Value add(Value a, Value b) { return binary(BinaryKind::Add, a, b); }
  Value mul(Value a, Value b) { return binary(BinaryKind::Mul, a, b); }
  Value mul(Value a, float b) { return mul(a, n.constant(b)); }
  Value positivePart(Value x) { return unary(UnaryKind::Relu, x); }
  /// min(x, 0)
  Value negativePart(Value x) { return binary(BinaryKind::Min, x, n.constant(0.0f)); }

private:
  NodeLegalizer &n;
};

/// 1, -1 or 0: (x > 0) - (x < 0).
LogicalResult sign(NodeLegalizer &n) {
  Value x = n.input(0);
  if (!x)
    return failure();
  Type element = getElementTypeOrSelf(x);
  auto scalar = RankedTensorType::get({}, element);
  Value zero = createConstant(n.builder, n.location(), cast<ElementsAttr>(n.builder.getZeroAttr(scalar)));
  auto flag = [&](BinaryKind kind) {
    Value holds = n.binary(kind, x, zero);
    return holds ? n.create<mcuf::CastOp>(holds, element) : Value();
  };
  return n.yield(Formula(n).binary(BinaryKind::Sub, flag(BinaryKind::Greater), flag(BinaryKind::Less)));
}

LogicalResult mean(NodeLegalizer &n) {
  Formula f(n);
  Value sum = n.input(0);
  for (unsigned i = 1; sum && i < n.inputCount(); ++i)
    sum = f.add(sum, n.input(i));
  return n.yield(f.mul(sum, 1.0f / float(n.inputCount())));
}

LogicalResult leakyRelu(NodeLegalizer &n) {
  Formula f(n);
  Value x = n.input(0);
  return n.yield(x ? f.add(f.positivePart(x), f.mul(f.negativePart(x), n.floatAttribute("alpha", 0.01f))) : Value());
}

LogicalResult prelu(NodeLegalizer &n) {
  Formula f(n);
  Value x = n.input(0), slope = n.input(1);
  return n.yield(x && slope ? f.add(f.positivePart(x), f.mul(f.negativePart(x), slope)) : Value());
}

/// x where positive, else alpha * (exp(x) - 1).
LogicalResult elu(NodeLegalizer &n) {
  Formula f(n);
  Value x = n.input(0);
  if (!x)
    return failure();
  Value grown = f.add(f.unary(UnaryKind::Exp, f.negativePart(x)), n.constant(-1.0f));
  return n.yield(f.add(f.positivePart(x), f.mul(grown, n.floatAttribute("alpha", 1.0f))));
}

/// log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which does not overflow.
LogicalResult softplus(NodeLegalizer &n) {
  Formula f(n);
  Value x = n.input(0);
  if (!x)
    return failure();
  Value decay = f.unary(UnaryKind::Exp, f.unary(UnaryKind::Neg, f.unary(UnaryKind::Abs, x)));
  return n.yield(f.add(f.positivePart(x), f.unary(UnaryKind::Log, f.add(decay, n.constant(1.0f)))));
}

/// x / (1 + |x|)
LogicalResult softsign(NodeLegalizer &n) {
  Formula f(n);
  Value x = n.input(0);
  return n.yield(x ? f.binary(BinaryKind::Div, x, f.add(f.unary(UnaryKind::Abs, x), n.constant(1.0f))) : Value());
}

} // namespace

void addCompositeHandlers(HandlerRegistry &registry) {
  registry.add("Sign", sign);
  registry.add("Mean", mean);
  registry.add("LeakyRelu", leakyRelu);
  registry.add("PRelu", prelu);
  registry.add("Elu", elu);
  registry.add("Softplus", softplus);
  registry.add("Softsign", softsign);
}

} // namespace mcuform
