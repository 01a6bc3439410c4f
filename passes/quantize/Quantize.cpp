// mcuf-quantize: from the calibrated float network to the integer ops of docs/arithmetic.md.
//
// Scales are decided first (what each value is stored in follows from its statistics and its role), then the ops are rewritten in program order. The residual
// stream's scale depends on the linears that write it, so these are quantized before it is chosen.
#include "compiler/reference/HostTensor.h"
#include "dialects/mcuf/McufDialect.h"
#include "compiler/support/Progress.h"
#include "passes/Passes.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/LinearQuantizer.h"
#include "passes/quantize/ResidualScale.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace mcuform {
#define GEN_PASS_DEF_QUANTIZE
#include "passes/Passes.h.inc"

namespace {

using namespace mlir;

/// Head-room above the calibrated maximum.
constexpr double kResidualHeadRoom = 1.25, kTransientHeadRoom = 1.25, kCacheHeadRoom = 1.10, kLogitsHeadRoom = 1.5;
/// A channel that calibration saw dead still gets this share of the tensor's range.
constexpr double kLeastChannelShare = 1.0 / 1024;
constexpr double kLeastRange = 1e-6;
/// Above 2^-17, where GELU's second multiplier would reach 2^31.
constexpr double kLeastHiddenScale = 1.01 / (1 << 17);
constexpr double kMaxS16 = 32767, kMaxS15 = 16383, kMaxS8 = 127;
constexpr double kScoreUnit = 64, kContextUnit = 256;

/// How a value is stored: channel c holds `scale * channel[c] * integer`; an empty `channel` is all ones.
struct Storage {
  double scale = 1;
  std::vector<double> channel;
  int64_t bound = 32768;
};

Type quantType(MLIRContext *context, unsigned bits, double scale) {
  int64_t limit = int64_t(1) << (bits - 1);
  return quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed, IntegerType::get(context, bits <= 8 ? 8 : 16), Float32Type::get(context), scale, 0,
                                          -limit, limit - 1);
}

class Quantizer {
public:
  Quantizer(func::FuncOp function, bool compensate) : function(function), compensate(compensate), builder(function.getContext()) {}
  LogicalResult run();

private:
  // Analysis.
  LogicalResult findRoles();
  bool isResidual(Value value);
  LogicalResult chooseResidual();
  Storage storageOf(Value value);
  std::vector<double> statistics(Value value, StringRef name) {
    return value.getDefiningOp() ? channelAttribute(value.getDefiningOp(), name, size_t(mcuf::widthOf(value))) : std::vector<double>();
  }
  double maximum(Value value) {
    std::vector<double> all = statistics(value, kMaxAbsAttr);
    return std::max(kLeastRange, all.empty() ? 0 : *llvm::max_element(all));
  }
  std::vector<double> cacheScale(Value value);
  /// Per head, of the queries once the keys' scales are multiplied in: the query layer and the scores must use the same.
  std::vector<double> queryScale(mcuf::AttentionOp attention);
  FailureOr<IntegerLinear> quantize(mcuf::LinearOp linear);
  FailureOr<IntegerLinear> quantize(mcuf::PatchEmbedOp embed);

  // Rewriting.
  LogicalResult rewrite(Operation &op);
  LogicalResult rewriteEmbed(mcuf::PatchEmbedOp embed);
  LogicalResult rewriteNorm(mcuf::LayerNormOp norm);
  LogicalResult rewriteLinear(mcuf::LinearOp linear);
  LogicalResult rewriteAdd(mcuf::BinaryOp add);
  LogicalResult rewriteGelu(mcuf::GeluOp gelu);
  LogicalResult rewriteAttention(mcuf::AttentionOp attention);
  LogicalResult rewriteMean(mcuf::ReduceOp reduce);
  Value constant(Location location, const HostTensor &tensor, StringRef suffix);
  template <class T> Value constant(Location location, ElementKind kind, ArrayRef<int64_t> shape, ArrayRef<T> values, StringRef suffix);
  Value weightsOf(Location location, const IntegerLinear &layer);
  /// bias and mult operands for the given output scale; null, after a diagnostic, where a ratio is too large.
  std::pair<Value, Value> epilogueOf(Operation *op, const IntegerLinear &layer, ArrayRef<double> outputScale);
  RankedTensorType typed(Value like, unsigned bits, double scale) {
    return cast<RankedTensorType>(like.getType()).clone(quantType(builder.getContext(), bits, scale));
  }
  void replace(Value from, Value to) { values[from] = to; }

  enum class Role { Plain, Gelu, Residual, Query, Key, Value };
  func::FuncOp function;
  bool compensate;
  OpBuilder builder;
  llvm::DenseMap<Operation *, Role> roles;                       ///< of linears
  llvm::DenseMap<Operation *, mcuf::AttentionOp> attentions;     ///< of linears that are queries, keys or values
  llvm::DenseMap<Operation *, IntegerLinear> residualWriters;    ///< linears and patch embeddings that write the residual stream
  ResidualScale residual;
  std::unique_ptr<Progress> progress; ///< counts layers whose weights are quantized
  double noiseToSignalSum = 0;
  int64_t linearCount = 0;
  llvm::DenseMap<mlir::Value, mlir::Value> values;
};

bool Quantizer::isResidual(Value value) {
  Operation *op = value.getDefiningOp();
  if (isa_and_nonnull<mcuf::SliceOp, mcuf::ReshapeOp>(op))
    return mcuf::widthOf(op->getOperand(0)) == mcuf::widthOf(value) && isResidual(op->getOperand(0));
  return isa_and_nonnull<mcuf::PatchEmbedOp, mcuf::BinaryOp>(op);
}

LogicalResult Quantizer::findRoles() {
  bool ok = true;
  function.walk([&](mcuf::LinearOp linear) {
    Role role = Role::Plain;
    for (Operation *user : linear->getUsers()) {
      Role wanted = Role::Plain;
      if (isa<mcuf::GeluOp>(user))
        wanted = Role::Gelu;
      else if (isa<mcuf::BinaryOp>(user))
        wanted = Role::Residual;
      else if (auto attention = dyn_cast<mcuf::AttentionOp>(user)) {
        wanted = attention.getQ() == linear ? Role::Query : attention.getK() == linear ? Role::Key : Role::Value;
        attentions[linear] = attention;
      }
      role = wanted;
    }
    if (role != Role::Plain && !linear->hasOneUse()) {
      linear.emitError() << "has " << std::distance(linear->use_begin(), linear->use_end()) << " uses; a linear layer that feeds attention, GELU or a residual add may have one";
      ok = false;
    }
    roles[linear] = role;
  });
  function.walk([&](mcuf::AttentionOp attention) {
    for (Value operand : attention->getOperands())
      if (!operand.getDefiningOp<mcuf::LinearOp>()) {
        attention.emitError() << "takes q, k and v from linear layers only";
        ok = false;
        break;
      }
  });
  function.walk([&](mcuf::BinaryOp add) {
    auto isWriter = [&](Value value) { return value.getDefiningOp<mcuf::LinearOp>() && value.hasOneUse(); };
    if (add.getKind() != mcuf::BinaryKind::Add || !((isResidual(add.getLhs()) && isWriter(add.getRhs())) || (isResidual(add.getRhs()) && isWriter(add.getLhs())))) {
      add.emitError() << "elementwise '" << mcuf::stringifyBinaryKind(add.getKind())
                      << "' cannot be quantized; supported is the addition of a linear layer to the residual stream that the patch embedding begins";
      ok = false;
    }
  });
  return success(ok);
}

std::vector<double> Quantizer::cacheScale(Value value) {
  std::vector<double> scale = statistics(value, kMaxAbsAttr);
  double least = maximum(value) * kLeastChannelShare;
  for (double &entry : scale)
    entry = std::max(entry, least) * kCacheHeadRoom / kMaxS8;
  return scale;
}

std::vector<double> Quantizer::queryScale(mcuf::AttentionOp attention) {
  std::vector<double> keyScale = cacheScale(attention.getK()), query = statistics(attention.getQ(), kMaxAbsAttr);
  std::vector<double> scale(size_t(attention.getNumHeads()), kLeastRange);
  size_t headWidth = keyScale.size() / scale.size();
  for (size_t c = 0; c < keyScale.size(); ++c)
    scale[c / headWidth] = std::max(scale[c / headWidth], query[c] * keyScale[c]);
  for (double &entry : scale)
    entry = entry * kTransientHeadRoom / kMaxS16;
  return scale;
}

Storage Quantizer::storageOf(Value value) {
  Operation *op = value.getDefiningOp();
  if (isResidual(value))
    return {residual.base, std::vector<double>(residual.factors.begin(), residual.factors.end()), 32768};
  return llvm::TypeSwitch<Operation *, Storage>(op)
      .Case<mcuf::SliceOp, mcuf::ReshapeOp, mcuf::ReduceOp>([&](Operation *same) { return storageOf(same->getOperand(0)); })
      .Case([&](mcuf::LayerNormOp) {
        int shift = std::clamp(int(std::floor(std::log2(kMaxS16 / (maximum(value) * 1.05)))), 0, 20);
        return Storage{std::ldexp(1.0, -shift), {}, 32768};
      })
      .Case([&](mcuf::GeluOp) { return Storage{std::max(maximum(value) * kTransientHeadRoom / kMaxS15, kLeastHiddenScale), {}, 16384}; })
      .Case([&](mcuf::AttentionOp attention) { return Storage{1 / kContextUnit, cacheScale(attention.getV()), 32768}; })
      .Default([&](Operation *) {
        double headRoom = isa<func::ReturnOp>(*value.getUsers().begin()) ? kLogitsHeadRoom : kTransientHeadRoom;
        return Storage{maximum(value) * headRoom / kMaxS16, {}, 32768};
      });
}

FailureOr<IntegerLinear> Quantizer::quantize(mcuf::LinearOp linear) {
  FailureOr<HostTensor> weights = failure(), bias = failure();
  if (auto elements = mcuf::constantOf(linear.getWeights()))
    weights = toHostTensor(elements);
  if (linear.getBias())
    if (auto elements = mcuf::constantOf(linear.getBias()))
      bias = toHostTensor(elements);
  if (failed(weights) || (linear.getBias() && failed(bias)))
    return linear.emitError() << "weights and bias must be constants";
  Storage input = storageOf(linear.getInput());
  FloatLinear layer;
  layer.units = weights->shape()[0];
  layer.depth = weights->shape()[1];
  if (layer.depth % 2)
    return linear.emitError() << "depth " << layer.depth << " is odd; the kernels read two activations at a time";
  layer.weights.assign(weights->data<float>(), weights->data<float>() + weights->size());
  layer.bias.assign(size_t(layer.units), 0);
  if (linear.getBias())
    std::copy_n(bias->data<float>(), layer.units, layer.bias.begin());
  layer.inputScale = input.scale;
  layer.channelScale = input.channel.empty() ? std::vector<double>(size_t(layer.depth), 1) : input.channel;
  layer.inputBound = input.bound;
  layer.mean = statistics(linear.getInput(), kMeanAttr);
  layer.meanSquare = statistics(linear.getInput(), kMeanSquareAttr);
  if (Operation *source = linear.getInput().getDefiningOp(); source && compensate)
    layer.covariance = matrixAttribute(source, kCovarianceAttr, layer.depth);
  IntegerLinear result = quantizeLinear(layer);
  progress->advance();
  noiseToSignalSum += result.noiseToSignal;
  ++linearCount;
  return result;
}

FailureOr<IntegerLinear> Quantizer::quantize(mcuf::PatchEmbedOp embed) {
  auto image = dyn_cast<BlockArgument>(embed.getImage());
  auto mean = image ? function.getArgAttrOfType<DenseF32ArrayAttr>(0, kMeanAttr) : nullptr;
  auto deviation = image ? function.getArgAttrOfType<DenseF32ArrayAttr>(0, kStdAttr) : nullptr;
  if (!mean || !deviation)
    return embed.emitError() << "the image must be the network's input, calibrated with a mean and a standard deviation";
  FailureOr<HostTensor> weights = toHostTensor(mcuf::constantOf(embed.getWeights())), bias = toHostTensor(mcuf::constantOf(embed.getBias()));
  int64_t channels = weights->shape()[3];
  FloatLinear layer;
  layer.units = weights->shape()[0];
  layer.depth = weights->size() / layer.units;
  if (layer.depth % 2)
    return embed.emitError() << "a patch has " << layer.depth << " values; the kernels need an even number";
  layer.weights.assign(weights->data<float>(), weights->data<float>() + weights->size());
  layer.bias.assign(bias->data<float>(), bias->data<float>() + bias->size());
  // The network sees (pixel/255 - mean) / std: scale and offset go into weights and bias.
  auto perChannel = [&](DenseF32ArrayAttr values, int64_t k) { return double(values[values.size() == 1 ? 0 : k % channels]); };
  for (int64_t k = 0; k < layer.depth; ++k) {
    layer.channelScale.push_back(1 / (255 * perChannel(deviation, k)));
    for (int64_t n = 0; n < layer.units; ++n)
      layer.bias[n] -= double(layer.weights[n * layer.depth + k]) * perChannel(mean, k) / perChannel(deviation, k);
  }
  layer.inputBound = 255;
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
  progress->advance();
  return result;
}

LogicalResult Quantizer::chooseResidual() {
  bool ok = true;
  std::vector<double> maxAbs, least;
  function.walk([&](Operation *op) {
    if (!isa<mcuf::PatchEmbedOp, mcuf::BinaryOp>(op))
      return;
    Value result = op->getResult(0);
    std::vector<double> seen = statistics(result, kMaxAbsAttr);
    FailureOr<IntegerLinear> layer = failure();
    Operation *writer = op;
    if (auto embed = dyn_cast<mcuf::PatchEmbedOp>(op)) {
      layer = quantize(embed);
    } else {
      auto add = cast<mcuf::BinaryOp>(op);
      auto linear = add.getRhs().getDefiningOp<mcuf::LinearOp>();
      if (!linear || roles.lookup(linear) != Role::Residual)
        linear = add.getLhs().getDefiningOp<mcuf::LinearOp>();
      writer = linear;
      if (isResidual(linear.getInput()))
        layer = linear.emitError() << "reads and writes the residual stream with no normalization between";
      else
        layer = quantize(linear);
    }
    if (failed(layer)) {
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
      least[c] = std::max(least[c], layer->accumulatorScale[c] * 2.001); // the multiplier's ratio stays below 1/2
    }
    residualWriters[writer] = std::move(*layer);
  });
  if (ok && !maxAbs.empty())
    residual = chooseResidualScale(maxAbs, least);
  return success(ok);
}

Value Quantizer::constant(Location location, const HostTensor &tensor, StringRef suffix) {
  ElementsAttr elements = toElements(tensor, builder.getContext(), suffix);
  return builder.create<mcuf::ConstantOp>(NameLoc::get(builder.getStringAttr(suffix), location), elements.getType(), elements);
}

template <class T> Value Quantizer::constant(Location location, ElementKind kind, ArrayRef<int64_t> shape, ArrayRef<T> entries, StringRef suffix) {
  HostTensor tensor(kind, shape);
  std::copy(entries.begin(), entries.end(), tensor.data<T>());
  return constant(location, tensor, suffix);
}

Value Quantizer::weightsOf(Location location, const IntegerLinear &layer) {
  return constant<int8_t>(location, ElementKind::I8, {layer.units, layer.depth}, layer.weights, "weights");
}

std::pair<Value, Value> Quantizer::epilogueOf(Operation *op, const IntegerLinear &layer, ArrayRef<double> outputScale) {
  int64_t badUnit = 0;
  auto mult = multipliers(layer, outputScale, &badUnit);
  if (!mult) {
    op->emitError() << "output channel " << badUnit << " has a scale of " << outputScale[badUnit] << ", less than twice the accumulator's step of "
                    << layer.accumulatorScale[badUnit] << "; its calibrated range is too small for these weights";
    return {};
  }
  return {constant<int32_t>(op->getLoc(), ElementKind::I32, {layer.units}, layer.bias, "bias"),
          constant<int32_t>(op->getLoc(), ElementKind::I32, {layer.units}, *mult, "mult")};
}

LogicalResult Quantizer::rewriteEmbed(mcuf::PatchEmbedOp embed) {
  const IntegerLinear &layer = residualWriters[embed];
  const std::vector<double> scale = residual.channels();
  auto stored = [&](Value table, int64_t rows, StringRef name) {
    HostTensor tensor(ElementKind::I16, {rows, layer.units});
    if (auto elements = mcuf::constantOf(table)) {
      FailureOr<HostTensor> real = toHostTensor(elements);
      for (int64_t i = 0; i < tensor.size(); ++i)
        tensor.data<int16_t>()[i] = int16_t(std::clamp(std::nearbyint(double(real->data<float>()[i]) / scale[size_t(i % layer.units)]), -32768.0, 32767.0));
    }
    return constant(embed.getLoc(), tensor, name);
  };
  auto image = mcuf::shapeOf(embed.getImage()), weights = mcuf::shapeOf(embed.getWeights());
  int64_t patches = (image[2] / weights[1]) * (image[3] / weights[2]);
  auto [bias, mult] = epilogueOf(embed, layer, scale);
  if (!bias)
    return failure();
  Value prefix = embed.getPrefix() ? stored(embed.getPrefix(), mcuf::shapeOf(embed.getPrefix())[0], "prefix") : Value();
  replace(embed, builder.create<mcuf::QPatchEmbedOp>(embed.getLoc(), typed(embed, 16, residual.base), values.lookup(embed.getImage()),
                                                     weightsOf(embed.getLoc(), layer), bias, mult, stored(embed.getPosition(), patches, "position"), prefix,
                                                     uint64_t(weights[1]), uint64_t(weights[2])));
  return success();
}

LogicalResult Quantizer::rewriteNorm(mcuf::LayerNormOp norm) {
  if (norm.getGamma() || norm.getBeta())
    return norm.emitError() << "gamma and beta could not be folded into the layers that follow; only LayerNorms whose users are all linear layers are supported";
  Storage input = storageOf(norm.getInput());
  int64_t width = norm.getWidth();
  std::vector<int16_t> factors(size_t(width), 1);
  if (!input.channel.empty() && !isResidual(norm.getInput()))
    return norm.emitError() << "reads an attention context directly, which is not supported";
  if (!input.channel.empty())
    factors = residual.factors;
  double epsilon = std::max(1.0, std::nearbyint(norm.getEpsilon().convertToDouble() * double(width) * double(width) / (input.scale * input.scale)));
  if (!layerNormFits(factors, epsilon))
    return norm.emitError() << "row statistics of " << width << " channels do not fit 32-bit sums";
  Storage output = storageOf(norm);
  Value factor = constant<int16_t>(norm.getLoc(), ElementKind::I16, {width}, factors, "factor");
  replace(norm, builder.create<mcuf::QLayerNormOp>(norm.getLoc(), typed(norm, 16, output.scale), values.lookup(norm.getInput()), factor, uint64_t(epsilon),
                                                   uint64_t(-std::ilogb(output.scale))));
  return success();
}

LogicalResult Quantizer::rewriteLinear(mcuf::LinearOp linear) {
  Role role = roles.lookup(linear);
  if (role == Role::Gelu || role == Role::Residual)
    return success(); // rewritten at its user
  FailureOr<IntegerLinear> layer = quantize(linear);
  if (failed(layer))
    return failure();
  std::vector<double> scale;
  double typeScale = 1;
  unsigned bits = 16;
  if (role == Role::Key || role == Role::Value) {
    scale = cacheScale(linear);
    bits = 8;
  } else if (role == Role::Query) {
    mcuf::AttentionOp attention = attentions.lookup(linear);
    std::vector<double> keyScale = cacheScale(attention.getK()), headScale = queryScale(attention);
    size_t headWidth = keyScale.size() / headScale.size();
    for (size_t c = 0; c < keyScale.size(); ++c)
      scale.push_back(headScale[c / headWidth] / keyScale[c]);
  } else {
    typeScale = storageOf(linear).scale;
    scale.assign(size_t(layer->units), typeScale);
  }
  auto [bias, mult] = epilogueOf(linear, *layer, scale);
  if (!bias)
    return failure();
  replace(linear, builder.create<mcuf::QLinearOp>(linear.getLoc(), typed(linear, bits, typeScale), values.lookup(linear.getInput()),
                                                  weightsOf(linear.getLoc(), *layer), bias, mult));
  return success();
}

LogicalResult Quantizer::rewriteAdd(mcuf::BinaryOp add) {
  bool isRight = add.getRhs().getDefiningOp<mcuf::LinearOp>() && residualWriters.count(add.getRhs().getDefiningOp());
  auto linear = (isRight ? add.getRhs() : add.getLhs()).getDefiningOp<mcuf::LinearOp>();
  Value stream = isRight ? add.getLhs() : add.getRhs();
  const IntegerLinear &layer = residualWriters[linear];
  const std::vector<double> scale = residual.channels();
  auto [bias, mult] = epilogueOf(linear, layer, scale);
  if (!bias)
    return failure();
  Location location = FusedLoc::get(builder.getContext(), {linear.getLoc(), add.getLoc()});
  replace(add, builder.create<mcuf::QLinearAddOp>(location, typed(add, 16, residual.base), values.lookup(linear.getInput()), weightsOf(linear.getLoc(), layer),
                                                  bias, mult, values.lookup(stream)));
  return success();
}

LogicalResult Quantizer::rewriteGelu(mcuf::GeluOp gelu) {
  auto linear = gelu.getInput().getDefiningOp<mcuf::LinearOp>();
  if (!linear || gelu.getApproximate())
    return gelu.emitError() << (linear ? "the tanh form of GELU is not supported; export the model with the exact form" : "must follow a linear layer");
  FailureOr<IntegerLinear> layer = quantize(linear);
  if (failed(layer))
    return failure();
  double scale = storageOf(gelu).scale;
  // The multiplier's ratio must stay below 1/2: a hidden scale finer than twice the accumulator's step would hold no more information.
  for (double step : layer->accumulatorScale)
    if (step * 2.001 > scale)
      return gelu.emitError() << "hidden units with a scale of " << scale << " are finer than the accumulator's step of " << step;
  auto [bias, mult] = epilogueOf(linear, *layer, std::vector<double>(size_t(layer->units), scale));
  auto indexMult = fixedPoint32(scale), deltaMult = fixedPoint32(std::ldexp(1 / scale, -18));
  if (!bias || !indexMult || !deltaMult)
    return gelu.emitError() << "hidden scale " << scale << " is outside of (2^-17, 1/2)";
  Location location = FusedLoc::get(builder.getContext(), {linear.getLoc(), gelu.getLoc()});
  replace(gelu, builder.create<mcuf::QLinearGeluOp>(location, typed(gelu, 15, scale), values.lookup(linear.getInput()), weightsOf(linear.getLoc(), *layer), bias,
                                                    mult, uint64_t(*indexMult), uint64_t(*deltaMult)));
  return success();
}

LogicalResult Quantizer::rewriteAttention(mcuf::AttentionOp attention) {
  std::vector<double> headScale = queryScale(attention);
  int64_t heads = int64_t(headScale.size());
  std::vector<int32_t> scoreMult;
  for (int64_t h = 0; h < heads; ++h) {
    auto mult = fixedPoint32(headScale[size_t(h)] * attention.getScale().convertToDouble() * kScoreUnit);
    if (!mult)
      return attention.emitError() << "head " << h << " has scores too large for 16 bits";
    scoreMult.push_back(*mult);
  }
  replace(attention, builder.create<mcuf::QAttentionOp>(attention.getLoc(), typed(attention, 16, 1 / kContextUnit), values.lookup(attention.getQ()),
                                                        values.lookup(attention.getK()), values.lookup(attention.getV()),
                                                        constant<int32_t>(attention.getLoc(), ElementKind::I32, {heads}, scoreMult, "score_mult"),
                                                        uint64_t(heads)));
  return success();
}

LogicalResult Quantizer::rewriteMean(mcuf::ReduceOp reduce) {
  auto shape = mcuf::shapeOf(reduce.getInput());
  bool overRows = reduce.getKind() == mcuf::ReduceKind::Mean && !llvm::is_contained(reduce.getAxes(), int64_t(shape.size()) - 1);
  for (size_t d = 0; overRows && d + 1 < shape.size(); ++d)
    overRows = shape[d] == 1 || llvm::is_contained(reduce.getAxes(), int64_t(d));
  if (!overRows)
    return reduce.emitError() << "reduction '" << mcuf::stringifyReduceKind(reduce.getKind()) << "' cannot be quantized; supported is the mean over all tokens";
  int64_t first = 0, count = mcuf::rowCount(reduce.getInput());
  Value source = reduce.getInput();
  if (auto slice = source.getDefiningOp<mcuf::SliceOp>()) { // pool straight from the rows that the slice selects
    for (auto [start, size] : llvm::zip_equal(slice.getStarts().drop_back(), mcuf::shapeOf(slice.getInput()).drop_back()))
      first = first * size + start;
    source = slice.getInput();
  }
  if (count < 3)
    return reduce.emitError() << "mean over " << count << " tokens; at least 3 are needed";
  replace(reduce, builder.create<mcuf::QMeanRowsOp>(reduce.getLoc(), typed(reduce, 16, storageOf(reduce).scale), values.lookup(source), uint64_t(first),
                                                    uint64_t(count), uint64_t(*fixedPoint32(1.0 / double(count)))));
  return success();
}

LogicalResult Quantizer::rewrite(Operation &op) {
  builder.setInsertionPoint(&op);
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case<mcuf::ConstantOp, func::ReturnOp>([](Operation *) { return success(); })
      .Case([&](mcuf::PatchEmbedOp embed) { return rewriteEmbed(embed); })
      .Case([&](mcuf::LayerNormOp norm) { return rewriteNorm(norm); })
      .Case([&](mcuf::LinearOp linear) { return rewriteLinear(linear); })
      .Case([&](mcuf::BinaryOp add) { return rewriteAdd(add); })
      .Case([&](mcuf::GeluOp gelu) { return rewriteGelu(gelu); })
      .Case([&](mcuf::AttentionOp attention) { return rewriteAttention(attention); })
      .Case([&](mcuf::ReduceOp reduce) { return rewriteMean(reduce); })
      .Case<mcuf::SliceOp, mcuf::ReshapeOp>([&](Operation *structural) -> LogicalResult {
        if (mcuf::widthOf(structural->getOperand(0)) != mcuf::widthOf(structural->getResult(0)))
          return structural->emitError() << "changes the width of rows, which cannot be quantized";
        Value input = values.lookup(structural->getOperand(0));
        Operation *copy = builder.clone(*structural);
        copy->setOperand(0, input);
        Type element = cast<RankedTensorType>(input.getType()).getElementType();
        copy->getResult(0).setType(RankedTensorType::get(mcuf::shapeOf(structural->getResult(0)), element));
        for (StringRef name : {kMaxAbsAttr, kMeanAttr, kMeanSquareAttr, kCovarianceAttr})
          copy->removeAttr(name);
        replace(structural->getResult(0), copy->getResult(0));
        return success();
      })
      .Default([](Operation *other) { return other->emitError() << "'" << other->getName() << "' cannot be quantized"; });
}

LogicalResult Quantizer::run() {
  // All ops must have been calibrated: without ranges there are no scales.
  bool isCalibrated = true;
  for (Operation &op : function.getBody().front())
    if (isa<mcuf::LinearOp, mcuf::PatchEmbedOp, mcuf::LayerNormOp>(op) && statistics(op.getResult(0), kMaxAbsAttr).empty())
      isCalibrated = false;
  if (!isCalibrated)
    return function.emitError() << "has not been calibrated: run mcuf-calibrate first (mcuformc: pass --calibrate IMAGES.npy)";
  uint64_t layerCount = 0;
  function.walk([&](Operation *op) { layerCount += isa<mcuf::LinearOp, mcuf::PatchEmbedOp>(op); });
  progress = std::make_unique<Progress>("quantizing", layerCount);
  if (failed(findRoles()) || failed(chooseResidual()))
    return failure();

  Block &body = function.getBody().front();
  SmallVector<Operation *> old;
  for (Operation &op : body)
    old.push_back(&op);
  // Pixels come interleaved, as cameras deliver them.
  BlockArgument image = body.getArgument(0);
  auto shape = mcuf::shapeOf(image);
  if (shape.size() != 4)
    return function.emitError() << "has an input of " << image.getType() << "; only images [1, channels, height, width] are supported";
  auto pixels = RankedTensorType::get({shape[2], shape[3], shape[1]}, IntegerType::get(builder.getContext(), 8, IntegerType::Unsigned));
  BlockArgument newImage = body.addArgument(pixels, image.getLoc());
  replace(image, newImage);
  bool ok = true;
  for (Operation *op : old)
    ok &= succeeded(rewrite(*op));
  if (!ok)
    return failure();
  auto terminator = cast<func::ReturnOp>(body.getTerminator());
  SmallVector<Type> results;
  for (OpOperand &operand : terminator->getOpOperands()) {
    operand.set(values.lookup(operand.get()));
    results.push_back(operand.get().getType());
  }
  for (Operation *op : llvm::reverse(old))
    if (op != terminator)
      op->erase();
  body.eraseArgument(0);
  function.setType(FunctionType::get(builder.getContext(), {pixels}, results));

  SmallVector<NamedAttribute> facts{builder.getNamedAttr("activation_bits", builder.getI64IntegerAttr(16)),
                                    builder.getNamedAttr("hidden_bits", builder.getI64IntegerAttr(15)),
                                    builder.getNamedAttr("key_value_bits", builder.getI64IntegerAttr(8)),
                                    builder.getNamedAttr("residual_bits", builder.getI64IntegerAttr(16)),
                                    builder.getNamedAttr("residual_scale", builder.getF64FloatAttr(residual.base)),
                                    builder.getNamedAttr("residual_largest_factor", builder.getI64IntegerAttr(residual.factors.empty() ? 1 : *llvm::max_element(residual.factors))),
                                    builder.getNamedAttr("weight_bits", builder.getI64IntegerAttr(8)),
                                    builder.getNamedAttr("weight_sqnr_db", builder.getF64FloatAttr(linearCount && noiseToSignalSum > 0 ? -10 * std::log10(noiseToSignalSum / double(linearCount)) : 0))};
  if (auto count = function->getAttrOfType<IntegerAttr>(kCalibrationInputsAttr)) {
    facts.push_back(builder.getNamedAttr(kCalibrationInputsAttr.drop_front(5), count));
    function->removeAttr(kCalibrationInputsAttr);
  }
  function->getParentOp()->setAttr("mcuf.quantization", builder.getDictionaryAttr(facts));
  return success();
}

struct Quantize : impl::QuantizeBase<Quantize> {
  using Base::Base;
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (failed(Quantizer(function, compensateRounding).run()))
        signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
