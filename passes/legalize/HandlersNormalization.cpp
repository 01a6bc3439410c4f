// ONNX operators that reduce or normalize.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::ReduceKind;
using mcuf::UnaryKind;

/// A function of every element.
using ElementFunction = Value (*)(NodeLegalizer &, Value);

/// Axes are an attribute before opset `axesInputSince`. Without axes everything is reduced, or nothing if noop_with_empty_axes says so.
/// `before` is applied to the elements, `after` to the result, where they are given.
template <ReduceKind kind, int64_t axesInputSince> LogicalResult reduce(NodeLegalizer &n, ElementFunction before, ElementFunction after) {
  Value input = n.input(0);
  auto given = input ? n.listAttributeOrInput("axes", 1, axesInputSince) : std::nullopt;
  if (!given)
    return failure();
  int64_t rank = mcuf::shapeOf(input).size();
  if (given->empty()) {
    if (n.intAttribute("noop_with_empty_axes", 0)) {
      Value value = before ? before(n, input) : input;
      return n.yield(value && after ? after(n, value) : value);
    }
    given = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  }
  auto axes = n.normalizeAxes(*given, rank);
  if (!axes)
    return failure();
  llvm::sort(*axes);
  Value elements = before ? before(n, input) : input;
  Value result = elements ? n.create<mcuf::ReduceOp>(kind, elements, *axes, n.intAttribute("keepdims", 1) != 0) : Value();
  return n.yield(result && after ? after(n, result) : result);
}

template <ReduceKind kind, int64_t axesInputSince> LogicalResult reduce(NodeLegalizer &n) {
  return reduce<kind, axesInputSince>(n, nullptr, nullptr);
}

template <UnaryKind kind> Value apply(NodeLegalizer &n, Value value) { return n.create<mcuf::UnaryOp>(kind, value); }
Value square(NodeLegalizer &n, Value value) { return n.binary(BinaryKind::Mul, value, value); }

LogicalResult reduceL1(NodeLegalizer &n) { return reduce<ReduceKind::Sum, 18>(n, apply<UnaryKind::Abs>, nullptr); }
LogicalResult reduceL2(NodeLegalizer &n) { return reduce<ReduceKind::Sum, 18>(n, square, apply<UnaryKind::Sqrt>); }
LogicalResult reduceSumSquare(NodeLegalizer &n) { return reduce<ReduceKind::Sum, 18>(n, square, nullptr); }
LogicalResult reduceLogSum(NodeLegalizer &n) { return reduce<ReduceKind::Sum, 18>(n, nullptr, apply<UnaryKind::Log>); }

template <ReduceKind kind> LogicalResult globalPool(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  auto axes = llvm::to_vector(llvm::seq<int64_t>(2, std::max<int64_t>(mcuf::shapeOf(input).size(), 2)));
  return n.yield(n.create<mcuf::ReduceOp>(kind, input, axes, true));
}

/// Before opset 13 the input is a matrix with the columns from `axis` on, and the softmax goes over whole rows of it.
template <class Function> LogicalResult overRows(NodeLegalizer &n, Function function) {
  Value input = n.input(0);
  if (!input)
    return failure();
  SmallVector<int64_t> shape(mcuf::shapeOf(input));
  auto axis = n.normalizeAxis(n.intAttribute("axis", n.opset >= 13 ? -1 : 1), shape.size());
  if (!axis)
    return failure();
  bool isMatrix = n.opset < 13 && llvm::any_of(ArrayRef(shape).drop_front(*axis + 1), [](int64_t size) { return size != 1; });
  if (!isMatrix)
    return n.yield(function(input, *axis));
  int64_t rows = 1, columns = 1;
  for (auto [index, size] : llvm::enumerate(shape))
    (int64_t(index) < *axis ? rows : columns) *= size;
  Value matrix = n.reshape(input, {rows, columns});
  Value result = matrix ? function(matrix, 1) : Value();
  return n.yield(result ? n.reshape(result, shape) : Value());
}

LogicalResult softmax(NodeLegalizer &n) {
  return overRows(n, [&](Value input, int64_t axis) { return n.create<mcuf::SoftmaxOp>(input, uint64_t(axis)); });
}

/// x - max - log(sum(exp(x - max))), since the logarithm of a softmax that has become 0 is lost.
LogicalResult logSoftmax(NodeLegalizer &n) {
  return overRows(n, [&](Value input, int64_t axis) -> Value {
    Value maximum = n.create<mcuf::ReduceOp>(ReduceKind::Max, input, ArrayRef<int64_t>(axis), true);
    Value shifted = maximum ? n.binary(BinaryKind::Sub, input, maximum) : Value();
    Value powers = shifted ? n.create<mcuf::UnaryOp>(UnaryKind::Exp, shifted) : Value();
    Value sum = powers ? n.create<mcuf::ReduceOp>(ReduceKind::Sum, powers, ArrayRef<int64_t>(axis), true) : Value();
    Value logarithm = sum ? n.create<mcuf::UnaryOp>(UnaryKind::Log, sum) : Value();
    return logarithm ? n.binary(BinaryKind::Sub, shifted, logarithm) : Value();
  });
}

/// Mean and 1 / sqrt(variance + epsilon) over the last dimension, the optional outputs of LayerNormalization.
LogicalResult yieldStatistics(NodeLegalizer &n, Value rows, float epsilon, ArrayRef<int64_t> shape) {
  const SmallVector<int64_t> last = {int64_t(mcuf::shapeOf(rows).size()) - 1};
  Value mean = n.create<mcuf::ReduceOp>(ReduceKind::Mean, rows, last, true);
  Value centered = mean ? n.binary(BinaryKind::Sub, rows, mean) : Value();
  Value square = centered ? n.binary(BinaryKind::Mul, centered, centered) : Value();
  Value variance = square ? n.create<mcuf::ReduceOp>(ReduceKind::Mean, square, last, true) : Value();
  Value deviation = variance ? n.binary(BinaryKind::Add, variance, n.constant(epsilon)) : Value();
  deviation = deviation ? n.create<mcuf::UnaryOp>(UnaryKind::Sqrt, deviation) : Value();
  Value inverse = deviation ? n.create<mcuf::UnaryOp>(UnaryKind::Reciprocal, deviation) : Value();
  if (!inverse || failed(n.yield(n.reshape(mean, shape), 1)))
    return failure();
  return n.node->getNumResults() > 2 ? n.yield(n.reshape(inverse, shape), 2) : success();
}

/// Over the dimensions from `axis` on, which become one.
LogicalResult layerNormalization(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  SmallVector<int64_t> shape(mcuf::shapeOf(input));
  auto axis = n.normalizeAxis(n.intAttribute("axis", -1), shape.size());
  if (!axis)
    return failure();
  const bool isLast = *axis == int64_t(shape.size()) - 1;
  int64_t width = 1;
  for (int64_t size : ArrayRef(shape).drop_front(*axis))
    width *= size;
  SmallVector<int64_t> rowShape(ArrayRef(shape).take_front(*axis)), statisticsShape(rowShape);
  rowShape.push_back(width);
  statisticsShape.resize(shape.size(), 1);
  // gamma and beta broadcast to the normalized dimensions.
  auto vector = [&](Value value) -> Value {
    if (!value || mcuf::shapeOf(value) == ArrayRef<int64_t>(width))
      return value;
    Value wide = n.create<mcuf::BroadcastOp>(value, ArrayRef(shape).drop_front(*axis));
    return wide ? n.reshape(wide, {width}) : Value();
  };
  Value gamma = vector(n.optionalInput(1)), beta = vector(n.optionalInput(2));
  Value rows = isLast ? input : n.reshape(input, rowShape);
  if (!rows)
    return failure();
  const float epsilon = n.floatAttribute("epsilon", 1e-5f);
  // Left out where nobody reads them: dead ops of all normalizations would be many.
  const bool wantsStatistics = llvm::any_of(n.node->getResults().drop_front(), [](Value output) { return !output.use_empty(); });
  if (wantsStatistics && failed(yieldStatistics(n, rows, epsilon, statisticsShape)))
    return failure();
  Value result = n.create<mcuf::LayerNormOp>(rows, gamma, beta, llvm::APFloat(epsilon));
  return n.yield(result && !isLast ? n.reshape(result, shape) : result);
}

/// (x - mean) * scale / sqrt(variance + epsilon) + offset, a multiplication and an addition per channel once the constants are folded.
LogicalResult batchNormalization(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  if (n.intAttribute("training_mode", 0))
    return n.error("training_mode is set; export the model for inference");
  SmallVector<int64_t> channels(mcuf::shapeOf(input).size(), 1);
  if (channels.size() < 2)
    return n.shapeError("input of rank " + Twine(channels.size()));
  channels[1] = mcuf::shapeOf(input)[1];
  SmallVector<Value> vectors;
  for (unsigned i = 1; i <= 4; ++i) {
    Value vector = n.input(i);
    vectors.push_back(vector ? n.reshape(vector, channels) : Value());
    if (!vectors.back())
      return failure();
  }
  auto [scale, offset, mean, variance] = std::tie(vectors[0], vectors[1], vectors[2], vectors[3]);
  Value deviation = n.binary(BinaryKind::Add, variance, n.constant(n.floatAttribute("epsilon", 1e-5f)));
  deviation = deviation ? n.create<mcuf::UnaryOp>(UnaryKind::Sqrt, deviation) : Value();
  Value gain = deviation ? n.binary(BinaryKind::Div, scale, deviation) : Value();
  Value shift = gain ? n.binary(BinaryKind::Mul, mean, gain) : Value();
  shift = shift ? n.binary(BinaryKind::Sub, offset, shift) : Value();
  Value result = shift ? n.binary(BinaryKind::Mul, input, gain) : Value();
  return n.yield(result ? n.binary(BinaryKind::Add, result, shift) : Value());
}

} // namespace

void addNormalizationHandlers(HandlerRegistry &registry) {
  constexpr llvm::StringLiteral axes = "axes are constants";
  registry.add("ReduceMean", reduce<ReduceKind::Mean, 18>).compiles("mean of tokens; in LayerNorm and RMSNorm").limitedTo(axes);
  registry.add("ReduceMax", reduce<ReduceKind::Max, 18>).limitedTo(axes);
  registry.add("ReduceMin", reduce<ReduceKind::Min, 18>).limitedTo(axes);
  registry.add("ReduceProd", reduce<ReduceKind::Prod, 18>).limitedTo(axes);
  registry.add("ReduceSum", reduce<ReduceKind::Sum, 13>).limitedTo(axes);
  registry.add("ReduceL1", reduceL1).limitedTo(axes);
  registry.add("ReduceL2", reduceL2).limitedTo(axes);
  registry.add("ReduceSumSquare", reduceSumSquare).limitedTo(axes);
  registry.add("ReduceLogSum", reduceLogSum).limitedTo(axes);
  registry.add("GlobalAveragePool", globalPool<ReduceKind::Mean>).compiles("yes");
  registry.add("GlobalMaxPool", globalPool<ReduceKind::Max>);
  registry.add("Softmax", softmax).compiles("in attention and sequence pooling");
  registry.add("LogSoftmax", logSoftmax);
  registry.add("LayerNormalization", layerNormalization).since(17).compiles("over the last dimension");
  registry.add("BatchNormalization", batchNormalization).compiles("next to a dense layer or a convolution").limitedTo("inference");
}

} // namespace mcuform
