// Registration of the mcuf dialect and the small helpers that every user of it shares.
#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/IR/Matchers.h"

#include "dialects/mcuf/McufDialect.cpp.inc"
#include "dialects/mcuf/McufEnums.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/mcuf/McufOps.cpp.inc"

using namespace mlir;

namespace mcuform::mcuf {

void McufDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/mcuf/McufOps.cpp.inc"
      >();
}

int64_t rowCount(Value value) {
  int64_t rows = 1;
  for (int64_t size : shapeOf(value).drop_back())
    rows *= size;
  return rows;
}

RankedTensorType withWidth(Value value, int64_t width) {
  auto type = cast<RankedTensorType>(value.getType());
  SmallVector<int64_t> shape(type.getShape());
  shape.back() = width;
  return type.clone(shape);
}

std::optional<SmallVector<int64_t>> broadcastShapes(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  SmallVector<int64_t> shape(a);
  size_t shift = a.size() - b.size();
  for (size_t i = 0; i < b.size(); ++i) {
    int64_t &size = shape[shift + i];
    if (size == 1)
      size = b[i];
    else if (b[i] != 1 && b[i] != size)
      return std::nullopt;
  }
  return shape;
}

bool isActivation(Operation *op) {
  auto unary = dyn_cast_or_null<UnaryOp>(op);
  return isa_and_nonnull<GeluOp>(op) || (unary && unary.getKind() == UnaryKind::Relu);
}

ElementsAttr constantOf(Value value) {
  ElementsAttr elements;
  if (value && matchPattern(value, m_Constant(&elements)))
    return elements;
  return {};
}

OpFoldResult ConstantOp::fold(FoldAdaptor) { return getValueAttr(); }
OpFoldResult ReshapeOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }
OpFoldResult SliceOp::fold(FoldAdaptor) { return getInput().getType() == getType() && llvm::all_of(getSteps(), [](int64_t s) { return s == 1; }) ? getInput() : Value(); }
OpFoldResult BroadcastOp::fold(FoldAdaptor) { return getInput().getType() == getType() ? getInput() : Value(); }
OpFoldResult TransposeOp::fold(FoldAdaptor) {
  for (auto [index, dimension] : llvm::enumerate(getPermutation()))
    if (int64_t(index) != dimension)
      return {};
  return getInput();
}

} // namespace mcuform::mcuf
