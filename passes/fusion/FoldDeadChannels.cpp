// Channels of feature maps that nobody reads, or that are the same everywhere and for all inputs, go: the biases behind them take up their
// value. Padding puts zeros around a map, so that beyond it only a channel of zeros is the same everywhere.
#include "compiler/reference/HostTensor.h"
#include "compiler/reference/Interpreter.h"
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDDEADCHANNELS
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

HostTensor floatsOf(Value constant) { return toHostTensor(mcuf::constantOf(constant)).value(); }

Value createFloats(PatternRewriter &rewriter, Location location, const HostTensor &tensor, StringRef name) {
  return createConstant(rewriter, location, toElements(tensor, rewriter.getContext(), name));
}

/// The parts of a tensor whose last dimension has the channels.
HostTensor takenChannels(const HostTensor &tensor, ArrayRef<int64_t> channels) {
  SmallVector<int64_t> shape(tensor.shape());
  shape.back() = int64_t(channels.size());
  HostTensor result(ElementKind::F32, shape);
  float *out = result.data<float>();
  for (int64_t row = 0; row < tensor.rows(); ++row)
    for (int64_t channel : channels)
      *out++ = tensor.data<float>()[row * tensor.width() + channel];
  return result;
}

bool hasPads(ArrayRef<int64_t> pads) {
  return llvm::any_of(pads, [](int64_t pad) { return pad != 0; });
}

/// What is known of a map's channels: those that are the same everywhere, and their values.
struct Channels {
  std::vector<char> isConstant;
  HostTensor values;

  explicit Channels(mcuf::LinearOp layer)
      : isConstant(size_t(mcuf::widthOf(layer)), 1), values(ElementKind::F32, {mcuf::widthOf(layer)}) {
    if (layer.getBias())
      values = floatsOf(layer.getBias());
    const HostTensor weights = floatsOf(layer.getWeights());
    for (int64_t i = 0; i < weights.size(); ++i)
      if (weights.data<float>()[i] != 0)
        isConstant[size_t(i / weights.width())] = 0;
  }

  /// Zeros stand beside the map.
  void pad() {
    for (size_t c = 0; c < isConstant.size(); ++c)
      if (values.data<float>()[c] != 0)
        isConstant[c] = 0;
  }

  /// The same behind an op that works on each channel alone.
  LogicalResult advance(Operation *op) {
    auto depthwise = dyn_cast<mcuf::DepthwiseOp>(op);
    if (!depthwise) {
      if (isa<mcuf::ReduceOp, mcuf::ReshapeOp>(op))
        return success();
      FailureOr<HostTensor> activated = evaluateFloatOp(op, values);
      if (failed(activated))
        return failure();
      values = std::move(*activated);
      return success();
    }
    if (hasPads(depthwise.getPads()))
      pad();
    const HostTensor weights = floatsOf(depthwise.getWeights()), bias = floatsOf(depthwise.getBias());
    HostTensor next(ElementKind::F32, bias.shape());
    for (size_t c = 0; c < isConstant.size(); ++c) {
      double sum = 0;
      bool isZero = true;
      for (int64_t tap = 0; tap < weights.rows(); ++tap) {
        const float weight = weights.data<float>()[size_t(tap) * isConstant.size() + c];
        sum += weight;
        isZero &= weight == 0;
      }
      next.data<float>()[c] = bias.data<float>()[c] + (isConstant[c] && !isZero ? float(sum * values.data<float>()[c]) : 0.0f);
      isConstant[c] |= isZero;
    }
    values = std::move(next);
    return success();
  }
};

/// Whether the op works on each channel alone.
bool keepsChannels(Operation *op) {
  if (auto depthwise = dyn_cast<mcuf::DepthwiseOp>(op))
    return mcuf::constantOf(depthwise.getWeights()) && mcuf::constantOf(depthwise.getBias());
  if (auto reduce = dyn_cast<mcuf::ReduceOp>(op))
    return reduce.getKind() == mcuf::ReduceKind::Mean &&
           !llvm::is_contained(reduce.getAxes(), int64_t(mcuf::shapeOf(reduce.getInput()).size()) - 1);
  if (auto reshape = dyn_cast<mcuf::ReshapeOp>(op))
    return mcuf::widthOf(reshape.getInput()) == mcuf::widthOf(reshape);
  return mcuf::isActivation(op);
}

/// A layer, ops on each channel alone, perhaps windows, and the layer that reads the channels.
struct ChannelsPattern : OpRewritePattern<mcuf::LinearOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::LinearOp reader, PatternRewriter &rewriter) const override {
    auto windows = reader.getInput().getDefiningOp<mcuf::WindowsOp>();
    if (!isConstantLayer(reader) || (windows && !windows->hasOneUse()))
      return failure();
    SmallVector<Operation *> between; // from the layer on
    Operation *op = (windows ? windows.getInput() : reader.getInput()).getDefiningOp();
    for (; op && op->hasOneUse() && keepsChannels(op); op = op->getOperand(0).getDefiningOp())
      between.insert(between.begin(), op);
    auto layer = dyn_cast_or_null<mcuf::LinearOp>(op);
    if (!layer || !layer->hasOneUse() || !isConstantLayer(layer))
      return failure();

    Channels channels(layer);
    for (Operation *step : between)
      if (failed(channels.advance(step)))
        return failure();
    if (windows && hasPads(windows.getPads()))
      channels.pad();
    const HostTensor weights = floatsOf(reader.getWeights());
    const int64_t count = mcuf::widthOf(layer), taps = weights.width() / count, units = weights.rows();
    std::vector<char> isRead(size_t(count), 0);
    for (int64_t i = 0; i < weights.size(); ++i)
      if (weights.data<float>()[i] != 0)
        isRead[size_t(i % weights.width() % count)] = 1;
    SmallVector<int64_t> kept, dead;
    for (int64_t c = 0; c < count; ++c)
      (channels.isConstant[size_t(c)] || !isRead[size_t(c)] ? dead : kept).push_back(c);
    // Kernels read two values at a time.
    while (!dead.empty() && (kept.empty() || kept.size() % 2 != size_t(count % 2)))
      kept.push_back(dead.pop_back_val());
    if (dead.empty())
      return failure();
    llvm::sort(kept);

    // The columns that stay, a last one of zeros with them where there is one; what the others add is known.
    HostTensor fewer(ElementKind::F32, {units, taps * int64_t(kept.size()) + weights.width() % count}), bias(ElementKind::F32, {units});
    if (reader.getBias())
      bias = floatsOf(reader.getBias());
    float *out = fewer.data<float>();
    for (int64_t n = 0; n < units; ++n) {
      const float *row = weights.data<float>() + n * weights.width();
      double sum = bias.data<float>()[n];
      for (int64_t tap = 0; tap < taps; ++tap) {
        for (int64_t c : kept)
          *out++ = row[tap * count + c];
        for (int64_t c : dead)
          sum += channels.isConstant[size_t(c)] ? double(row[tap * count + c]) * channels.values.data<float>()[c] : 0.0;
      }
      for (int64_t k = taps * count; k < weights.width(); ++k)
        *out++ = row[k];
      bias.data<float>()[n] = float(sum);
    }
    rewrite(rewriter, layer, between, windows, reader, kept, fewer, bias);
    return success();
  }

private:
  static void rewrite(PatternRewriter &rewriter, mcuf::LinearOp layer, ArrayRef<Operation *> between, mcuf::WindowsOp windows,
                      mcuf::LinearOp reader, ArrayRef<int64_t> kept, const HostTensor &weights, const HostTensor &bias) {
    rewriter.setInsertionPoint(reader);
    auto indices = createConstant(rewriter, layer.getLoc(), kept);
    auto rowsOf = [&](Value constant) { return createFolded<mcuf::GatherOp>(rewriter, layer.getLoc(), constant, indices, uint64_t(0)); };
    Value map = rewriter.create<mcuf::LinearOp>(layer.getLoc(), layer.getInput(), rowsOf(layer.getWeights()),
                                                layer.getBias() ? rowsOf(layer.getBias()) : Value());
    for (Operation *op : between) {
      Location location = op->getLoc();
      if (auto depthwise = dyn_cast<mcuf::DepthwiseOp>(op)) {
        map = rewriter.create<mcuf::DepthwiseOp>(
            location, map, createFloats(rewriter, location, takenChannels(floatsOf(depthwise.getWeights()), kept), "weights"),
            createFloats(rewriter, location, takenChannels(floatsOf(depthwise.getBias()), kept), "bias"), depthwise.getStrides(), depthwise.getPads());
      } else if (auto reshape = dyn_cast<mcuf::ReshapeOp>(op)) {
        SmallVector<int64_t> shape(mcuf::shapeOf(reshape));
        shape.back() = int64_t(kept.size());
        map = createFolded<mcuf::ReshapeOp>(rewriter, location, map, shape);
      } else {
        OperationState state(location, op->getName(), map, TypeRange(), op->getAttrs());
        map = createFolded(rewriter, state);
      }
    }
    if (windows)
      map = rewriter.create<mcuf::WindowsOp>(windows.getLoc(), map, windows.getKernel(), windows.getStrides(), windows.getPads());
    rewriter.replaceOpWithNewOp<mcuf::LinearOp>(reader, map, createFloats(rewriter, reader.getLoc(), weights, "weights"),
                                                createFloats(rewriter, reader.getLoc(), bias, "bias"));
  }
};

class FoldDeadChannels : public impl::FoldDeadChannelsBase<FoldDeadChannels> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<ChannelsPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
