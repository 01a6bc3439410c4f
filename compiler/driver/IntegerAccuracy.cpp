#include "compiler/driver/IntegerAccuracy.h"

#include "compiler/reference/IntegerInterpreter.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/Npy.h"
#include "compiler/support/ParallelFor.h"
#include "compiler/support/Progress.h"
#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Quant/QuantTypes.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

constexpr size_t kMeasuredInputs = 8;
/// Of a network whose errors cannot be seen.
constexpr double kLeastNoise = 1e-12;

/// The scale of a value's type; 1 where it has none.
double scaleOf(Type type) {
  auto quantized = dyn_cast<quant::UniformQuantizedType>(cast<RankedTensorType>(type).getElementType());
  return quantized ? quantized.getScale() : 1;
}

/// Input number `index` as the integer network takes it.
HostTensor storedInput(const ImageSet &inputs, size_t index, Type type) {
  if (inputs.holdsPixels())
    return inputs.pixels(index);
  const HostTensor rows = inputs.input(index);
  HostTensor stored(ElementKind::I16, cast<RankedTensorType>(type).getShape());
  for (int64_t i = 0; i < stored.size(); ++i)
    stored.data<int16_t>()[i] = int16_t(std::clamp(std::nearbyint(rows.data<float>()[i] / scaleOf(type)), -32768.0, 32767.0));
  return stored;
}

} // namespace

llvm::Expected<IntegerAccuracy> measureAccuracy(func::FuncOp floatNetwork, func::FuncOp integerNetwork, StringRef inputs,
                                                const InputNormalization &normalization) {
  llvm::Expected<NpyArray> array = readNpy(inputs);
  if (!array)
    return array.takeError();
  llvm::Expected<ImageSet> set = ImageSet::create(*array, mcuf::shapeOf(floatNetwork.getArgument(0)), normalization);
  if (!set)
    return set.takeError();
  FailureOr<Interpreter> exact = Interpreter::create(floatNetwork), integer = Interpreter::create(integerNetwork, evaluateIntegerOp);
  const size_t count = std::min(kMeasuredInputs, set->size());
  const double scale = scaleOf(integerNetwork.getResultTypes()[0]);
  std::vector<double> signal(count), noise(count);
  std::vector<char> ran(count);
  Progress progress("measuring the accuracy", count);
  if (succeeded(exact) && succeeded(integer))
    parallelFor(count, [&](size_t i) {
      const size_t index = i * set->size() / count;
      FailureOr<std::vector<HostTensor>> wanted = exact->run(set->input(index));
      FailureOr<std::vector<HostTensor>> found = integer->run({storedInput(*set, index, integerNetwork.getArgumentTypes()[0])});
      if (failed(wanted) || failed(found) || wanted->front().size() != found->front().size())
        return;
      for (int64_t c = 0; c < wanted->front().size(); ++c) {
        const double value = wanted->front().data<float>()[c], error = scale * found->front().data<int16_t>()[c] - value;
        signal[i] += value * value;
        noise[i] += error * error;
      }
      ran[i] = 1;
      progress.advance();
    });
  if (llvm::is_contained(ran, 0))
    return llvm::createStringError("the network cannot be evaluated");
  // In the order of the inputs.
  double signalSum = 0, noiseSum = 0;
  for (size_t i = 0; i < count; ++i) {
    signalSum += signal[i];
    noiseSum += noise[i];
  }
  const double share = signalSum > 0 ? noiseSum / signalSum : 1;
  return IntegerAccuracy{-10 * std::log10(std::max(share, kLeastNoise)), count};
}

} // namespace mcuform
