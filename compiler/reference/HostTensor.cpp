// Host tensors and their conversion from and to constants in the IR.
#include "compiler/reference/HostTensor.h"

#include "mlir/Dialect/Quant/QuantTypes.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/MLIRContext.h"

#include <cstring>

using namespace mlir;

namespace mcuform {
namespace {
/// Constants up to this many elements are printed in full.
constexpr int64_t kInlineElements = 64;

Type builtinType(ElementKind kind, MLIRContext *context) {
  switch (kind) {
  case ElementKind::F32: return Float32Type::get(context);
  case ElementKind::F64: return Float64Type::get(context);
  case ElementKind::I1: return IntegerType::get(context, 1);
  case ElementKind::I8: return IntegerType::get(context, 8);
  case ElementKind::I16: return IntegerType::get(context, 16);
  case ElementKind::I32: return IntegerType::get(context, 32);
  case ElementKind::I64: return IntegerType::get(context, 64);
  case ElementKind::U8: return IntegerType::get(context, 8, IntegerType::Unsigned);
  }
  return {};
}

template <class T> void copyIntegers(DenseElementsAttr elements, HostTensor &tensor) {
  T *out = tensor.data<T>();
  for (const APInt &value : elements.getValues<APInt>())
    *out++ = T(value.getBitWidth() == 1 ? value.getZExtValue() : value.getSExtValue());
}

} // namespace

int64_t elementBytes(ElementKind kind) {
  switch (kind) {
  case ElementKind::I1:
  case ElementKind::I8:
  case ElementKind::U8: return 1;
  case ElementKind::I16: return 2;
  case ElementKind::F32:
  case ElementKind::I32: return 4;
  case ElementKind::F64:
  case ElementKind::I64: return 8;
  }
  return 0;
}

HostTensor::HostTensor(ElementKind kind, ArrayRef<int64_t> shape) : elementKind(kind), dimensions(shape), elementCount(1) {
  for (int64_t size : shape)
    elementCount *= size;
  bytes = std::make_shared<std::vector<char>>(size_t(elementCount * elementBytes(kind)), 0);
}

HostTensor HostTensor::reshaped(ArrayRef<int64_t> shape) const {
  HostTensor result = *this;
  result.dimensions.assign(shape.begin(), shape.end());
  return result;
}

SmallVector<int64_t> HostTensor::strides() const {
  SmallVector<int64_t> result(dimensions.size(), 1);
  for (size_t i = dimensions.size(); i-- > 1;)
    result[i - 1] = result[i] * dimensions[i];
  return result;
}

std::optional<ElementKind> elementKindOf(Type type) {
  if (auto quantized = dyn_cast<quant::QuantizedType>(type))
    type = quantized.getStorageType();
  if (type.isF32())
    return ElementKind::F32;
  if (type.isF64())
    return ElementKind::F64;
  auto integer = dyn_cast<IntegerType>(type);
  if (!integer || (integer.isUnsigned() && integer.getWidth() != 8))
    return std::nullopt;
  switch (integer.getWidth()) {
  case 1: return ElementKind::I1;
  case 8: return integer.isUnsigned() ? ElementKind::U8 : ElementKind::I8;
  case 16: return ElementKind::I16;
  case 32: return ElementKind::I32;
  case 64: return ElementKind::I64;
  default: return std::nullopt;
  }
}

FailureOr<HostTensor> toHostTensor(ElementsAttr elements) {
  auto type = cast<ShapedType>(elements.getType());
  Type element = type.getElementType();
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
    auto kind = elementKindOf(element);
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!kind || !blob)
      return failure();
    HostTensor tensor(*kind, type.getShape());
    if (int64_t(blob->getData().size()) != tensor.size() * elementBytes(*kind))
      return failure();
    std::memcpy(tensor.data<char>(), blob->getData().data(), blob->getData().size());
    return tensor;
  }
  auto dense = dyn_cast<DenseElementsAttr>(elements);
  if (!dense)
    return failure();
  if (isa<FloatType>(element)) {
    bool isDouble = element.isF64();
    HostTensor tensor(isDouble ? ElementKind::F64 : ElementKind::F32, type.getShape());
    int64_t index = 0;
    for (APFloat value : dense.getValues<APFloat>()) {
      bool lost = false;
      value.convert(isDouble ? APFloat::IEEEdouble() : APFloat::IEEEsingle(), APFloat::rmNearestTiesToEven, &lost);
      if (isDouble)
        tensor.data<double>()[index++] = value.convertToDouble();
      else
        tensor.data<float>()[index++] = value.convertToFloat();
    }
    return tensor;
  }
  auto kind = elementKindOf(element);
  if (!kind)
    return failure();
  HostTensor tensor(*kind, type.getShape());
  switch (elementBytes(*kind)) {
  case 1: copyIntegers<int8_t>(dense, tensor); break;
  case 2: copyIntegers<int16_t>(dense, tensor); break;
  case 4: copyIntegers<int32_t>(dense, tensor); break;
  default: copyIntegers<int64_t>(dense, tensor); break;
  }
  return tensor;
}

ElementsAttr toElements(const HostTensor &tensor, RankedTensorType type, StringRef name) {
  ArrayRef<char> bytes(tensor.data<char>(), size_t(tensor.size() * elementBytes(tensor.kind())));
  if (tensor.size() <= kInlineElements) {
    if (tensor.kind() == ElementKind::I1) {
      SmallVector<bool> values;
      for (char c : bytes)
        values.push_back(c != 0);
      return DenseElementsAttr::get(type, values);
    }
    return DenseElementsAttr::getFromRawBuffer(type, bytes);
  }
  return DenseResourceElementsAttr::get(type, name, HeapAsmResourceBlob::allocateAndCopyWithAlign(bytes, 16));
}

ElementsAttr toElements(const HostTensor &tensor, MLIRContext *context, StringRef name) {
  return toElements(tensor, RankedTensorType::get(tensor.shape(), builtinType(tensor.kind(), context)), name);
}

} // namespace mcuform
