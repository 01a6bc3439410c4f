#include "passes/quantize/OperandChoice.h"

#include "dialects/mcurt/NodeNames.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/Sensitivity.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

constexpr double kLeastNoise = 1e-12;
/// Below this, several of a hundred images change their class: the user is told which operands it is due to.
constexpr double kBearableSqnrDb = 28;

struct Candidate {
  Value operand;
  double noise;
};

double decibels(double noise) { return -10 * std::log10(std::max(noise, kLeastNoise)); }

std::string describe(const Candidate &candidate) {
  Operation *op = candidate.operand.getDefiningOp();
  std::vector<std::string> nodes = mcurt::nodeNamesOf(op->getLoc());
  std::string text;
  llvm::raw_string_ostream(text) << (nodes.empty() ? op->getName().stripDialect().str() : nodes.front())
                                 << llvm::format(" (%.1f dB)", decibels(candidate.noise));
  return text;
}

double bearable(double sqnrDb) { return std::pow(10, -sqnrDb / 10); }

/// Names what has to be left out for the rest to stay below the noise that can be borne.
void warnOfCollapse(func::FuncOp function, ArrayRef<Candidate> ascending, double noise) {
  if (noise <= bearable(kBearableSqnrDb))
    return;
  std::string names;
  double rest = noise;
  for (const Candidate &candidate : llvm::reverse(ascending)) {
    if (rest <= bearable(kBearableSqnrDb))
      break;
    names += (names.empty() ? "" : ", ") + describe(candidate);
    rest -= candidate.noise;
  }
  std::string sqnr;
  llvm::raw_string_ostream(sqnr) << llvm::format("%.1f", decibels(noise));
  function.emitWarning() << "operands of 8 bits leave the network's result " << sqnr << " dB above their noise, which comes from " << names
                         << "; --precision mixed keeps what needs it at 16 bits";
}

} // namespace

FailureOr<OperandChoice> chooseOperands(func::FuncOp function, int64_t bits, double minSqnrDb) {
  OperandChoice choice;
  if (bits == 16)
    return choice;
  if (bits != 8)
    return function.emitError() << "linear layers read 8 or 16 bits, not " << bits;
  std::vector<Candidate> candidates;
  for (Value operand : findOperands(function)) {
    std::vector<double> noise = channelAttribute(operand.getDefiningOp(), kOperandNoiseAttr, 1);
    if (noise.empty())
      return function.emitError() << "has not been calibrated for operands of 8 bits: run mcuf-calibrate with operands (mcuformc: --precision)";
    candidates.push_back({operand, noise.front()});
  }
  llvm::stable_sort(candidates, [](const Candidate &a, const Candidate &b) { return a.noise < b.noise; });
  size_t count = 0;
  for (; count < candidates.size() && choice.noise + candidates[count].noise <= bearable(minSqnrDb); ++count) {
    choice.noise += candidates[count].noise;
    choice.narrow.insert(candidates[count].operand);
  }
  for (const Candidate &candidate : llvm::reverse(ArrayRef(candidates).drop_front(count)))
    choice.wide.push_back(describe(candidate));
  if (count == candidates.size())
    warnOfCollapse(function, candidates, choice.noise);
  return choice;
}

} // namespace mcuform
