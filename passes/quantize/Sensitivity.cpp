// One layer at a time is replaced in the float network; errors of layers add up in power, so that a sum of these figures predicts what
// several of them cost together.
#include "passes/quantize/Sensitivity.h"

#include "compiler/reference/FloatOps.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/ParallelFor.h"
#include "compiler/support/Progress.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/ReadLinear.h"
#include "passes/quantize/Roles.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

constexpr size_t kMeasuredInputs = 8;

/// The result of an op as it would be, given a value that the network computes.
struct Replacement {
  Value result, from;
  std::function<HostTensor(const HostTensor &)> compute;
};

double power(const HostTensor &tensor) {
  double sum = 0;
  for (float value : tensor.span<float>())
    sum += double(value) * value;
  return sum;
}

double squaredDifference(const HostTensor &a, const HostTensor &b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    sum += (double(a.data<float>()[i]) - b.data<float>()[i]) * (double(a.data<float>()[i]) - b.data<float>()[i]);
  return sum;
}

FailureOr<LayerNoise> measure(func::FuncOp function, const ImageSet &inputs, ArrayRef<Replacement> replacements) {
  FailureOr<Interpreter> interpreter = Interpreter::create(function);
  if (failed(interpreter))
    return failure();
  const size_t count = std::min(kMeasuredInputs, inputs.size());
  std::vector<double> noise(replacements.size());
  double signal = 0;
  Progress progress("measuring layers", count * replacements.size());
  for (size_t n = 0; n < count; ++n) {
    llvm::DenseMap<Value, HostTensor> values;
    FailureOr<std::vector<HostTensor>> exact =
        interpreter->run(inputs.input(n * inputs.size() / count), [&](Value value, const HostTensor &tensor) { values[value] = tensor; });
    if (failed(exact))
      return failure();
    signal += power(exact->front());
    std::vector<char> ran(replacements.size());
    parallelFor(replacements.size(), [&](size_t i) {
      const HostTensor replaced = replacements[i].compute(values.find(replacements[i].from)->second);
      FailureOr<std::vector<HostTensor>> results = interpreter->rerun(values, replacements[i].result, replaced);
      if (failed(results))
        return;
      noise[i] += squaredDifference(results->front(), exact->front());
      ran[i] = 1;
      progress.advance();
    });
    if (!llvm::all_of(ran, [](char done) { return done; }))
      return failure();
  }
  LayerNoise result;
  for (auto [replacement, squares] : llvm::zip_equal(replacements, noise))
    result[replacement.result.getDefiningOp()] = signal > 0 ? squares / signal : 0;
  return result;
}

/// The layer as quantizeLinear makes it, in float.
Replacement quantized(mcuf::LinearOp linear, const FloatLinear &layer) {
  const IntegerLinear integers = quantizeLinear(layer);
  HostTensor weights(ElementKind::F32, {layer.units, layer.depth}), bias(ElementKind::F32, {layer.units});
  for (int64_t n = 0; n < layer.units; ++n) {
    const double step = integers.accumulatorScale[size_t(n)] / layer.inputScale;
    for (int64_t k = 0; k < layer.depth; ++k)
      weights.data<float>()[n * layer.depth + k] = float(integers.weights[size_t(n * layer.depth + k)] * step);
    bias.data<float>()[n] = float(integers.bias[size_t(n)] * integers.accumulatorScale[size_t(n)]);
  }
  return {linear.getResult(), linear.getInput(), [weights, bias](const HostTensor &input) { return floatops::linear(input, weights, &bias); }};
}

/// Rows as 8 bits hold them, up to the largest magnitude that calibration saw in each channel, with head-room.
Replacement coarsened(Value value) {
  std::vector<double> step = channelAttribute(value.getDefiningOp(), kMaxAbsAttr, size_t(mcuf::widthOf(value)));
  for (double &entry : step)
    entry *= kCacheHeadRoom / 127;
  return {value, value, [step](const HostTensor &rows) {
            HostTensor result(ElementKind::F32, rows.shape());
            for (int64_t i = 0; i < rows.size(); ++i) {
              const double unit = step[size_t(i % rows.width())], x = rows.data<float>()[i];
              result.data<float>()[i] = unit > 0 ? float(std::clamp(std::nearbyint(x / unit), -128.0, 127.0) * unit) : 0.0f;
            }
            return result;
          }};
}

/// With weights as quantizeLinear makes them, in groups of `group` or in eight bits, of the layers that `isMeasured` names.
FailureOr<LayerNoise> measureWeightNoise(func::FuncOp function, const ImageSet &inputs, int64_t group, llvm::function_ref<bool(mcuf::LinearOp)> isMeasured) {
  std::vector<Replacement> replacements;
  bool ok = true;
  function.walk([&](mcuf::LinearOp linear) {
    if (!isMeasured(linear))
      return;
    FailureOr<FloatLinear> layer = readLinear(linear, /*withCovariance=*/true);
    ok &= succeeded(layer) && !layer->meanSquare.empty();
    if (!ok)
      return;
    // Fine enough for the bias; no weight is clipped for the accumulator's sake.
    layer->inputScale = std::max(1e-9, std::sqrt(*llvm::max_element(layer->meanSquare)) / (1 << 12));
    layer->inputBound = 1;
    layer->group = group;
    replacements.push_back(quantized(linear, *layer));
  });
  return ok ? measure(function, inputs, replacements) : FailureOr<LayerNoise>(failure());
}

} // namespace

llvm::SetVector<Value> findOperands(func::FuncOp function) {
  llvm::SetVector<Value> operands;
  function.walk([&](mcuf::LinearOp linear) {
    Value value = linear.getInput();
    while (isa_and_nonnull<mcuf::SliceOp, mcuf::ReshapeOp>(value.getDefiningOp()))
      value = value.getDefiningOp()->getOperand(0);
    if (value.getDefiningOp() && !isResidual(value))
      operands.insert(value);
  });
  return operands;
}

FailureOr<LayerNoise> measureOperandNoise(func::FuncOp function, const ImageSet &inputs) {
  std::vector<Replacement> replacements;
  for (Value operand : findOperands(function))
    replacements.push_back(coarsened(operand));
  return measure(function, inputs, replacements);
}

FailureOr<LayerNoise> measureInt4Noise(func::FuncOp function, const ImageSet &inputs, int64_t group) {
  return measureWeightNoise(function, inputs, group, [](mcuf::LinearOp) { return true; });
}

FailureOr<LayerNoise> measureInt8Noise(func::FuncOp function, const ImageSet &inputs) {
  FailureOr<Roles> roles = Roles::find(function);
  if (failed(roles))
    return failure();
  return measureWeightNoise(function, inputs, 0, [&](mcuf::LinearOp linear) { return roles->of(linear) == Role::Residual; });
}

} // namespace mcuform
