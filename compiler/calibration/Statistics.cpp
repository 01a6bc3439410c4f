#include "compiler/calibration/Statistics.h"

#include "compiler/reference/Interpreter.h"
#include "compiler/support/ParallelFor.h"
#include "compiler/support/Progress.h"
#include "dialects/mcuf/McufDialect.h"

#include "llvm/ADT/MapVector.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// Inputs are summed up in this many groups, whatever the number of threads, and the groups in order: sums of floats depend on their order.
constexpr size_t kGroups = 16;

/// Rows of so many times the mean weight are taken at each input.
constexpr double kHeavyRow = 2;

/// Rows of one input that go into a covariance.
struct RowSample {
  std::vector<float> values, weights; ///< without weights, all are 1
  int64_t width = 0;

  /// Takes every n-th row, beginning with another one at each input; with `rowWeights` the heavy rows in between, too, and each for those that
  /// it stands for.
  void take(const float *rows, int64_t rowCount, int64_t rowWidth, size_t input, llvm::ArrayRef<double> rowWeights = {}) {
    int64_t step = (rowCount + kCovarianceRows - 1) / kCovarianceRows;
    width = rowWidth;
    values.clear();
    weights.clear();
    for (int64_t r = 0; r < rowCount; ++r) {
      const bool isHeavy = !rowWeights.empty() && rowWeights[size_t(r)] > kHeavyRow;
      if (!isHeavy && r % step != int64_t(input) % step)
        continue;
      values.insert(values.end(), rows + r * width, rows + (r + 1) * width);
      if (!rowWeights.empty())
        weights.push_back(float(rowWeights[size_t(r)] * (isHeavy ? 1.0 : double(step))));
    }
  }
};

bool readsSequence(mcuf::PatchEmbedOp embed) { return mcuf::shapeOf(embed.getImage()).size() == 3; }

/// The rows of a sequence, or the unfolded pixels of every patch, one row each.
std::vector<float> unfoldPatches(mcuf::PatchEmbedOp embed, const ImageSet &inputs, size_t input) {
  if (readsSequence(embed)) {
    HostTensor sequence = inputs.input(input);
    return std::vector<float>(sequence.data<float>(), sequence.data<float>() + sequence.size());
  }
  HostTensor pixels = inputs.pixels(input);
  const mcuf::WindowGrid grid = mcuf::patchGridOf(embed);
  const int64_t patches = grid.outHeight * grid.outWidth, size = grid.taps() * grid.channels;
  std::vector<float> rows(size_t(patches * size), embed.getPads() ? float(paddingPixel(inputs.channelNormalization().mean)) : 0.0f);
  for (int64_t t = 0; t < patches; ++t)
    grid.forEachPixel(t, [&](int64_t tap, int64_t pixel) {
      const uint8_t *from = pixels.data<uint8_t>() + pixel * grid.channels;
      std::copy(from, from + grid.channels, rows.begin() + t * size + tap * grid.channels);
    });
  return rows;
}

int64_t patchSize(mcuf::PatchEmbedOp embed) {
  auto weights = mcuf::shapeOf(embed.getWeights());
  return weights[1] * weights[2] * weights[3];
}

/// One input in flight.
struct Sample {
  std::vector<RowSample> values, patches, caches;
};

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

FailureOr<CalibrationResult> collectStatistics(func::FuncOp function, const ImageSet &inputs, bool withCovariances, bool withHistograms,
                                              const RowWeights &weights) {
  FailureOr<Interpreter> interpreter = Interpreter::create(function);
  if (failed(interpreter))
    return failure();
  SmallVector<mcuf::PatchEmbedOp> embeds;
  function.walk([&](mcuf::PatchEmbedOp embed) {
    if (inputs.holdsPixels() || readsSequence(embed))
      embeds.push_back(embed);
  });
  // What linear layers read; several may share one.
  llvm::MapVector<Value, size_t> observed;
  if (withCovariances)
    function.walk([&](mcuf::LinearOp linear) { observed.insert({linear.getInput(), observed.size()}); });

  // Keys and values.
  llvm::MapVector<Value, size_t> cached;
  function.walk([&](mcuf::AttentionOp attention) {
    for (Value value : {attention.getK(), attention.getV()})
      if (withHistograms)
        cached.insert({value, cached.size()});
  });

  CalibrationResult result;
  std::vector<HistogramHalves> histograms(cached.size());
  std::vector<CalibrationResult> groups(std::min(kGroups, inputs.size()));
  std::vector<Sample> samples(groups.size());
  std::vector<ChannelCovariance> covariances(observed.size() + (withCovariances ? embeds.size() : 0));
  std::vector<char> ran(groups.size(), 0);
  Progress progress("calibrating", inputs.size());
  // One input of each group at a time: then the covariances, which are too large for one set a group, take up their rows, input by input.
  for (size_t first = 0; first < inputs.size(); first += groups.size()) {
    parallelFor(std::min(groups.size(), inputs.size() - first), [&](size_t group) {
      size_t i = first + group;
      ran[group] = 0;
      Sample &sample = samples[group];
      sample.values.resize(observed.size());
      sample.patches.resize(embeds.size());
      sample.caches.resize(cached.size());
      FailureOr<std::vector<HostTensor>> outputs = interpreter->run(inputs.input(i), [&](Value value, const HostTensor &tensor) {
        if (tensor.kind() != ElementKind::F32)
          return;
        groups[group].values[value].add(tensor.data<float>(), tensor.rows(), tensor.width());
        if (auto found = observed.find(value); found != observed.end())
          sample.values[found->second].take(tensor.data<float>(), tensor.rows(), tensor.width(), i, weights.lookup(value));
        if (auto found = cached.find(value); found != cached.end())
          sample.caches[found->second].take(tensor.data<float>(), tensor.rows(), tensor.width(), i);
      });
      if (failed(outputs))
        return;
      for (size_t e = 0; e < embeds.size(); ++e) {
        std::vector<float> rows = unfoldPatches(embeds[e], inputs, i);
        int64_t width = patchSize(embeds[e]), count = int64_t(rows.size()) / width;
        groups[group].patches[embeds[e]].add(rows.data(), count, width);
        sample.patches[e].take(rows.data(), count, width, i);
      }
      progress.advance();
      ran[group] = 1;
    });
    size_t count = std::min(groups.size(), inputs.size() - first);
    for (size_t g = 0; g < count; ++g)
      if (!ran[g])
        return failure();
    parallelFor(histograms.size(), [&](size_t h) {
      for (size_t g = 0; g < count; ++g)
        histograms[h][(first + g) % 2].add(samples[g].caches[h].values, samples[g].caches[h].width);
    });
    parallelFor(covariances.size(), [&](size_t c) {
      for (size_t g = 0; g < count; ++g) {
        const RowSample &rows = c < observed.size() ? samples[g].values[c] : samples[g].patches[c - observed.size()];
        if (rows.width)
          covariances[c].add(rows.values, rows.width, rows.weights);
      }
    });
  }
  for (auto &[value, index] : cached)
    result.histograms[value] = std::move(histograms[index]);
  for (auto &[value, index] : observed)
    result.covariances[value] = std::move(covariances[index]);
  for (size_t e = 0; withCovariances && e < embeds.size(); ++e)
    result.patchCovariances[embeds[e]] = std::move(covariances[observed.size() + e]);
  for (size_t g = 0; g < groups.size(); ++g) {
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
