// Scales from statistics and roles; weights of layers to integers.
#include "passes/quantize/ScalePlan.h"

#include "passes/quantize/Activation.h"

#include "compiler/calibration/ImageSet.h"
#include "compiler/reference/HostTensor.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/FileCodes.h"
#include "passes/quantize/ReadLinear.h"

#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <limits>

using namespace mlir;

namespace mcuform {
namespace {

/// Head-room above the calibrated maximum.
constexpr double kInputHeadRoom = 2, kResidualHeadRoom = 1.25, kTransientHeadRoom = 1.25, kLogitsHeadRoom = 1.5;
/// A channel that calibration saw dead still gets this share of the tensor's range.
constexpr double kLeastChannelShare = 1.0 / 1024;
/// Beyond this share of its resolution lost by a channel of the residual stream, two of 16 bits, the user is told.
constexpr double kBearableCoarseness = 4;
constexpr double kLeastRange = 1e-6;
/// Of sigmoids: the multiplier of contexts fits.
constexpr double kLeastWeightSum = 1.0 / 16;
/// A residual channel's scale over gamma, at least: the gain, gamma / scale * 2^12, stays below 2^31.
constexpr double kLeastGainScale = 1.001 / (1 << 19);
/// The scale of an operand of a sum over that of the sum: below 128, in units of 1/256.
constexpr double kLargestSumRatio = 100;
/// Of the magnitudes of a constant query: times 128 below 2^31.
constexpr double kLargestQuerySum = 1 << 23;
constexpr double kMaxS16 = 32767, kMaxS15 = 16383, kMaxS8 = 127;

} // namespace

bool isComputedForConcat(Value value) {
  return value.getDefiningOp<mcuf::LinearOp>() && value.hasOneUse() && isa<mcuf::ConcatOp>(*value.getUsers().begin()) && !codesOf(value);
}

std::vector<double> ScalePlan::statistics(Value value, StringRef name) const {
  return value.getDefiningOp() ? channelAttribute(value.getDefiningOp(), name, size_t(mcuf::widthOf(value))) : std::vector<double>();
}

double ScalePlan::maximum(Value value) const {
  if (ElementsAttr constant = mcuf::constantOf(value)) {
    double largest = kLeastRange;
    FailureOr<HostTensor> tensor = toHostTensor(constant);
    for (float entry : tensor->span<float>())
      largest = std::max(largest, std::fabs(double(entry)));
    return largest;
  }
  std::vector<double> all = statistics(value, kMaxAbsAttr);
  return std::max(kLeastRange, all.empty() ? 0 : *llvm::max_element(all));
}

FloatTable readTable(Value table) {
  FailureOr<HostTensor> tensor = toHostTensor(mcuf::constantOf(table));
  return {std::vector<float>(tensor->data<float>(), tensor->data<float>() + tensor->size()), tensor->rows(), tensor->width()};
}

SharedScales ScalePlan::keyScales(mcuf::AttentionOp attention) const {
  return shareScales(plainCacheScale(attention.getK()), readTable(attention.getKTable()));
}

std::vector<double> ScalePlan::cacheScale(Value value) const {
  auto linear = value.getDefiningOp<mcuf::LinearOp>();
  mcuf::AttentionOp attention = linear ? roles.attentionOf(linear) : mcuf::AttentionOp();
  if (attention && attention.getKTable() && attention.getK() == value)
    return keyScales(attention).product();
  std::vector<double> scale = plainCacheScale(value);
  if (attention && attention.getVTable() && attention.getV() == value) {
    // The table's part of a context may exceed what is in the values' range, and its multipliers stay below 1/2.
    std::vector<double> context = statistics(attention.getResult(), kMaxAbsAttr), table = readTable(attention.getVTable()).columnMaxima();
    for (size_t c = 0; c < scale.size(); ++c)
      scale[c] =
          std::max({scale[c], context[c] * kCacheHeadRoom / kMaxS8, table[c % table.size()] / kMaxS8 * 2.001 * kContextUnit / kShareUnit});
  }
  return scale;
}

std::vector<double> ScalePlan::plainCacheScale(Value value) const {
  std::vector<double> scale = statistics(value, kRangeAttr);
  bool isClipped = !scale.empty();
  if (!isClipped)
    scale = statistics(value, kMaxAbsAttr);
  double least = maximum(value) * kLeastChannelShare;
  // Normalized rows are narrowed to it, by a multiplier below 1/2.
  double finest = value.getDefiningOp<mcuf::LayerNormOp>() ? 2.001 * storageOf(value).scale : 0;
  for (double &entry : scale)
    entry = std::max(std::max(entry, least) * (isClipped ? 1 : kCacheHeadRoom) / kMaxS8, finest);
  return scale;
}

std::vector<double> ScalePlan::constantQuery(mcuf::AttentionOp attention) const {
  FailureOr<HostTensor> query = toHostTensor(mcuf::constantOf(attention.getQ()));
  return std::vector<double>(query->data<float>(), query->data<float>() + query->size());
}

std::vector<double> ScalePlan::queryScale(mcuf::AttentionOp attention) const {
  std::vector<double> keyScale = cacheScale(attention.getK()), query = statistics(attention.getQ(), kMaxAbsAttr);
  std::vector<double> scale(size_t(attention.getNumHeads()), kLeastRange);
  if (mcuf::constantOf(attention.getQ())) {
    query = constantQuery(attention);
    double sum = 0; // as wide as the tokens: sums of products with keys of 8 bits must not leave 32 bits
    for (size_t c = 0; c < query.size(); ++c)
      sum += (query[c] = std::fabs(query[c])) * keyScale[c];
    scale[0] = sum * kMaxS16 / kTransientHeadRoom / kLargestQuerySum;
  }
  size_t headWidth = keyScale.size() / scale.size();
  for (size_t c = 0; c < keyScale.size(); ++c)
    scale[c / headWidth] = std::max(scale[c / headWidth], query[c] * keyScale[c]);
  for (double &entry : scale)
    entry = entry * kTransientHeadRoom / kMaxS16;
  return scale;
}

double ScalePlan::weightSum(mcuf::AttentionOp attention) const {
  if (!attention.getSigmoidBias())
    return 1;
  const std::vector<double> valueScale = cacheScale(attention.getV()), seen = statistics(attention.getResult(), kMaxAbsAttr);
  double sum = kLeastWeightSum;
  for (auto [scale, largest] : llvm::zip_equal(valueScale, seen))
    sum = std::max(sum, largest * kTransientHeadRoom / (kMaxS8 * scale));
  return std::min(sum, double(mcuf::rowCount(attention.getK())));
}

std::vector<int32_t> ScalePlan::contextFactors(mcuf::AttentionOp attention) const {
  std::vector<double> valueScale = cacheScale(attention.getV()), seen = statistics(attention.getResult(), kMaxAbsAttr);
  std::vector<int32_t> factors;
  const double unit = weightSum(attention) / kContextUnit;
  for (auto [scale, largest] : llvm::zip_equal(valueScale, seen))
    factors.push_back(int32_t(std::clamp(std::ceil(largest * kCacheHeadRoom / (kMaxS8 * scale * unit)), 3.0, kContextUnit)));
  return factors;
}

/// Mean or standard deviation of the image's channels.
DenseF32ArrayAttr ScalePlan::normalization(StringRef name) const {
  func::FuncOp network = function;
  return network.getArgAttrOfType<DenseF32ArrayAttr>(0, name);
}

FailureOr<PixelStorage> ScalePlan::pixelStorage(mcuf::WindowsOp windows) const {
  auto mean = normalization(kMeanAttr);
  if (!mean || !normalization(kStdAttr))
    return windows.emitError() << "the image must be the network's input, calibrated with a mean and a standard deviation";
  const int64_t channels = mcuf::widthOf(windows.getInput());
  // As many bits below a pixel as there is room for, so that rounding the offset costs nothing.
  for (int shift = 7; shift >= 0; --shift) {
    PixelStorage result{shift, {}};
    for (int64_t c = 0; c < channels; ++c) {
      const double zero = std::nearbyint(std::ldexp(255.0 * mean[mean.size() == 1 ? 0 : c], shift)), white = std::ldexp(255.0, shift);
      if (std::fabs(zero) <= kMaxS16 && std::fabs(white - zero) <= kMaxS16)
        result.offset.push_back(int16_t(zero));
    }
    if (int64_t(result.offset.size()) == channels)
      return result;
  }
  return windows.emitError() << "the mean of the image's pixels lies too far outside of their range";
}

FailureOr<std::vector<int16_t>> ScalePlan::pixelCodes(mcuf::WindowsOp windows, const FileRange &codes) const {
  auto mean = normalization(kMeanAttr), deviation = normalization(kStdAttr);
  if (!mean || !deviation)
    return windows.emitError() << "the image must be the network's input, calibrated with a mean and a standard deviation";
  std::vector<int16_t> table;
  for (int64_t c = 0; c < mcuf::widthOf(windows.getInput()); ++c)
    llvm::append_range(table, codesOfPixels(codes, mean[mean.size() == 1 ? 0 : c], deviation[deviation.size() == 1 ? 0 : c]));
  return table;
}

Storage ScalePlan::storageOfWindows(mcuf::WindowsOp windows) const {
  const int64_t depth = mcuf::widthOf(windows), channels = mcuf::widthOf(windows.getInput());
  Storage storage;
  std::vector<double> channel;
  if (mcuf::isInterleavedImage(windows.getInput())) {
    FailureOr<PixelStorage> pixels = pixelStorage(windows);
    if (failed(pixels))
      return storage;
    auto deviation = normalization(kStdAttr);
    storage.scale = std::ldexp(1.0 / 255, -pixels->shift);
    for (int64_t c = 0; c < channels; ++c)
      channel.push_back(1.0 / deviation[deviation.size() == 1 ? 0 : c]);
  } else {
    storage = storageOf(windows.getInput());
    channel = std::move(storage.channel);
    storage.channel.clear();
  }
  for (int64_t k = 0; k < depth && !channel.empty(); ++k)
    storage.channel.push_back(channel[size_t(k % channels)]);
  return storage;
}

/// The largest integer stands for the limit where there is one, so that saturation is the clip. Hidden units of linear layers have 15 bits.
Storage ScalePlan::storageOfActivation(Operation *activation) const {
  const double largest = maximum(activation->getResult(0));
  auto clipped = dyn_cast<mcuf::ClippedReluOp>(activation);
  const double limit = clipped ? clipped.getLimit().convertToDouble() : std::numeric_limits<double>::infinity();
  if (mcuf::hasTable(activation) || (activation->getOperand(0).getDefiningOp<mcuf::LinearOp>() && activation->getOperand(0).hasOneUse()))
    return {std::min(Activation(activation).scaleOf(largest), limit / kMaxS15), {}, 16384};
  return {std::max(std::min(largest * kTransientHeadRoom, limit) / kMaxS16, leastSumScale(activation->getOperand(0))), {}, 32768};
}

/// What the scale of a sum, or of an activation that is computed as one, must be at least for the multipliers of its operands.
double ScalePlan::leastSumScale(Value value) const {
  double largest = value.getDefiningOp<mcuf::DepthwiseOp>() ? 0 : maximum(value);
  if (auto add = value.getDefiningOp<mcuf::BinaryOp>())
    largest = std::max(maximum(add.getLhs()), maximum(add.getRhs()));
  return largest * kTransientHeadRoom / kMaxS15 / kLargestSumRatio;
}

/// What `value` is the mean of, and of how many rows.
static std::pair<Value, int64_t> meanOf(Value value) {
  if (auto pool = value.getDefiningOp<mcuf::PoolOp>(); pool && pool.getKind() == mcuf::ReduceKind::Mean)
    return {pool.getInput(), mcuf::WindowGrid::of(pool).taps()};
  if (auto reduce = value.getDefiningOp<mcuf::ReduceOp>(); reduce && reduce.getKind() == mcuf::ReduceKind::Mean)
    return {reduce.getInput(), mcuf::rowCount(reduce.getInput())};
  return {};
}

Storage ScalePlan::storageOf(Value value) const {
  Operation *op = value.getDefiningOp();
  if (isResidual(value))
    return {residual.base, std::vector<double>(residual.factors.begin(), residual.factors.end()), 32768};
  if (std::optional<FileRange> codes = codesOf(value))
    return mcuform::storageOf(*codes);
  if (auto [input, count] = meanOf(value); input)
    if (std::optional<FileRange> codes = codesOf(input))
      return finerStorageOf(*codes, count);
  return llvm::TypeSwitch<Operation *, Storage>(op)
      .Case<mcuf::SliceOp, mcuf::ReshapeOp, mcuf::PermuteRowsOp, mcuf::ReduceOp>([&](Operation *same) { return storageOf(same->getOperand(0)); })
      .Case([&](mcuf::LayerNormOp) {
        int shift = std::clamp(int(std::floor(std::log2(kMaxS16 / (maximum(value) * 1.05)))), 0, 20);
        return Storage{std::ldexp(1.0, -shift), {}, 32768};
      })
      .Case<mcuf::GeluOp, mcuf::SwishOp, mcuf::HardSwishOp, mcuf::UnaryOp, mcuf::ClippedReluOp>(
          [&](Operation *activation) { return storageOfActivation(activation); })
      .Case([&](mcuf::WindowsOp windows) { return storageOfWindows(windows); })
      .Case([&](mcuf::PoolOp pool) { return storageOf(pool.getInput()); })
      .Case([&](mcuf::AttentionOp attention) { return Storage{weightSum(attention) / kContextUnit, cacheScale(attention.getV()), 32768}; })
      .Case([&](mcuf::ConstantOp) { return Storage{maximum(value) / kMaxS16, {}, 32768}; })
      .Case([&](mcuf::ConcatOp) { return Storage{maximum(value) * kTransientHeadRoom / kMaxS16, {}, 32768}; })
      .Default([&](Operation *) {
        // What is joined has one scale.
        if (isComputedForConcat(value))
          return storageOf((*value.getUsers().begin())->getResult(0));
        double headRoom = isa<func::ReturnOp>(*value.getUsers().begin()) ? kLogitsHeadRoom : kTransientHeadRoom;
        double least = isa<mcuf::BinaryOp>(value.getDefiningOp()) ? leastSumScale(value) : 0;
        if (isProduct(op)) // its multiplier's ratio stays below 1/2
          least = 2.001 * storageOf(op->getOperand(0)).scale * storageOf(op->getOperand(1)).scale;
        return Storage{std::max(maximum(value) * headRoom / kMaxS16, least), {}, 32768};
      });
}

FailureOr<FloatLinear> ScalePlan::storedLinear(mcuf::LinearOp linear) const {
  FailureOr<FloatLinear> layer = readLinear(linear, compensate);
  if (failed(layer))
    return failure();
  if (layer->depth % 2)
    return linear.emitError()
           << "depth " << layer->depth
           << " is odd; kernels read two activations at a time, and only hidden layers, heads and patches can be padded. "
              "Give the model an even embedding width";
  Storage input = storageOf(linear.getInput());
  layer->inputScale = input.scale;
  if (!input.channel.empty())
    layer->channelScale = input.channel;
  layer->inputBound = input.bound;
  layer->group = int4.contains(linear) ? int4Group : 0;
  return layer;
}

FailureOr<IntegerLinear> ScalePlan::quantize(mcuf::LinearOp linear) {
  FailureOr<FloatLinear> layer = storedLinear(linear);
  if (failed(layer))
    return failure();
  IntegerLinear result = quantizeLinear(*layer);
  progress.advance();
  noiseToSignalSum += result.noiseToSignal;
  ++linearCount;
  return result;
}

FailureOr<IntegerLinear> ScalePlan::quantizeRest(mcuf::LinearOp linear, const IntegerLinear &first) const {
  FailureOr<FloatLinear> layer = storedLinear(linear);
  if (failed(layer))
    return failure();
  for (int64_t n = 0; n < layer->units; ++n) {
    const double step = first.accumulatorScale[size_t(n)] / layer->inputScale;
    for (int64_t k = 0; k < layer->depth; ++k)
      layer->weights[size_t(n * layer->depth + k)] -=
          float(step * first.weights[size_t(n * layer->depth + k)] / layer->channelScale[size_t(k)]);
    layer->bias[size_t(n)] -= first.bias[size_t(n)] * first.accumulatorScale[size_t(n)];
  }
  return quantizeLinear(*layer);
}

/// Of mean or standard deviation, one number for all channels or one for each.
static double perChannel(DenseF32ArrayAttr values, int64_t channel) { return double(values[values.size() == 1 ? 0 : channel]); }

FailureOr<IntegerLinear> ScalePlan::quantize(mcuf::PatchEmbedOp embed) {
  bool isSequence = mcuf::shapeOf(embed.getImage()).size() == 3;
  auto image = dyn_cast<BlockArgument>(embed.getImage());
  auto mean = image ? normalization(kMeanAttr) : nullptr;
  auto deviation = image ? normalization(kStdAttr) : nullptr;
  if (!isSequence && (!mean || !deviation))
    return embed.emitError() << "the image must be the network's input, calibrated with a mean and a standard deviation";
  FailureOr<HostTensor> weights = toHostTensor(mcuf::constantOf(embed.getWeights())),
                        bias = toHostTensor(mcuf::constantOf(embed.getBias()));
  int64_t channels = weights->shape()[3];
  FloatLinear layer;
  layer.units = weights->shape()[0];
  layer.depth = weights->size() / layer.units;
  layer.weights.assign(weights->data<float>(), weights->data<float>() + weights->size());
  layer.bias.assign(bias->data<float>(), bias->data<float>() + bias->size());
  // The network sees (pixel/255 - mean) / std: scale and offset go into weights and bias.
  for (int64_t k = 0; k < layer.depth && !isSequence; ++k) {
    layer.channelScale.push_back(1 / (255 * perChannel(deviation, k % channels)));
    for (int64_t n = 0; n < layer.units; ++n)
      layer.bias[n] -= double(layer.weights[n * layer.depth + k]) * perChannel(mean, k % channels) / perChannel(deviation, k % channels);
  }
  layer.inputBound = 255;
  if (isSequence) {
    if (layer.depth % 2)
      return embed.emitError() << "rows of " << layer.depth
                               << " features are odd; kernels read two at a time. Give the model an even number of features";
    layer.inputScale = sequenceScale(embed);
    layer.channelScale.assign(size_t(layer.depth), 1);
    layer.inputBound = 32768;
  }
  layer.mean = channelAttribute(embed, kPatchMeanAttr, size_t(layer.depth));
  layer.meanSquare = channelAttribute(embed, kPatchMeanSquareAttr, size_t(layer.depth));
  // The moments are those of stored pixels; the quantizer wants them of the real inputs.
  for (size_t k = 0; k < layer.mean.size(); ++k) {
    layer.mean[k] *= layer.channelScale[k];
    layer.meanSquare[k] *= layer.channelScale[k] * layer.channelScale[k];
  }
  if (compensate)
    layer.covariance = matrixAttribute(embed, kPatchCovarianceAttr, layer.depth);
  for (size_t k = 0; k < layer.covariance.size(); ++k)
    layer.covariance[k] *= float(layer.channelScale[k / size_t(layer.depth)] * layer.channelScale[k % size_t(layer.depth)]);
  IntegerLinear result = quantizeLinear(layer);
  padDepth(result);
  progress.advance();
  return result;
}

uint8_t ScalePlan::paddingPixelOf(mcuf::PatchEmbedOp embed) const { return embed.getPads() ? paddingPixel(normalization(kMeanAttr)) : 0; }

std::vector<double> ScalePlan::paddingOf(mcuf::PatchEmbedOp embed) const {
  const mcuf::WindowGrid grid = mcuf::patchGridOf(embed);
  const auto mean = normalization(kMeanAttr), deviation = normalization(kStdAttr);
  const FailureOr<HostTensor> weights = toHostTensor(mcuf::constantOf(embed.getWeights()));
  const int64_t units = weights->shape()[0], depth = weights->size() / units;
  std::vector<double> zero; // of each channel, less the pixel
  for (int64_t c = 0; c < grid.channels; ++c)
    zero.push_back((perChannel(mean, c) - paddingPixelOf(embed) / 255.0) / perChannel(deviation, c));
  std::vector<double> sums(size_t(grid.outHeight * grid.outWidth * units));
  for (int64_t t = 0; t < grid.outHeight * grid.outWidth; ++t) {
    std::vector<bool> isPixel(size_t(grid.taps()));
    grid.forEachPixel(t, [&](int64_t tap, int64_t) { isPixel[size_t(tap)] = true; });
    for (int64_t n = 0; n < units; ++n)
      for (int64_t k = 0; k < depth; ++k)
        if (!isPixel[size_t(k / grid.channels)])
          sums[size_t(t * units + n)] += double(weights->data<float>()[n * depth + k]) * zero[size_t(k % grid.channels)];
  }
  return sums;
}

std::vector<double> ScalePlan::positionsOf(mcuf::PatchEmbedOp embed) const {
  std::vector<double> rows = embed.getPads() ? paddingOf(embed) : std::vector<double>();
  if (auto elements = mcuf::constantOf(embed.getPosition())) {
    const FailureOr<HostTensor> position = toHostTensor(elements);
    rows.resize(size_t(position->size()));
    for (size_t i = 0; i < rows.size(); ++i)
      rows[i] += double(position->data<float>()[i]);
  }
  return rows;
}

double ScalePlan::sequenceScale(mcuf::PatchEmbedOp embed) const {
  std::vector<double> maxAbs = channelAttribute(embed, kPatchMaxAbsAttr, size_t(mcuf::widthOf(embed.getImage())));
  return std::max(kLeastRange, maxAbs.empty() ? 0 : *llvm::max_element(maxAbs)) * kInputHeadRoom / kMaxS16;
}

FailureOr<std::vector<double>> ScalePlan::affineOf(mcuf::LayerNormOp norm, Value vector, double otherwise) const {
  if (!vector)
    return std::vector<double>(size_t(norm.getWidth()), otherwise);
  auto elements = mcuf::constantOf(vector);
  FailureOr<HostTensor> tensor = elements ? toHostTensor(elements) : FailureOr<HostTensor>(failure());
  if (failed(tensor))
    return norm.emitError() << "gamma and beta must be constants";
  return std::vector<double>(tensor->data<float>(), tensor->data<float>() + tensor->size());
}

FailureOr<std::vector<double>> ScalePlan::quantizeWriter(Operation *op) {
  std::vector<double> least;
  if (auto norm = dyn_cast<mcuf::LayerNormOp>(op)) {
    FailureOr<std::vector<double>> gamma = affineOf(norm, norm.getGamma(), 1);
    if (failed(gamma))
      return failure();
    for (double value : *gamma)
      least.push_back(std::fabs(value) * kLeastGainScale);
    return least;
  }
  FailureOr<IntegerLinear> layer = failure();
  Operation *writer = op;
  if (auto embed = dyn_cast<mcuf::PatchEmbedOp>(op)) {
    layer = quantize(embed);
  } else {
    auto add = cast<mcuf::BinaryOp>(op);
    auto linear = add.getRhs().getDefiningOp<mcuf::LinearOp>();
    if (!linear || roles.of(linear) != Role::Residual)
      linear = add.getLhs().getDefiningOp<mcuf::LinearOp>();
    writer = linear;
    if (isResidual(linear.getInput()))
      layer = linear.emitError() << "reads and writes the residual stream with no normalization between";
    else
      layer = quantize(linear);
  }
  if (failed(layer))
    return failure();
  for (double step : layer->accumulatorScale)
    least.push_back(step * 2.001); // the multiplier's ratio stays below 1/2
  // Rows of positions are stored as they are, before the patches' own are added.
  if (auto embed = dyn_cast<mcuf::PatchEmbedOp>(op))
    for (auto [i, value] : llvm::enumerate(positionsOf(embed)))
      least[i % least.size()] = std::max(least[i % least.size()], std::fabs(value) / kMaxS16);
  residualWriters[writer] = std::move(*layer);
  return least;
}

LogicalResult ScalePlan::chooseResidual() {
  bool ok = true;
  std::vector<double> maxAbs, least;
  function.walk([&](Operation *op) {
    if (!isa<mcuf::PatchEmbedOp, mcuf::BinaryOp, mcuf::LayerNormOp>(op) || !isResidual(op->getResult(0)))
      return;
    Value result = op->getResult(0);
    std::vector<double> seen = statistics(result, kMaxAbsAttr);
    FailureOr<std::vector<double>> leastHere = quantizeWriter(op);
    if (failed(leastHere)) {
      ok = false;
      return;
    }
    if (maxAbs.empty()) {
      maxAbs.assign(seen.size(), 0);
      least.assign(seen.size(), 0);
    }
    if (seen.size() != maxAbs.size()) {
      op->emitError() << "the residual stream has " << maxAbs.size() << " channels at one place and " << mcuf::widthOf(result) << " here";
      ok = false;
      return;
    }
    for (size_t c = 0; c < seen.size(); ++c) {
      maxAbs[c] = std::max(maxAbs[c], seen[c] * kResidualHeadRoom);
      least[c] = std::max(least[c], (*leastHere)[c]);
    }
  });
  if (ok && !maxAbs.empty())
    residual = chooseResidualScale(maxAbs, least);
  if (ok && residual.coarseness > kBearableCoarseness) {
    auto number = [](double value) {
      std::string text;
      llvm::raw_string_ostream(text) << llvm::format("%.3g", value);
      return text;
    };
    function.emitWarning() << "the channels of the residual stream differ too much for one set of factors: channel " << residual.largest
                           << " reaches " << number(maxAbs[residual.largest] / kResidualHeadRoom) << ", and so channel "
                           << residual.coarsest << ", which reaches " << number(maxAbs[residual.coarsest] / kResidualHeadRoom)
                           << ", is stored in steps of " << number(residual.channel(residual.coarsest)) << ", "
                           << number(residual.coarseness) << " times what it could have; check the accuracy with mcuform-run --reference";
  }
  return success(ok);
}

double ScalePlan::weightSqnrDb() const {
  return linearCount && noiseToSignalSum > 0 ? -10 * std::log10(noiseToSignalSum / double(linearCount)) : 0;
}

} // namespace mcuform
