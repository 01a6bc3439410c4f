// Evaluation of ops on constants through the float reference, so that folding cannot disagree with the oracle.
#include "passes/support/Folding.h"

#include "compiler/reference/Interpreter.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;

namespace mcuform {
namespace {

/// More elements than any weight has: a constant of that size is a mistake in the file, and evaluating it would exhaust the memory.
constexpr int64_t kMaxFoldedElements = int64_t(1) << 28;

/// A name for the resource that holds a folded tensor: that of the largest constant it was made of, so that weights keep their names.
std::string nameOf(Operation *op, ArrayRef<ElementsAttr> operands) {
  std::string name = "folded";
  int64_t largest = 0;
  for (ElementsAttr elements : operands)
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements); resource && elements.getNumElements() > largest) {
      largest = elements.getNumElements();
      name = resource.getRawHandle().getKey().str();
    }
  if (!largest)
    if (auto location = op->getLoc()->findInstanceOf<NameLoc>())
      name = location.getName().str();
  return name;
}

} // namespace

Value createFolded(OpBuilder &builder, OperationState &state) {
  state.types.clear();
  auto *rule = state.name.getInterface<InferTypeOpInterface>();
  if (failed(rule->inferReturnTypes(builder.getContext(), state.location, state.operands,
                                    state.attributes.getDictionary(builder.getContext()), nullptr, {}, state.types)))
    return {};
  SmallVector<ElementsAttr> constants;
  for (Value operand : state.operands)
    if (ElementsAttr elements = mcuf::constantOf(operand))
      constants.push_back(elements);
  if (constants.empty() || constants.size() != state.operands.size()) {
    // Folded before it is inserted, so that no listener of the builder hears of an op that is gone at once.
    Operation *op = Operation::create(state);
    SmallVector<OpFoldResult> folded;
    if (succeeded(op->fold(folded)) && folded.size() == 1)
      if (auto value = dyn_cast<Value>(folded[0])) {
        op->destroy();
        return value;
      }
    return builder.insert(op)->getResult(0);
  }

  if (auto type = cast<RankedTensorType>(state.types.front()); type.getNumElements() > kMaxFoldedElements) {
    emitError(state.location) << "constant of " << type.getNumElements() << " elements, " << kMaxFoldedElements << " are supported";
    return {};
  }
  Operation *op = Operation::create(state);
  SmallVector<HostTensor> operands;
  for (ElementsAttr elements : constants) {
    FailureOr<HostTensor> tensor = toHostTensor(elements);
    if (failed(tensor)) {
      emitError(state.location) << "cannot compute with constants of type " << elements.getType();
      op->destroy();
      return {};
    }
    operands.push_back(std::move(*tensor));
  }
  FailureOr<HostTensor> result = evaluateFloatOp(op, operands);
  Value value;
  if (succeeded(result)) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    value = createConstant(builder, state.location, toElements(*result, type, nameOf(op, constants)));
  }
  op->destroy();
  return value;
}

Value createConstant(OpBuilder &builder, Location location, ElementsAttr value) {
  return builder.create<mcuf::ConstantOp>(location, value.getType(), value);
}

Value createConstant(OpBuilder &builder, Location location, ArrayRef<int64_t> values) {
  return createConstant(builder, location,
                        DenseIntElementsAttr::get(RankedTensorType::get(int64_t(values.size()), builder.getI64Type()), values));
}

Value createConstant(OpBuilder &builder, Location location, float scalar) {
  return createConstant(builder, location, DenseElementsAttr::get(RankedTensorType::get({}, builder.getF32Type()), scalar));
}

std::optional<SmallVector<int64_t>> constantInts(Value value) {
  ElementsAttr elements = mcuf::constantOf(value);
  if (!elements || !elements.getElementType().isIntOrIndex())
    return std::nullopt;
  FailureOr<HostTensor> tensor = toHostTensor(elements);
  if (failed(tensor))
    return std::nullopt;
  SmallVector<int64_t> result;
  for (int64_t i = 0; i < tensor->size(); ++i) {
    switch (tensor->kind()) {
    case ElementKind::I64:
      result.push_back(tensor->data<int64_t>()[i]);
      break;
    case ElementKind::I32:
      result.push_back(tensor->data<int32_t>()[i]);
      break;
    case ElementKind::I16:
      result.push_back(tensor->data<int16_t>()[i]);
      break;
    case ElementKind::U8:
    case ElementKind::I1:
      result.push_back(tensor->data<uint8_t>()[i]);
      break;
    case ElementKind::I8:
      result.push_back(tensor->data<int8_t>()[i]);
      break;
    default:
      return std::nullopt;
    }
  }
  return result;
}

std::optional<double> constantSplat(Value value) {
  ElementsAttr elements = mcuf::constantOf(value);
  if (!elements || !elements.getElementType().isF32())
    return std::nullopt;
  if (auto splat = dyn_cast<SplatElementsAttr>(elements))
    return splat.getSplatValue<float>();
  // A long constant that is the same everywhere is rare enough to look at every element.
  FailureOr<HostTensor> tensor = toHostTensor(elements);
  if (failed(tensor) || tensor->size() == 0)
    return std::nullopt;
  ArrayRef<float> values = tensor->span<float>();
  if (!llvm::all_of(values, [&](float v) { return v == values[0]; }))
    return std::nullopt;
  return values[0];
}

} // namespace mcuform
