#include "compiler/calibration/Statistics.h"

#include "compiler/reference/FloatInterpreter.h"
#include "compiler/support/ParallelFor.h"
#include "compiler/support/Progress.h"
#include "dialects/mcuf/McufDialect.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// Inputs are summed up in this many groups, whatever the number of threads, and the groups in order: sums of floats depend on their order.
constexpr size_t kGroups = 16;

/// Unfolds the pixels of every patch and adds them to the statistics.
void addPatches(mcuf::PatchEmbedOp embed, const HostTensor &pixels, ChannelStatistics &statistics) {
  auto weights = mcuf::shapeOf(embed.getWeights());
  int64_t patchHeight = weights[1], patchWidth = weights[2], channels = weights[3], width = pixels.shape()[1];
  int64_t run = patchWidth * channels;
  std::vector<float> row(size_t(patchHeight * run));
  for (int64_t py = 0; py + patchHeight <= pixels.shape()[0]; py += patchHeight)
    for (int64_t px = 0; px + patchWidth <= width; px += patchWidth) {
      for (int64_t y = 0; y < patchHeight; ++y)
        std::copy_n(pixels.data<uint8_t>() + ((py + y) * width + px) * channels, run, row.begin() + y * run);
      statistics.add(row.data(), 1, int64_t(row.size()));
    }
}

} // namespace

void ChannelStatistics::add(const float *values, int64_t rowCount, int64_t width) {
  if (maxAbs.empty()) {
    maxAbs.resize(size_t(width));
    sum.resize(size_t(width));
    sumSquares.resize(size_t(width));
  }
  for (int64_t r = 0; r < rowCount; ++r, values += width)
    for (int64_t c = 0; c < width; ++c) {
      float x = values[c];
      maxAbs[c] = std::fabs(x) <= maxAbs[c] ? maxAbs[c] : std::fabs(x); // a NaN gets in, and stays
      sum[c] += x;
      sumSquares[c] += double(x) * x;
    }
  rows += rowCount;
}

void ChannelStatistics::merge(const ChannelStatistics &other) {
  if (maxAbs.empty()) {
    *this = other;
    return;
  }
  for (size_t c = 0; c < other.maxAbs.size(); ++c) {
    maxAbs[c] = other.maxAbs[c] <= maxAbs[c] ? maxAbs[c] : other.maxAbs[c];
    sum[c] += other.sum[c];
    sumSquares[c] += other.sumSquares[c];
  }
  rows += other.rows;
}

FailureOr<CalibrationResult> collectStatistics(func::FuncOp function, const ImageSet &inputs) {
  FailureOr<FloatInterpreter> interpreter = FloatInterpreter::create(function);
  if (failed(interpreter))
    return failure();
  SmallVector<mcuf::PatchEmbedOp> embeds;
  if (inputs.holdsPixels())
    function.walk([&](mcuf::PatchEmbedOp embed) { embeds.push_back(embed); });

  std::vector<CalibrationResult> groups(std::min(kGroups, inputs.size()));
  std::vector<char> ran(groups.size(), 0);
  Progress progress("calibrating", inputs.size());
  parallelFor(groups.size(), [&](size_t group) {
    for (size_t i = group; i < inputs.size(); i += groups.size()) {
      FailureOr<std::vector<HostTensor>> outputs = interpreter->run(inputs.input(i), [&](Value value, const HostTensor &tensor) {
        if (tensor.kind() == ElementKind::F32)
          groups[group].values[value].add(tensor.data<float>(), tensor.rows(), tensor.width());
      });
      if (failed(outputs))
        return;
      for (mcuf::PatchEmbedOp embed : embeds)
        addPatches(embed, inputs.pixels(i), groups[group].patches[embed]);
      progress.advance();
    }
    ran[group] = 1;
  });

  CalibrationResult result;
  for (size_t g = 0; g < groups.size(); ++g) {
    if (!ran[g])
      return failure();
    for (auto &[value, statistics] : groups[g].values)
      result.values[value].merge(statistics);
    for (auto &[op, statistics] : groups[g].patches)
      result.patches[op].merge(statistics);
  }
  for (Operation &op : function.getBody().front())
    for (Value value : op.getResults())
      if (auto found = result.values.find(value); found != result.values.end())
        for (float maximum : found->second.maxAbs)
          if (!std::isfinite(maximum)) {
            op.emitError() << "is not finite for a calibration input; check the model and the mean and std of its input";
            return failure();
          }
  return result;
}

} // namespace mcuform
