#include "passes/quantize/MapRewriter.h"

#include "compiler/reference/HostTensor.h"
#include "dialects/mcuf/McufCodeOps.h"
#include "passes/quantize/Activation.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/FileCodes.h"
#include "passes/quantize/Roles.h"

#include "mlir/Dialect/Quant/QuantTypes.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

constexpr int64_t kLeastS16 = -32768;
/// A sum is computed in units of 1/256 of the result's.
constexpr int kGuardBits = 8;
/// Of codes in units of 1/65536; none of their magnitudes is larger.
constexpr int kCodeGuardBits = 16;
constexpr int64_t kLargestCode = 256;

/// A constant of what is too large for the IR's text, or small.
template <class T>
Value constant(OpBuilder &builder, Location location, ElementKind kind, ArrayRef<int64_t> shape, ArrayRef<T> entries, StringRef name) {
  HostTensor tensor(kind, shape);
  llvm::copy(entries, tensor.data<T>());
  ElementsAttr elements = toElements(tensor, builder.getContext(), name);
  return builder.create<mcuf::ConstantOp>(NameLoc::get(builder.getStringAttr(name), location), elements.getType(), elements);
}

/// 0 behind ReLU; an upper limit is where the result's scale saturates.
uint64_t lowOf(Operation *activation) { return activation ? 0 : uint64_t(kLeastS16); }

Location locationOf(Operation *op, Operation *activation) {
  return activation ? FusedLoc::get(op->getContext(), {op->getLoc(), activation->getLoc()}) : op->getLoc();
}

} // namespace

bool isSumOfMaps(Operation *op) {
  auto add = dyn_cast_or_null<mcuf::BinaryOp>(op);
  return add && add.getKind() == mcuf::BinaryKind::Add && !isResidual(add.getResult());
}

Operation *activationBehind(Operation *op) {
  if (!(isSumOfMaps(op) || isa_and_nonnull<mcuf::DepthwiseOp>(op)) || !op->hasOneUse() || codesOf(op->getResult(0)))
    return nullptr;
  Operation *user = *op->user_begin();
  return mcuf::isActivation(user) && !mcuf::hasTable(user) ? user : nullptr;
}

RankedTensorType MapRewriter::typeOf(Value value, const Storage &storage) const {
  MLIRContext *context = builder.getContext();
  const int64_t bound = codesOf(value) ? -kLeastS16 : storage.bound; // what is in codes has one type, whichever op makes it
  Type element = quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed, IntegerType::get(context, 16),
                                                  Float32Type::get(context), storage.scale, 0, -bound, bound - 1);
  return cast<RankedTensorType>(value.getType()).clone(element);
}

FailureOr<Value> MapRewriter::rewrite(mcuf::WindowsOp windows) {
  Value offset;
  IntegerAttr shift;
  if (std::optional<FileRange> codes = codesOfImage(windows)) {
    FailureOr<std::vector<int16_t>> table = plan.pixelCodes(windows, *codes);
    if (failed(table))
      return failure();
    offset = constant<int16_t>(builder, windows.getLoc(), ElementKind::I16, {int64_t(table->size()) / 256, 256}, *table, "codes");
  } else if (mcuf::isInterleavedImage(windows.getInput())) {
    FailureOr<PixelStorage> pixels = plan.pixelStorage(windows);
    if (failed(pixels))
      return failure();
    const int64_t channels = int64_t(pixels->offset.size());
    offset = constant<int16_t>(builder, windows.getLoc(), ElementKind::I16, {channels}, pixels->offset, "offset");
    shift = builder.getI64IntegerAttr(pixels->shift);
  }
  return builder
      .create<mcuf::QWindowsOp>(windows.getLoc(), typeOf(windows, plan.storageOf(windows)), stored(windows.getInput()), offset,
                                windows.getKernelAttr(), windows.getStridesAttr(), windows.getPadsAttr(),
                                shift ? shift : builder.getI64IntegerAttr(0))
      .getResult();
}

FailureOr<Value> MapRewriter::convolve(Operation *op, Value input, ArrayRef<float> weights, ArrayRef<float> bias, ArrayRef<int64_t> kernel,
                                       ArrayRef<int64_t> strides, ArrayRef<int64_t> pads) {
  Operation *activation = activationBehind(op);
  Value result = activation ? activation->getResult(0) : op->getResult(0);
  const Storage in = plan.storageOf(input), out = plan.storageOf(result);
  const int64_t channels = mcuf::widthOf(input), taps = int64_t(weights.size()) / channels;
  std::vector<double> mean, meanSquare;
  if (Operation *source = input.getDefiningOp()) {
    mean = channelAttribute(source, kMeanAttr, size_t(channels));
    meanSquare = channelAttribute(source, kMeanSquareAttr, size_t(channels));
  }
  std::vector<int8_t> rounded(weights.size());
  std::vector<int32_t> biases, mults;
  for (int64_t c = 0; c < channels; ++c) {
    FloatLinear layer;
    layer.units = 1;
    layer.depth = taps;
    for (int64_t tap = 0; tap < taps; ++tap)
      layer.weights.push_back(weights[size_t(tap * channels + c)]);
    layer.bias = {bias[size_t(c)]};
    layer.inputScale = in.scale;
    layer.channelScale.assign(size_t(taps), in.channel.empty() ? 1 : in.channel[size_t(c)]);
    layer.inputBound = in.bound;
    if (!mean.empty()) {
      layer.mean.assign(size_t(taps), mean[size_t(c)]);
      layer.meanSquare.assign(size_t(taps), meanSquare[size_t(c)]);
    }
    IntegerLinear integers = quantizeLinear(layer);
    for (int64_t tap = 0; tap < taps; ++tap)
      rounded[size_t(tap * channels + c)] = integers.weights[size_t(tap)];
    const double scale = out.scale * (out.channel.empty() ? 1 : out.channel[size_t(c)]);
    int64_t bad = 0;
    auto mult = multipliers(integers, {scale}, &bad);
    if (!mult)
      return op->emitError() << "output channel " << c << " has a scale of " << scale << ", less than twice the accumulator's step of "
                             << integers.accumulatorScale[0] << "; its calibrated range is too small for these weights";
    biases.push_back(integers.bias[0]);
    mults.push_back(mult->front());
  }
  Location location = op->getLoc();
  Value kernels = constant<int8_t>(builder, location, ElementKind::I8, {taps, channels}, rounded, "weights");
  Value map = builder.create<mcuf::QDepthwiseOp>(locationOf(op, activation), typeOf(result, out), stored(input), kernels,
                                  constant<int32_t>(builder, location, ElementKind::I32, {channels}, biases, "bias"),
                                  constant<int32_t>(builder, location, ElementKind::I32, {channels}, mults, "mult"), kernel, strides, pads,
                                  lowOf(activation));
  std::optional<FileRange> codes = codesOf(result), inputCodes = codesOf(input);
  const bool isMean = isa<mcuf::PoolOp>(op);
  return codes && !(isMean && inputCodes && holdsMeanOf(*codes, *inputCodes)) ? clampToCodes(builder, map, *codes) : map;
}

FailureOr<Value> MapRewriter::rewrite(mcuf::DepthwiseOp depthwise) {
  ElementsAttr weights = mcuf::constantOf(depthwise.getWeights()), bias = mcuf::constantOf(depthwise.getBias());
  FailureOr<HostTensor> w = weights ? toHostTensor(weights) : FailureOr<HostTensor>(failure());
  FailureOr<HostTensor> b = bias ? toHostTensor(bias) : FailureOr<HostTensor>(failure());
  if (failed(w) || failed(b))
    return depthwise.emitError() << "weights and bias must be constants";
  return convolve(depthwise, depthwise.getInput(), w->span<float>(), b->span<float>(), w->shape().drop_back(), depthwise.getStrides(),
                  depthwise.getPads());
}

/// A mean is a convolution with equal weights, which eight bits hold without error.
FailureOr<Value> MapRewriter::rewrite(mcuf::PoolOp pool) {
  if (pool.getKind() == mcuf::ReduceKind::Max)
    return builder
        .create<mcuf::QMaxPoolOp>(pool.getLoc(), typeOf(pool, plan.storageOf(pool)), stored(pool.getInput()), pool.getKernelAttr(),
                                  pool.getStridesAttr(), pool.getPadsAttr())
        .getResult();
  const size_t channels = size_t(mcuf::widthOf(pool)), taps = size_t(mcuf::WindowGrid::of(pool).taps());
  const std::vector<float> weights(taps * channels, 1.0f / float(taps)), bias(channels, 0.0f);
  return convolve(pool, pool.getInput(), weights, bias, pool.getKernel(), pool.getStrides(), pool.getPads());
}

Value MapRewriter::summand(Value value) {
  ElementsAttr elements = mcuf::constantOf(value);
  if (!elements)
    return stored(value);
  const double scale = plan.storageOf(value).scale;
  FailureOr<HostTensor> real = toHostTensor(elements);
  std::vector<int16_t> integers;
  for (float entry : real->span<float>())
    integers.push_back(int16_t(std::nearbyint(double(entry) / scale)));
  return constant<int16_t>(builder, value.getLoc(), ElementKind::I16, real->shape(), integers, "positions");
}

FailureOr<uint64_t> MapRewriter::sumMult(Operation *op, Value operand, const Storage &out) const {
  const Storage in = plan.storageOf(operand);
  const double mult = std::nearbyint(std::ldexp(in.scale / out.scale, 16 + kGuardBits));
  if (in.channel != out.channel || mult > INT32_MAX)
    return op->emitError() << "adds or joins rows whose channels have different scales, which is supported for the residual stream only";
  return uint64_t(mult);
}

FailureOr<Value> MapRewriter::rewrite(mcuf::ConcatOp concat) {
  if (int64_t(concat.getAxis()) + 1 != int64_t(mcuf::shapeOf(concat).size()))
    return concat.emitError() << "joins other values than columns, which cannot be quantized";
  const Storage out = plan.storageOf(concat);
  SmallVector<Value> columns;
  for (Value input : concat.getInputs()) {
    if (isComputedForConcat(input)) {
      columns.push_back(stored(input));
      continue;
    }
    FailureOr<uint64_t> mult = sumMult(concat, input, out);
    if (failed(mult))
      return failure();
    columns.push_back(builder.create<mcuf::QAddOp>(concat.getLoc(), typeOf(input, out), stored(input), stored(input), *mult, uint64_t(0),
                                                   uint64_t(kLeastS16)));
  }
  return builder.create<mcuf::ConcatOp>(concat.getLoc(), typeOf(concat, out), columns, concat.getAxis()).getResult();
}

FailureOr<Value> MapRewriter::sum(Operation *op, Value result, Value lhs, Value rhs) {
  const Storage out = plan.storageOf(result);
  const std::optional<FileRange> codes = codesOf(result);
  auto isCode = [&](Value value) { return !value || (codesOf(value) && plan.storageOf(value).bound <= kLargestCode); };
  const bool inCodes = codes && isCode(lhs) && isCode(rhs);
  std::vector<uint64_t> mults;
  for (Value operand : {lhs, rhs}) {
    if (!operand) { // an activation alone: nothing is added
      mults.push_back(0);
      continue;
    }
    if (!inCodes) {
      FailureOr<uint64_t> mult = sumMult(op, operand, out);
      if (failed(mult))
        return failure();
      mults.push_back(*mult);
      continue;
    }
    const Storage in = plan.storageOf(operand);
    const double mult = std::nearbyint(std::ldexp(in.scale / out.scale, 10 + kCodeGuardBits));
    if (mult > INT32_MAX)
      return op->emitError() << "an operand's steps of " << in.scale << " are more than 32 times as coarse as those of the sum, " << out.scale
                             << "; the file's ranges do not fit each other";
    mults.push_back(uint64_t(mult));
  }
  Operation *activation = mcuf::isActivation(result.getDefiningOp()) ? result.getDefiningOp() : nullptr;
  const Location location = locationOf(op, activation == op ? nullptr : activation);
  if (inCodes)
    return builder
        .create<mcuf::QAddCodesOp>(location, typeOf(result, out), stored(lhs), stored(rhs ? rhs : lhs), mults[0], mults[1],
                                   uint64_t(codes->low), uint64_t(codes->high))
        .getResult();
  Value sum = builder.create<mcuf::QAddOp>(location, typeOf(result, out), summand(lhs), summand(rhs ? rhs : lhs), mults[0], mults[1],
                                           lowOf(activation));
  return codes ? clampToCodes(builder, sum, *codes) : sum;
}

FailureOr<Value> MapRewriter::rewriteSum(mcuf::BinaryOp add) {
  Operation *activation = activationBehind(add);
  return sum(add, activation ? Value(activation->getResult(0)) : add.getResult(), add.getLhs(), add.getRhs());
}

FailureOr<Value> MapRewriter::rewriteTable(Operation *activation) {
  Value operand = activation->getOperand(0), result = activation->getResult(0);
  const Storage in = plan.storageOf(operand), out = plan.storageOf(result);
  if (!in.channel.empty())
    return activation->emitError() << "reads rows whose channels have scales of their own, which is supported behind a linear layer only";
  const Activation function(activation);
  const double mult = std::nearbyint(std::ldexp(in.scale / out.scale, 16));
  auto indexMult = function.indexMult(out.scale), deltaMult = function.deltaMult(out.scale);
  if (mult > INT32_MAX || !indexMult || !deltaMult)
    return activation->emitError() << "scales of " << in.scale << " before and " << out.scale << " behind are outside of what the multipliers of '"
                                   << activation->getName() << "' hold";
  return builder
      .create<mcuf::QActivationOp>(activation->getLoc(), typeOf(result, out), stored(operand), uint64_t(mult), uint64_t(*indexMult),
                                   uint64_t(*deltaMult), function.table())
      .getResult();
}

FailureOr<Value> MapRewriter::rewriteActivation(Operation *activation) {
  if (mcuf::hasTable(activation))
    return rewriteTable(activation);
  return sum(activation, activation->getResult(0), activation->getOperand(0), Value());
}

} // namespace mcuform
