#include "passes/quantize/WideChoice.h"

#include "dialects/mcurt/NodeNames.h"
#include "passes/quantize/CalibrationAttributes.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

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

std::string describe(Candidate candidate) {
  std::vector<std::string> nodes = mcurt::nodeNamesOf(candidate.layer.getLoc());
  std::string text;
  llvm::raw_string_ostream(text) << (nodes.empty() ? "linear" : nodes.front())
                                 << llvm::format(" (%.1f dB)", -10 * std::log10(std::max(candidate.noise, kLeastNoise)));
  return text;
}

} // namespace

FailureOr<WideChoice> chooseWideLayers(func::FuncOp function, double excess) {
  WideChoice choice;
  if (excess <= 0)
    return choice;
  std::vector<Candidate> candidates;
  function.walk([&](mcuf::LinearOp linear) {
    std::vector<double> noise = channelAttribute(linear, kInt8NoiseAttr, 1);
    if (!noise.empty())
      candidates.push_back({linear, noise.front(), cast<RankedTensorType>(linear.getWeights().getType()).getNumElements()});
  });
  if (candidates.empty())
    return function.emitError() << "has not been calibrated for wider weights: run mcuf-calibrate with wide-weights (mcuformc: --min-sqnr)";
  choice.candidates = int64_t(candidates.size());
  llvm::stable_sort(candidates,
                    [](const Candidate &a, const Candidate &b) { return a.noise * double(b.weights) > b.noise * double(a.weights); });
  double removed = 0;
  for (Candidate candidate : candidates) {
    if (removed >= excess)
      break;
    removed += candidate.noise;
    choice.layers.insert(candidate.layer);
    choice.names.push_back(describe(candidate));
  }
  return choice;
}

} // namespace mcuform
