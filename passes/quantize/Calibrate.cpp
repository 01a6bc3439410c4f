// mcuf-calibrate: runs the float network over calibration inputs and notes what it saw at every op.
#include "compiler/calibration/Statistics.h"
#include "dialects/mcuf/McufDialect.h"
#include "passes/Passes.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/CalibrationCache.h"
#include "passes/quantize/RangesOfFile.h"
#include "passes/quantize/Sensitivity.h"

#include "llvm/ADT/StringSwitch.h"

namespace mcuform {
#define GEN_PASS_DEF_CALIBRATE
#include "passes/Passes.h.inc"

namespace {

using namespace mlir;

std::vector<double> averaged(const std::vector<double> &sums, int64_t rows) {
  std::vector<double> result(sums);
  for (double &value : result)
    value /= double(rows);
  return result;
}

std::optional<RangeMethod> parseRangeMethod(StringRef name) {
  return llvm::StringSwitch<std::optional<RangeMethod>>(name)
      .Case("max", RangeMethod::Max)
      .Case("percentile", RangeMethod::Percentile)
      .Case("mse", RangeMethod::Mse)
      .Default(std::nullopt);
}

/// Where each channel is clipped, by all inputs.
std::vector<double> rangesOf(const HistogramHalves &halves, const std::vector<float> &maxAbs, RangeMethod method) {
  ChannelHistogram all = halves[0];
  all.merge(halves[1]);
  std::vector<double> ranges;
  for (size_t c = 0; c < maxAbs.size(); ++c)
    ranges.push_back(all.range(c, maxAbs[c], method));
  return ranges;
}

struct Calibrate : impl::CalibrateBase<Calibrate> {
  using Base::Base;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    if (inputs.empty() && cache.empty() && hasRangesOfFile(function))
      return takeFromFile();
    if (inputs.empty() && cache.empty()) {
      function.emitError()
          << "quantization needs calibration inputs: pass --calibrate IMAGES.npy with 32 to 128 typical inputs, uint8 [N, height, width, "
             "channels] or float32 [N, channels, height, width]";
      return signalPassFailure();
    }
    if (function.getNumArguments() != 1) {
      function.emitError() << "has " << function.getNumArguments() << " inputs; networks with one input are supported";
      return signalPassFailure();
    }
    constexpr StringLiteral kAuto = "auto";
    const std::optional<RangeMethod> fixedMethod = parseRangeMethod(method);
    if (!fixedMethod && method != kAuto) {
      function.emitError() << "'" << method << "' is no calibration method; they are max, percentile, mse, auto";
      return signalPassFailure();
    }
    if (int4Group < 0 || int4Group % 4) {
      function.emitError() << "weights of four bits share scales in groups of a multiple of 4 inputs, got " << int64_t(int4Group);
      return signalPassFailure();
    }
    // What the file of another choice would lack.
    const std::string choices = method + (int4Group ? " for four-bit weights in groups of " + std::to_string(int4Group) : "") +
                                (operands ? " for operands of 8 bits" : "") + (wideWeights ? " for wider weights" : "") + (rowWeights ? " with rows weighed by gradients" : "");
    InputNormalization normalization{llvm::to_vector(mean), llvm::to_vector(std)};
    if (inputs.empty()) {
      if (llvm::Error error = readCalibrationCache(cache, function, normalization, choices))
        failOn("calibration cache", std::move(error));
      return;
    }
    llvm::Expected<NpyArray> array = readNpy(inputs);
    if (!array)
      return fail(array.takeError());
    llvm::Expected<ImageSet> images = ImageSet::create(*array, mcuf::shapeOf(function.getArgument(0)), normalization);
    if (!images)
      return fail(images.takeError());
    FailureOr<RowWeights> weights = covariance && rowWeights ? measureRowWeights(function, *images) : FailureOr<RowWeights>(RowWeights());
    if (failed(weights))
      return signalPassFailure();
    FailureOr<CalibrationResult> result = collectStatistics(function, *images, covariance, fixedMethod != RangeMethod::Max, *weights);
    if (failed(result))
      return signalPassFailure();

    for (auto &[value, statistics] : result->values)
      if (Operation *op = value.getDefiningOp()) {
        setChannelAttribute(op, kMaxAbsAttr, std::vector<double>(statistics.maxAbs.begin(), statistics.maxAbs.end()));
        setChannelAttribute(op, kMeanAttr, averaged(statistics.sum, statistics.rows));
        setChannelAttribute(op, kMeanSquareAttr, averaged(statistics.sumSquares, statistics.rows));
      }
    for (auto &[value, halves] : result->histograms) {
      const RangeMethod chosen = fixedMethod ? *fixedMethod : chooseRangeMethod(halves, kCacheHeadRoom);
      if (Operation *op = value.getDefiningOp(); op && chosen != RangeMethod::Max)
        setChannelAttribute(op, kRangeAttr, rangesOf(halves, result->values[value].maxAbs, chosen));
    }
    for (auto &[op, statistics] : result->patches) {
      setChannelAttribute(op, kPatchMeanAttr, averaged(statistics.sum, statistics.rows));
      setChannelAttribute(op, kPatchMeanSquareAttr, averaged(statistics.sumSquares, statistics.rows));
      if (!images->holdsPixels())
        setChannelAttribute(op, kPatchMaxAbsAttr, std::vector<double>(statistics.maxAbs.begin(), statistics.maxAbs.end()));
    }
    for (auto &[value, statistics] : result->covariances)
      if (Operation *op = value.getDefiningOp(); op && statistics.count > 0) {
        if (weights->contains(value))
          setChannelAttribute(op, kWeightedMeanAttr, statistics.mean());
        setMatrixAttribute(op, kCovarianceAttr, statistics.take(), mcuf::widthOf(value));
      }
    for (auto &[op, statistics] : result->patchCovariances)
      if (int64_t width = int64_t(statistics.sum.size()))
        setMatrixAttribute(op, kPatchCovarianceAttr, statistics.take(), width);
    if (int4Group) {
      FailureOr<LayerNoise> noise = measureInt4Noise(function, *images, int4Group);
      if (failed(noise))
        return signalPassFailure();
      for (auto [layer, share] : *noise)
        setChannelAttribute(layer, kInt4NoiseAttr, {share});
    }
    if (wideWeights) {
      FailureOr<LayerNoise> noise = measureInt8Noise(function, *images);
      if (failed(noise))
        return signalPassFailure();
      for (auto [layer, share] : *noise)
        setChannelAttribute(layer, kInt8NoiseAttr, {share});
    }
    if (operands) {
      FailureOr<LayerNoise> noise = measureOperandNoise(function, *images);
      if (failed(noise))
        return signalPassFailure();
      for (auto [operand, share] : *noise)
        setChannelAttribute(operand, kOperandNoiseAttr, {share});
    }
    noteNormalization(images->channelNormalization());
    Builder builder(&getContext());
    function->setAttr(kCalibrationInputsAttr, builder.getI64IntegerAttr(int64_t(images->size())));
    if (!cache.empty())
      if (llvm::Error error = writeCalibrationCache(cache, function, normalization, choices))
        failOn("calibration cache", std::move(error));
  }

  /// Of a network whose file has the ranges: nothing is run.
  void takeFromFile() {
    func::FuncOp function = getOperation();
    if (int4Group || operands || wideWeights) {
      function.emitError() << "what fewer or more bits cost is measured on calibration inputs: pass --calibrate";
      return signalPassFailure();
    }
    if (failed(takeRangesOfFile(function)))
      return signalPassFailure();
    InputNormalization normalization{llvm::to_vector(mean), llvm::to_vector(std)};
    if (ArrayRef<int64_t> shape = mcuf::shapeOf(function.getArgument(0)); shape.size() == 4)
      if (llvm::Error error = spreadOver(normalization, shape[1]))
        return failOn("normalization of the image", std::move(error));
    noteNormalization(normalization);
    function->setAttr(kCalibrationInputsAttr, Builder(&getContext()).getI64IntegerAttr(0));
  }

  void noteNormalization(const InputNormalization &normalization) {
    func::FuncOp function = getOperation();
    if (mcuf::shapeOf(function.getArgument(0)).size() != 4)
      return;
    Builder builder(&getContext());
    function.setArgAttr(0, kMeanAttr, builder.getDenseF32ArrayAttr(normalization.mean));
    function.setArgAttr(0, kStdAttr, builder.getDenseF32ArrayAttr(normalization.std));
  }

  void fail(llvm::Error error) { failOn("calibration inputs '" + inputs + "'", std::move(error)); }

  void failOn(const Twine &what, llvm::Error error) {
    getOperation().emitError() << what << ": " << llvm::toString(std::move(error));
    signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
