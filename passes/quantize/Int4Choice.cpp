#include "passes/quantize/Int4Choice.h"

#include "passes/quantize/CalibrationAttributes.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// Of a layer that no error in the result was seen of.
constexpr double kLeastNoise = 1e-12;

struct Candidate {
  mcuf::LinearOp layer;
  double noise;
  int64_t weights;
};

} // namespace

std::optional<double> int4SqnrDb(Operation *linear) {
  std::vector<double> noise = channelAttribute(linear, kInt4NoiseAttr, 1);
  return noise.empty() ? std::nullopt : std::optional<double>(-10 * std::log10(std::max(noise.front(), kLeastNoise)));
}

FailureOr<Int4Choice> chooseInt4Layers(func::FuncOp function, int64_t group, double minSqnrDb) {
  Int4Choice choice;
  choice.group = group;
  if (!group)
    return choice;
  std::vector<Candidate> candidates;
  bool isMeasured = true;
  function.walk([&](mcuf::LinearOp linear) {
    std::vector<double> noise = channelAttribute(linear, kInt4NoiseAttr, 1);
    isMeasured &= !noise.empty();
    if (isMeasured)
      candidates.push_back({linear, noise.front(), cast<RankedTensorType>(linear.getWeights().getType()).getNumElements()});
  });
  if (!isMeasured)
    return function.emitError() << "has not been calibrated for weights of four bits: run mcuf-calibrate with int4-group (mcuformc: --weights int4)";
  choice.layerCount = int64_t(candidates.size());
  llvm::stable_sort(candidates, [](const Candidate &a, const Candidate &b) { return a.noise * double(b.weights) < b.noise * double(a.weights); });
  const double bearable = std::pow(10, -minSqnrDb / 10);
  for (const Candidate &candidate : candidates)
    if (choice.noise + candidate.noise <= bearable) {
      choice.noise += candidate.noise;
      choice.layers.insert(candidate.layer);
    }
  return choice;
}

} // namespace mcuform
