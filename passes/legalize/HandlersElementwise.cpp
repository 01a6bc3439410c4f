// ONNX operators that work element by element.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

template <UnaryKind kind> LogicalResult unary(NodeLegalizer &n) {
  Value input = n.input(0);
  return n.yield(input ? n.create<mcuf::UnaryOp>(kind, input) : Value());
}

template <BinaryKind kind> LogicalResult binary(NodeLegalizer &n) {
  Value lhs = n.input(0), rhs = n.input(1);
  return n.yield(lhs && rhs ? n.binary(kind, lhs, rhs) : Value());
}

/// Add, Mul, Max ... of any number of operands where the operator has that form.
template <BinaryKind kind> LogicalResult variadic(NodeLegalizer &n) {
  Value result = n.input(0);
  for (unsigned i = 1; result && i < n.inputCount(); ++i)
    result = n.binary(kind, result, n.input(i));
  return n.yield(result);
}

/// a >= b as not (a < b), and the like.
template <BinaryKind opposite> LogicalResult negated(NodeLegalizer &n) {
  Value lhs = n.input(0), rhs = n.input(1);
  Value result = lhs && rhs ? n.binary(opposite, lhs, rhs) : Value();
  return n.yield(result ? n.create<mcuf::UnaryOp>(UnaryKind::Not, result) : Value());
}

/// The exponent may have another element type than the base, whose type the result has.
LogicalResult power(NodeLegalizer &n) {
  Value base = n.input(0), exponent = n.input(1);
  if (!base || !exponent)
    return failure();
  Type element = getElementTypeOrSelf(base);
  if (getElementTypeOrSelf(exponent) != element)
    exponent = n.create<mcuf::CastOp>(exponent, element);
  return n.yield(exponent ? n.binary(BinaryKind::Pow, base, exponent) : Value());
}

/// Mod has the divisor's sign, or with fmod = 1 the dividend's.
LogicalResult modulo(NodeLegalizer &n) {
  Value lhs = n.input(0), rhs = n.input(1);
  if (!lhs || !rhs)
    return failure();
  if (n.intAttribute("fmod", 0) == 0)
    return n.yield(n.binary(BinaryKind::Mod, lhs, rhs));
  // a - trunc(a / b) * b; integers divide that way, floats are truncated by way of one.
  Value whole = n.binary(BinaryKind::Div, lhs, rhs);
  if (isa<FloatType>(getElementTypeOrSelf(lhs))) {
    whole = whole ? n.create<mcuf::CastOp>(whole, Type(n.builder.getI64Type())) : Value();
    whole = whole ? n.create<mcuf::CastOp>(whole, getElementTypeOrSelf(lhs)) : Value();
  }
  Value multiple = whole ? n.binary(BinaryKind::Mul, whole, rhs) : Value();
  return n.yield(multiple ? n.binary(BinaryKind::Sub, lhs, multiple) : Value());
}

LogicalResult where(NodeLegalizer &n) {
  Value condition = n.input(0), onTrue = n.input(1), onFalse = n.input(2);
  return n.yield(condition && onTrue && onFalse ? n.create<mcuf::SelectOp>(condition, onTrue, onFalse) : Value());
}

LogicalResult cast(NodeLegalizer &n) {
  // The numbers are those of ONNX's TensorProto.DataType. All float types are computed as f32.
  auto typeOf = [&](int64_t number) -> Type {
    switch (number) {
    case 1:
    case 10:
    case 11:
    case 16:
      return n.builder.getF32Type();
    case 2:
      return n.builder.getIntegerType(8, /*isSigned=*/false);
    case 3:
      return n.builder.getI8Type();
    case 5:
      return n.builder.getI16Type();
    case 6:
      return n.builder.getI32Type();
    case 7:
      return n.builder.getI64Type();
    case 9:
      return n.builder.getI1Type();
    default:
      return {};
    }
  };
  Value input = n.input(0);
  if (!input)
    return failure();
  int64_t number = n.intAttribute("to", 0);
  Type type = typeOf(number);
  if (!type)
    return n.error("conversion to ONNX element type " + Twine(number) + " is not supported");
  return n.yield(getElementTypeOrSelf(input) == type ? input : n.create<mcuf::CastOp>(input, type));
}

LogicalResult castLike(NodeLegalizer &n) {
  Value input = n.input(0), like = n.input(1);
  if (!input || !like)
    return failure();
  Type type = getElementTypeOrSelf(like);
  return n.yield(getElementTypeOrSelf(input) == type ? input : n.create<mcuf::CastOp>(input, type));
}

/// Bounds are operands (opset 11 and up), either of which may be missing.
LogicalResult clip(NodeLegalizer &n) {
  Value result = n.input(0);
  if (result && n.has(1))
    result = n.binary(BinaryKind::Max, result, n.input(1));
  if (result && n.has(2))
    result = n.binary(BinaryKind::Min, result, n.input(2));
  return n.yield(result);
}

LogicalResult gelu(NodeLegalizer &n) {
  Value input = n.input(0);
  StringRef form = n.node.getString("approximate").value_or("none");
  if (form != "none" && form != "tanh")
    return n.error("approximate = '" + form + "' is unknown");
  return n.yield(input ? n.create<mcuf::GeluOp>(input, form == "tanh") : Value());
}

/// x * max(0, min(1, alpha * x + beta)); HardSigmoid without the product.
Value hardSigmoid(NodeLegalizer &n, Value input, float alpha, float beta) {
  Value value = n.binary(BinaryKind::Mul, input, n.constant(alpha));
  value = value ? n.binary(BinaryKind::Add, value, n.constant(beta)) : value;
  value = value ? n.binary(BinaryKind::Max, value, n.constant(0.0f)) : value;
  return value ? n.binary(BinaryKind::Min, value, n.constant(1.0f)) : value;
}

LogicalResult hardSigmoid(NodeLegalizer &n) {
  Value input = n.input(0);
  return n.yield(input ? hardSigmoid(n, input, n.floatAttribute("alpha", 0.2f), n.floatAttribute("beta", 0.5f)) : Value());
}

LogicalResult hardSwish(NodeLegalizer &n) {
  Value input = n.input(0);
  Value gate = input ? hardSigmoid(n, input, 1.0f / 6, 0.5f) : Value();
  return n.yield(gate ? n.binary(BinaryKind::Mul, input, gate) : Value());
}

LogicalResult identity(NodeLegalizer &n) { return n.yield(n.input(0)); }

/// Inference only: nothing is dropped, and the mask says so.
LogicalResult dropout(NodeLegalizer &n) {
  if (n.has(2)) {
    auto training = n.ints(2, "training_mode");
    if (!training)
      return failure();
    if (llvm::any_of(*training, [](int64_t flag) { return flag != 0; }))
      return n.error("training_mode is set; export the model for inference");
  }
  Value input = n.input(0);
  if (input && n.node->getNumResults() > 1) {
    Value kept = createConstant(n.builder, n.location(), DenseElementsAttr::get(RankedTensorType::get({}, n.builder.getI1Type()), true));
    if (failed(n.yield(n.create<mcuf::BroadcastOp>(kept, mcuf::shapeOf(input)), 1)))
      return failure();
  }
  return n.yield(input);
}

} // namespace

void addElementwiseHandlers(HandlerRegistry &registry) {
  registry.add("Neg", unary<UnaryKind::Neg>);
  registry.add("Abs", unary<UnaryKind::Abs>);
  registry.add("Sqrt", unary<UnaryKind::Sqrt>).compiles("in LayerNorm and RMSNorm");
  registry.add("Exp", unary<UnaryKind::Exp>);
  registry.add("Log", unary<UnaryKind::Log>);
  registry.add("Erf", unary<UnaryKind::Erf>).compiles("in GELU");
  registry.add("Tanh", unary<UnaryKind::Tanh>).compiles("in GELU");
  registry.add("Sigmoid", unary<UnaryKind::Sigmoid>).compiles("in SiLU, QuickGELU and attention");
  registry.add("Relu", unary<UnaryKind::Relu>).compiles("behind a dense layer");
  registry.add("Reciprocal", unary<UnaryKind::Reciprocal>).compiles("in LayerNorm and RMSNorm");
  registry.add("Not", unary<UnaryKind::Not>);
  registry.add("Floor", unary<UnaryKind::Floor>);
  registry.add("Ceil", unary<UnaryKind::Ceil>);
  registry.add("Round", unary<UnaryKind::Round>);
  registry.add("Sin", unary<UnaryKind::Sin>);
  registry.add("Cos", unary<UnaryKind::Cos>);
  registry.add("Add", binary<BinaryKind::Add>).compiles("residuals, bias, positions; in LayerNorm and GELU");
  registry.add("Sub", binary<BinaryKind::Sub>).compiles("in LayerNorm");
  registry.add("Mul", binary<BinaryKind::Mul>).compiles("scales next to a dense layer; gates of MLPs; in LayerNorm, GELU and the like");
  registry.add("Div", binary<BinaryKind::Div>).compiles("scales next to a dense layer; in LayerNorm and GELU");
  registry.add("Equal", binary<BinaryKind::Equal>);
  registry.add("Less", binary<BinaryKind::Less>);
  registry.add("Greater", binary<BinaryKind::Greater>);
  registry.add("GreaterOrEqual", negated<BinaryKind::Less>).since(12);
  registry.add("LessOrEqual", negated<BinaryKind::Greater>).since(12);
  registry.add("And", binary<BinaryKind::And>);
  registry.add("Or", binary<BinaryKind::Or>);
  registry.add("Xor", negated<BinaryKind::Equal>);
  registry.add("Max", variadic<BinaryKind::Max>).compiles("in HardSwish");
  registry.add("Min", variadic<BinaryKind::Min>).compiles("in HardSwish");
  registry.add("Sum", variadic<BinaryKind::Add>).compiles("residuals");
  registry.add("Pow", power).compiles("squares and roots in LayerNorm, RMSNorm and GELU");
  registry.add("Mod", modulo);
  registry.add("Where", where);
  registry.add("Cast", cast).limitedTo("no strings, complex numbers, 16 to 64 bit unsigned integers; all float types are float32");
  registry.add("CastLike", castLike).since(15).limitedTo("as Cast");
  registry.add("Clip", clip).compiles("in HardSwish");
  registry.add("Gelu", gelu).since(20).compiles("yes");
  registry.add("HardSigmoid", hardSigmoid).compiles("in HardSwish");
  registry.add("HardSwish", hardSwish).since(14).compiles("behind a dense layer");
  registry.add("Identity", identity).compiles("yes");
  registry.add("Dropout", dropout).compiles("yes, without effect").limitedTo("inference");
}

} // namespace mcuform
