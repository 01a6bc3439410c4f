// Registration of the mcurt dialect, its builders, inferred types and effects.
#include "dialects/mcurt/McurtDialect.h"

#include "llvm/ADT/TypeSwitch.h"

#include "dialects/mcurt/McurtDialect.cpp.inc"
#include "dialects/mcurt/McurtEnums.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/mcurt/McurtOps.cpp.inc"

using namespace mlir;

namespace mcuform::mcurt {

void McurtDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/mcurt/McurtOps.cpp.inc"
      >();
}

Value rootOf(Value value) {
  while (auto view = value.getDefiningOp<ViewOp>())
    value = view.getSource();
  return value;
}

bool isReadOnly(Value root) { return isa_and_nonnull<ConstantOp, TableOp>(root.getDefiningOp()); }

int64_t sizeBytesOf(MemRefType type) { return type.getNumElements() * ((type.getElementTypeBitWidth() + 7) / 8); }

void BufferOp::build(OpBuilder &builder, OperationState &state, MemRefType type, StringRef name) {
  state.addAttribute("name", builder.getStringAttr(name));
  state.addTypes(type);
}

int64_t BufferOp::getSizeBytes() { return sizeBytesOf(getType()); }

void BufferOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void ConstantOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), getName()); }
void TableOp::getAsmResultNames(OpAsmSetValueNameFn setName) { setName(getResult(), ("delta_" + getName()).str()); }
void ForOp::getAsmBlockArgumentNames(Region &region, OpAsmSetValueNameFn setName) {
  setName(region.getArgument(0), getStep() == 1 ? "i" : "first");
  setName(region.getArgument(1), getStep() == 1 ? "one" : "rows");
}

LogicalResult ConstantOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  ShapedType type = adaptor.getValue().getShapedType();
  types.push_back(MemRefType::get(type.getShape(), type.getElementType()));
  return success();
}

LogicalResult ViewOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(MemRefType::get({ShapedType::kDynamic}, cast<MemRefType>(adaptor.getSource().getType()).getElementType()));
  return success();
}

Value ViewOp::getIndexOf(unsigned dim) {
  if (getScales()[dim] == 0)
    return {};
  return getIndices()[llvm::count_if(getScales().take_front(dim), [](int64_t scale) { return scale != 0; })];
}

void StageOp::build(OpBuilder &builder, OperationState &state, StringRef name) {
  state.addAttribute("name", builder.getStringAttr(name));
  state.addRegion()->emplaceBlock();
}

void ForOp::build(OpBuilder &builder, OperationState &state, int64_t extent, int64_t step) {
  state.addAttribute("extent", builder.getI64IntegerAttr(extent));
  state.addAttribute("step", builder.getI64IntegerAttr(step));
  Type index = builder.getIndexType();
  state.addRegion()->emplaceBlock().addArguments({index, index}, {state.location, state.location});
}

void CallOp::build(OpBuilder &builder, OperationState &state, StringRef kernel, ArrayRef<BufferUse> buffers, ArrayRef<Integer> integers) {
  SmallVector<int32_t> accesses;
  SmallVector<int64_t> numbers;
  for (const BufferUse &use : buffers) {
    state.addOperands(use.value);
    accesses.push_back(static_cast<int32_t>(use.access));
  }
  int32_t indices = 0;
  for (const Integer &integer : integers) {
    if (integer.value) {
      state.addOperands(integer.value);
      ++indices;
    }
    numbers.push_back(integer.value ? ShapedType::kDynamic : integer.number);
  }
  state.addAttribute("kernel", builder.getStringAttr(kernel));
  state.addAttribute("accesses", builder.getDenseI32ArrayAttr(accesses));
  state.addAttribute("integers", builder.getDenseI64ArrayAttr(numbers));
  state.addAttribute(getOperandSegmentSizeAttr(), builder.getDenseI32ArrayAttr({static_cast<int32_t>(buffers.size()), indices}));
}

void CallOp::getEffects(SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>> &effects) {
  for (auto [i, operand] : llvm::enumerate((*this)->getOpOperands().take_front(getBuffers().size()))) {
    if (getAccess(i) != Access::Write)
      effects.emplace_back(MemoryEffects::Read::get(), &operand);
    if (getAccess(i) != Access::Read)
      effects.emplace_back(MemoryEffects::Write::get(), &operand);
  }
}

} // namespace mcuform::mcurt
