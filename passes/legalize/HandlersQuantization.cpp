// Quantization that the file already has: QuantizeLinear and DequantizeLinear, written out in float arithmetic.
//
// What they make of constants folds to the weights that the file means; around run-time values mcuf-fold-quantization finds them again.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

/// A scale or zero point so that it broadcasts against a tensor of `rank`: a scalar, or one value for each index along the axis. Null after an
/// error.
Value alongAxis(NodeLegalizer &n, Value parameter, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> extents = mcuf::shapeOf(parameter);
  if (extents.size() > 1) {
    (void)n.error("scales by blocks are not supported; one for all or one for each index of an axis is");
    return {};
  }
  if (extents.empty() || extents[0] == 1)
    return n.reshape(parameter, {});
  auto axis = n.normalizeAxis(n.intAttribute("axis", 1), int64_t(shape.size()));
  if (!axis)
    return {};
  if (shape[size_t(*axis)] != extents[0]) {
    (void)n.shapeError("has " + Twine(extents[0]) + " scales for " + Twine(shape[size_t(*axis)]) + " indices of axis " + Twine(*axis));
    return {};
  }
  SmallVector<int64_t> broadcast(shape.size(), 1);
  broadcast[size_t(*axis)] = extents[0];
  return n.reshape(parameter, broadcast);
}

/// Scale and zero point of a node, as float32; no zero point is zero.
struct Parameters {
  Value scale, zeroPoint; ///< the latter null where it is absent or zero
};

std::optional<Parameters> parametersOf(NodeLegalizer &n, ArrayRef<int64_t> shape) {
  Value scale = n.input(1);
  if (!scale)
    return std::nullopt;
  if (n.intAttribute("block_size", 0) != 0) {
    (void)n.error("scales by blocks are not supported; one for all or one for each index of an axis is");
    return std::nullopt;
  }
  Parameters result;
  result.scale = alongAxis(n, scale, shape);
  if (!result.scale)
    return std::nullopt;
  if (!n.has(2))
    return result;
  Value zero = n.optionalInput(2);
  zero = n.create<mcuf::CastOp>(zero, Type(n.builder.getF32Type()));
  auto splat = zero ? constantSplat(zero) : std::nullopt;
  if (splat && *splat == 0)
    return result;
  result.zeroPoint = zero ? alongAxis(n, zero, shape) : Value();
  return result.zeroPoint ? std::optional(result) : std::nullopt;
}

/// y = saturate(round(x / scale) + zero point), to the nearest, ties to even.
LogicalResult quantizeLinear(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  Type type = n.has(2) ? getElementTypeOrSelf(n.optionalInput(2)) : Type(n.builder.getIntegerType(8, /*isSigned=*/false));
  const bool isSigned = type.isSignlessInteger(8);
  if (!isSigned && !type.isUnsignedInteger(8))
    return n.error("only int8 and uint8 are supported");
  if (int64_t output = n.intAttribute("output_dtype", 0); output != 0 && output != (isSigned ? 3 : 2))
    return n.error("only int8 and uint8 are supported, by the type of the zero point");
  auto parameters = parametersOf(n, mcuf::shapeOf(input));
  if (!parameters)
    return failure();
  Value value = n.binary(BinaryKind::Div, input, parameters->scale);
  value = value ? n.create<mcuf::UnaryOp>(UnaryKind::Round, value) : value;
  if (value && parameters->zeroPoint)
    value = n.binary(BinaryKind::Add, value, parameters->zeroPoint);
  value = value ? n.binary(BinaryKind::Max, value, n.constant(isSigned ? -128.0f : 0.0f)) : value;
  value = value ? n.binary(BinaryKind::Min, value, n.constant(isSigned ? 127.0f : 255.0f)) : value;
  return n.yield(value ? n.create<mcuf::CastOp>(value, type) : value);
}

/// y = (x - zero point) * scale.
LogicalResult dequantizeLinear(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  auto parameters = parametersOf(n, mcuf::shapeOf(input));
  if (!parameters)
    return failure();
  Value value = n.create<mcuf::CastOp>(input, Type(n.builder.getF32Type()));
  if (value && parameters->zeroPoint)
    value = n.binary(BinaryKind::Sub, value, parameters->zeroPoint);
  return n.yield(value ? n.binary(BinaryKind::Mul, value, parameters->scale) : value);
}

} // namespace

void addQuantizationHandlers(HandlerRegistry &registry) {
  const char *limits = "int8 and uint8, of constants also int32; no scales by blocks";
  registry.add("QuantizeLinear", quantizeLinear).compiles("in front of its DequantizeLinear").limitedTo(limits);
  registry.add("DequantizeLinear", dequantizeLinear).compiles("of constants, and behind its QuantizeLinear").limitedTo(limits);
}

} // namespace mcuform
