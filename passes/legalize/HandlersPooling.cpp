// ONNX operators that pool windows of images.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"
#include "passes/legalize/WindowAttributes.h"

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::ReduceKind;

/// Lengthens the padding at the ends for ceil_mode, which lets the last window begin on the image or its padding in front and end beyond
/// what there is. False where that adds no window.
bool padForCeiling(WindowAttributes &windows, ArrayRef<int64_t> size, ArrayRef<int64_t> kernel) {
  bool adds = false;
  for (int d = 0; d < 2; ++d) {
    const int64_t stride = windows.strides[d], begin = windows.pads[d], padded = size[d] + begin + windows.pads[2 + d];
    int64_t outputs = llvm::divideCeil(std::max<int64_t>(padded - kernel[d], 0), stride) + 1;
    if ((outputs - 1) * stride >= size[d] + begin)
      --outputs;
    const int64_t needed = (outputs - 1) * stride + kernel[d];
    if (needed > padded) {
      windows.pads[2 + d] += needed - padded;
      adds = true;
    }
  }
  return adds;
}

/// Windows of [batch 1, channels, height, width], or of lines, whose pixels lie together channel by channel once they are transposed.
template <ReduceKind kind> LogicalResult pool(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  const size_t rank = mcuf::shapeOf(input).size();
  if (rank != 3 && rank != 4)
    return n.error("only pools with one or two spatial dimensions are supported, the input has rank " + Twine(rank));
  if (mcuf::shapeOf(input)[0] != 1)
    return n.error("a batch of " + Twine(mcuf::shapeOf(input)[0]) + " images is not supported, only one at a time");
  if (n.node->getNumResults() > 1 && !n.node->getResult(1).use_empty())
    return n.error("the second output, the places of the largest values, is not supported");
  if (!getElementTypeOrSelf(input).isF32())
    return n.error("only pools of float32 are supported");
  SmallVector<int64_t> kernel(n.node.getInts("kernel_shape").value_or(ArrayRef<int64_t>()));
  if (kernel.size() != rank - 2)
    return n.shapeError("kernel_shape has " + Twine(kernel.size()) + " entries for " + Twine(rank - 2) + " spatial dimensions");
  if (rank == 3)
    kernel.insert(kernel.begin(), 1);
  input = asImage(n, input);
  if (!input)
    return failure();
  const SmallVector<int64_t> size(mcuf::shapeOf(input).take_back(2));
  auto windows = windowAttributes(n, size, kernel, rank == 3);
  if (!windows)
    return failure();
  if (llvm::any_of(windows->dilations, [](int64_t dilation) { return dilation != 1; }))
    return n.error("dilations other than 1 are not supported");
  const bool countsPadding = n.intAttribute("count_include_pad", 0) != 0;
  if (n.intAttribute("ceil_mode", 0) && padForCeiling(*windows, size, kernel) && countsPadding)
    return n.error("ceil_mode with count_include_pad is not supported where a window ends beyond the padding");
  Value map = n.create<mcuf::TransposeOp>(input, ArrayRef<int64_t>{0, 2, 3, 1});
  Value result = map ? n.create<mcuf::PoolOp>(kind, map, kernel, windows->strides, windows->pads, countsPadding) : Value();
  result = result ? n.create<mcuf::TransposeOp>(result, ArrayRef<int64_t>{0, 3, 1, 2}) : Value();
  return n.yield(result && rank == 3 ? asLines(n, result) : result);
}

} // namespace

void addPoolingHandlers(HandlerRegistry &registry) {
  constexpr llvm::StringLiteral limits = "one or two spatial dimensions, dilations of 1, one image";
  registry.add("AveragePool", pool<ReduceKind::Mean>).compiles("without padding, or where it counts").limitedTo(limits);
  registry.add("MaxPool", pool<ReduceKind::Max>).compiles("yes").limitedTo("as AveragePool, without the places");
}

} // namespace mcuform
