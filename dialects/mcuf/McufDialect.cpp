// Registration of the mcuf dialect and the small helpers that every user of it shares.
#include "dialects/mcuf/McufCodeOps.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/IR/Matchers.h"

#include "dialects/mcuf/McufDialect.cpp.inc"
#include "dialects/mcuf/McufEnums.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/mcuf/McufOps.cpp.inc"

#define GET_OP_CLASSES
#include "dialects/mcuf/McufCodeOps.cpp.inc"

using namespace mlir;

namespace mcuform::mcuf {

void McufDialect::initialize() {
  addOperations<
#define GET_OP_LIST
#include "dialects/mcuf/McufOps.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/mcuf/McufCodeOps.cpp.inc"
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

bool hasTable(Operation *op) { return isa_and_nonnull<GeluOp, SwishOp, HardSwishOp>(op); }

bool isActivation(Operation *op) {
  auto unary = dyn_cast_or_null<UnaryOp>(op);
  return isa_and_nonnull<ClippedReluOp>(op) || hasTable(op) || (unary && unary.getKind() == UnaryKind::Relu);
}

bool isInterleavedImage(Value value) {
  Operation *op = value.getDefiningOp();
  if (!isa_and_nonnull<TransposeOp, ReshapeOp>(op) || !isa<BlockArgument>(op->getOperand(0)) || shapeOf(op->getOperand(0)).size() != 4)
    return false;
  if (auto transpose = dyn_cast<TransposeOp>(op))
    return transpose.getPermutation() == ArrayRef<int64_t>{0, 2, 3, 1};
  auto image = shapeOf(op->getOperand(0)); // of one channel it is the same
  return image[1] == 1 && shapeOf(value) == ArrayRef<int64_t>{1, image[2], image[3], 1};
}

std::optional<WindowGrid> WindowGrid::of(ArrayRef<int64_t> map, ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads) {
  if (map.size() < 3 || kernel.size() != 2 || strides.size() != 2 || pads.size() != 4)
    return std::nullopt;
  int64_t outputs[2];
  for (size_t d = 0; d < 2; ++d) {
    const int64_t padded = map[map.size() - 3 + d] + pads[d] + pads[2 + d];
    if (kernel[d] < 1 || strides[d] < 1 || pads[d] < 0 || pads[2 + d] < 0 || pads[d] >= kernel[d] || pads[2 + d] >= kernel[d] || padded < kernel[d])
      return std::nullopt;
    outputs[d] = (padded - kernel[d]) / strides[d] + 1;
  }
  return WindowGrid{map[map.size() - 3], map[map.size() - 2], map.back(), kernel[0], kernel[1], strides[0], strides[1], pads[0], pads[1], outputs[0], outputs[1]};
}

std::optional<WindowGrid> patchGrid(ArrayRef<int64_t> image, ArrayRef<int64_t> patch, std::optional<ArrayRef<int64_t>> pads) {
  const int64_t none[] = {0, 0, 0, 0};
  return WindowGrid::of(image, patch, patch, pads.value_or(none));
}

WindowGrid patchGridOf(PatchEmbedOp embed) {
  auto image = shapeOf(embed.getImage());
  const bool isSequence = image.size() == 3;
  const SmallVector<int64_t> map = isSequence ? SmallVector<int64_t>(image) : SmallVector<int64_t>{image[2], image[3], image[1]};
  return *patchGrid(map, shapeOf(embed.getWeights()).slice(1, 2), embed.getPads());
}

WindowGrid patchGridOf(QPatchEmbedOp embed) {
  return *patchGrid(shapeOf(embed.getImage()), {int64_t(embed.getPatchHeight()), int64_t(embed.getPatchWidth())}, embed.getPads());
}

RelativeGrid RelativeGrid::of(ArrayRef<int64_t> numbers) { return {numbers[0], numbers[1], numbers[2], numbers[3], numbers[4]}; }

int64_t RelativeGrid::rowOfRows(int64_t i, int64_t j) const {
  return 1 + rowClip + std::clamp((j - prefix) / width - (i - prefix) / width, -rowClip, rowClip);
}

int64_t RelativeGrid::rowOfColumns(int64_t i, int64_t j) const {
  return 2 + 2 * rowClip + columnClip + std::clamp((j - prefix) % width - (i - prefix) % width, -columnClip, columnClip);
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
