/// Accessors, verifiers and folds of the onnxin ops.
#include "dialects/onnxin/OnnxinOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace mcuform::onnxin;

#define GET_OP_CLASSES
#include "dialects/onnxin/OnnxinOps.cpp.inc"

void NodeOp::build(OpBuilder &builder, OperationState &state, StringRef opType, StringRef domain, DictionaryAttr attrs, ValueRange inputs,
                   unsigned outputCount) {
  state.addOperands(inputs);
  state.addAttribute("op_type", builder.getStringAttr(opType));
  state.addAttribute("domain", builder.getStringAttr(domain));
  state.addAttribute("attrs", attrs);
  state.types.append(outputCount, ValueType::get(builder.getContext()));
}

StringRef NodeOp::getNodeName() {
  if (auto name = getLoc()->findInstanceOf<NameLoc>())
    return name.getName();
  return getOpType();
}

Value NodeOp::getInput(unsigned index) {
  if (index >= getInputs().size())
    return nullptr;
  Value input = getInputs()[index];
  return isa<NoneType>(input.getType()) ? nullptr : input;
}

std::optional<int64_t> NodeOp::getInt(StringRef name) {
  auto value = dyn_cast_or_null<IntegerAttr>(getNodeAttr(name));
  return value ? std::optional(value.getInt()) : std::nullopt;
}

std::optional<float> NodeOp::getFloat(StringRef name) {
  auto value = dyn_cast_or_null<FloatAttr>(getNodeAttr(name));
  return value && value.getType().isF32() ? std::optional(value.getValue().convertToFloat()) : std::nullopt;
}

std::optional<StringRef> NodeOp::getString(StringRef name) {
  auto value = dyn_cast_or_null<StringAttr>(getNodeAttr(name));
  return value ? std::optional(value.getValue()) : std::nullopt;
}

std::optional<ArrayRef<int64_t>> NodeOp::getInts(StringRef name) {
  auto value = dyn_cast_or_null<DenseI64ArrayAttr>(getNodeAttr(name));
  return value ? std::optional(value.asArrayRef()) : std::nullopt;
}

std::optional<ArrayRef<float>> NodeOp::getFloats(StringRef name) {
  auto value = dyn_cast_or_null<DenseF32ArrayAttr>(getNodeAttr(name));
  return value ? std::optional(value.asArrayRef()) : std::nullopt;
}

/// Whether `attribute` is one of the forms in which an ONNX attribute is written down.
static bool isNodeAttribute(Attribute attribute) {
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return integer.getType().isSignlessInteger(64);
  if (auto number = dyn_cast<FloatAttr>(attribute))
    return number.getType().isF32();
  if (auto array = dyn_cast<ArrayAttr>(attribute))
    return llvm::all_of(array, llvm::IsaPred<StringAttr>) || llvm::all_of(array, llvm::IsaPred<ElementsAttr>);
  if (isa<DenseArrayAttr>(attribute))
    return isa<DenseI64ArrayAttr, DenseF32ArrayAttr>(attribute);
  return isa<StringAttr, ElementsAttr>(attribute);
}

LogicalResult NodeOp::verify() {
  if (getOpType().empty())
    return emitOpError("has no operator type");
  for (NamedAttribute attribute : getAttrs())
    if (!isNodeAttribute(attribute.getValue()))
      return emitOpError() << "attribute '" << attribute.getName().getValue() << "' is of no kind that ONNX has";
  return success();
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValue(); }

LogicalResult ConstantOp::verify() {
  auto resource = dyn_cast<DenseResourceElementsAttr>(getValue());
  if (!resource)
    return success();
  // IR printed with its resources elided has no blob when it is read back.
  const AsmResourceBlob *blob = resource.getRawHandle().getBlob();
  if (!blob)
    return success();
  ShapedType type = resource.getType();
  if (!type.getElementType().isIntOrFloat())
    return emitOpError() << "has elements of type " << type.getElementType();
  int64_t elementBytes = llvm::divideCeil(type.getElementTypeBitWidth(), 8);
  int64_t expectedBytes = type.getNumElements() * elementBytes;
  int64_t actualBytes = blob->getData().size();
  if (expectedBytes != actualBytes)
    return emitOpError() << "needs " << expectedBytes << " bytes, its resource has " << actualBytes;
  return success();
}
