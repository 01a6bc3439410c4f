// ONNX operators that multiply by weights: MatMul, Gemm, Conv.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;

LogicalResult matmul(NodeLegalizer &n) {
  Value lhs = n.input(0), rhs = n.input(1);
  return n.yield(lhs && rhs ? n.create<mcuf::MatmulOp>(lhs, rhs) : Value());
}

Value scaled(NodeLegalizer &n, Value value, float factor) {
  return factor == 1.0f ? value : n.binary(BinaryKind::Mul, value, n.constant(factor));
}

/// alpha * A' B' + beta * C. alpha is put on B, where it folds into the weights.
LogicalResult gemm(NodeLegalizer &n) {
  Value a = n.input(0), b = n.input(1);
  if (!a || !b)
    return failure();
  if (mcuf::shapeOf(a).size() != 2 || mcuf::shapeOf(b).size() != 2)
    return n.shapeError("operands must be matrices");
  if (n.intAttribute("transA", 0))
    a = n.create<mcuf::TransposeOp>(a, ArrayRef<int64_t>{1, 0});
  if (n.intAttribute("transB", 0))
    b = n.create<mcuf::TransposeOp>(b, ArrayRef<int64_t>{1, 0});
  if (!a || !b)
    return failure();
  b = scaled(n, b, n.floatAttribute("alpha", 1.0f));
  Value result = b ? n.create<mcuf::MatmulOp>(a, b) : Value();
  if (result && n.has(2)) {
    Value c = scaled(n, n.input(2), n.floatAttribute("beta", 1.0f));
    result = c ? n.binary(BinaryKind::Add, result, c) : Value();
  }
  return n.yield(result);
}

/// Padding of one dimension so that the output has ceil(size / stride) positions; the odd element goes where `upper` says.
std::pair<int64_t, int64_t> samePadding(int64_t size, int64_t extent, int64_t stride, bool upper) {
  int64_t outputs = llvm::divideCeil(size, stride);
  int64_t total = std::max<int64_t>((outputs - 1) * stride + extent - size, 0);
  int64_t small = total / 2;
  return upper ? std::pair(small, total - small) : std::pair(total - small, small);
}

/// With one spatial dimension it is that of images one line high.
LogicalResult conv(NodeLegalizer &n) {
  Value input = n.input(0), weights = n.input(1);
  if (!input || !weights)
    return failure();
  const size_t rank = mcuf::shapeOf(input).size();
  if ((rank != 3 && rank != 4) || mcuf::shapeOf(weights).size() != rank)
    return n.error("only convolutions with one or two spatial dimensions are supported, the input has rank " + Twine(rank));
  if (auto kernel = n.node.getInts("kernel_shape"); kernel && *kernel != mcuf::shapeOf(weights).drop_front(2))
    return n.shapeError("kernel_shape is not that of the weights");
  auto asImage = [&](Value value) {
    ArrayRef<int64_t> shape = mcuf::shapeOf(value);
    return rank == 4 ? value : n.reshape(value, {shape[0], shape[1], 1, shape[2]});
  };
  input = asImage(input);
  weights = asImage(weights);
  if (!input || !weights)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input), window = mcuf::shapeOf(weights);
  auto list = [&](StringRef name, int64_t count, int64_t value) {
    SmallVector<int64_t> given(n.node.getInts(name).value_or(ArrayRef<int64_t>()));
    if (given.empty())
      return SmallVector<int64_t>(count, value);
    // The line's own dimension comes first, among the ends as among the beginnings.
    if (rank == 3 && int64_t(given.size()) == count / 2) {
      given.insert(given.begin(), value);
      if (count == 4)
        given.insert(given.begin() + 2, value);
    }
    return given;
  };
  auto strides = list("strides", 2, 1), dilations = list("dilations", 2, 1), pads = list("pads", 4, 0);
  if (strides.size() != 2 || dilations.size() != 2 || pads.size() != 4 || strides[0] < 1 || strides[1] < 1)
    return n.error("strides, dilations or pads do not fit two spatial dimensions");
  StringRef automatic = n.node.getString("auto_pad").value_or("NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    for (int d = 0; d < 2; ++d)
      std::tie(pads[d], pads[2 + d]) =
          samePadding(shape[2 + d], (window[2 + d] - 1) * dilations[d] + 1, strides[d], automatic == "SAME_UPPER");
  } else if (automatic == "VALID") {
    pads.assign(4, 0);
  } else if (automatic != "NOTSET") {
    return n.error("auto_pad = '" + automatic + "' is unknown");
  }
  Value result = n.create<mcuf::ConvOp>(input, weights, n.optionalInput(2), strides, pads, dilations, uint64_t(n.intAttribute("group", 1)));
  if (result && rank == 3)
    result = n.reshape(result, {mcuf::shapeOf(result)[0], mcuf::shapeOf(result)[1], mcuf::shapeOf(result)[3]});
  return n.yield(result);
}

} // namespace

void addLinearHandlers(HandlerRegistry &registry) {
  registry.add("MatMul", matmul).compiles("dense layers, q k^T and probabilities times v of attention");
  registry.add("Gemm", gemm).compiles("dense layers");
  registry.add("Conv", conv).compiles("patch embedding: windows that tile the image, one group").limitedTo("one or two spatial dimensions");
}

} // namespace mcuform
