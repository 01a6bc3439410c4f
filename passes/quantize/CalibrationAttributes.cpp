#include "passes/quantize/CalibrationAttributes.h"

#include "compiler/reference/HostTensor.h"

using namespace mlir;

namespace mcuform {

void setChannelAttribute(Operation *op, StringRef name, const std::vector<double> &values) {
  HostTensor tensor(ElementKind::F32, {int64_t(values.size())});
  std::copy(values.begin(), values.end(), tensor.data<float>());
  op->setAttr(name, toElements(tensor, op->getContext(), name));
}

std::vector<double> channelAttribute(Operation *op, StringRef name, size_t count) {
  auto elements = op->getAttrOfType<ElementsAttr>(name);
  if (!elements || size_t(elements.getNumElements()) != count)
    return {};
  FailureOr<HostTensor> tensor = toHostTensor(elements);
  if (failed(tensor) || tensor->kind() != ElementKind::F32)
    return {};
  return std::vector<double>(tensor->data<float>(), tensor->data<float>() + count);
}

void setMatrixAttribute(Operation *op, StringRef name, const std::vector<float> &values, int64_t width) {
  HostTensor tensor(ElementKind::F32, {width, width});
  std::copy(values.begin(), values.end(), tensor.data<float>());
  op->setAttr(name, toElements(tensor, op->getContext(), name));
}

std::vector<float> matrixAttribute(Operation *op, StringRef name, int64_t width) {
  auto elements = op->getAttrOfType<ElementsAttr>(name);
  if (!elements || elements.getShapedType().getShape() != ArrayRef<int64_t>({width, width}))
    return {};
  FailureOr<HostTensor> tensor = toHostTensor(elements);
  if (failed(tensor) || tensor->kind() != ElementKind::F32)
    return {};
  return std::vector<float>(tensor->data<float>(), tensor->data<float>() + width * width);
}

} // namespace mcuform
