// ONNX operators that multiply by weights: MatMul, Gemm, Conv.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"
#include "passes/legalize/WindowAttributes.h"

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
  input = asImage(n, input);
  weights = asImage(n, weights);
  if (!input || !weights)
    return failure();
  auto windows = windowAttributes(n, mcuf::shapeOf(input).take_back(2), mcuf::shapeOf(weights).take_back(2), rank == 3);
  if (!windows)
    return failure();
  Value result = n.create<mcuf::ConvOp>(input, weights, n.optionalInput(2), windows->strides, windows->pads, windows->dilations,
                                        uint64_t(n.intAttribute("group", 1)));
  return n.yield(result && rank == 3 ? asLines(n, result) : result);
}

} // namespace

void addLinearHandlers(HandlerRegistry &registry) {
  registry.add("MatMul", matmul).compiles("dense layers, q k^T and probabilities times v of attention");
  registry.add("Gemm", gemm).compiles("dense layers");
  registry.add("Conv", conv).compiles("one group, or depthwise; dilations of 1").limitedTo("one or two spatial dimensions");
}

} // namespace mcuform
