// mcuf-quantize: from the calibrated float network to the integer ops of docs/arithmetic.md.
//
// Scales are decided first (ScalePlan), then the ops are rewritten in program order.
#include "compiler/reference/HostTensor.h"
#include "compiler/support/Progress.h"
#include "dialects/mcuf/McufDialect.h"
#include "passes/Passes.h"
#include "passes/quantize/Activation.h"
#include "passes/quantize/CalibrationAttributes.h"
#include "passes/quantize/FileCodes.h"
#include "passes/quantize/Int4Choice.h"
#include "passes/quantize/MapRewriter.h"
#include "passes/quantize/OperandChoice.h"
#include "passes/quantize/ProductRewriter.h"
#include "passes/quantize/ScalePlan.h"
#include "passes/quantize/WideChoice.h"
#include "passes/support/HeadAttribute.h"
#include "passes/support/ValueAttribute.h"

#include "mcuform/arith.h"
#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

namespace mcuform {
#define GEN_PASS_DEF_QUANTIZE
#include "passes/Passes.h.inc"

namespace {

using namespace mlir;

/// The largest |x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) - x Phi(x)|, at x = 2.699.
constexpr double kTanhGeluDifference = 4.733e-4;

Type quantType(MLIRContext *context, unsigned bits, double scale) {
  int64_t limit = int64_t(1) << (bits - 1);
  return quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed, IntegerType::get(context, bits <= 8 ? 8 : 16),
                                          Float32Type::get(context), scale, 0, -limit, limit - 1);
}

/// Replaces the float ops of a function by their integer forms.
class Rewriter {
public:
  /// What linear layers read of `narrow` has 8 bits; the layers `wide` become two.
  Rewriter(func::FuncOp function, const Roles &roles, ScalePlan &plan, const llvm::DenseSet<Value> &narrow,
           const llvm::DenseSet<Operation *> &wide, bool notesValues)
      : function(function), roles(roles), plan(plan), narrow(narrow), wide(wide), notesValues(notesValues),
        builder(function.getContext()) {}
  LogicalResult run();

private:
  /// How the network's input is stored; null where that is not known.
  RankedTensorType storedInput(BlockArgument input);
  LogicalResult rewrite(Operation &op);
  /// Gives the integer form of `value` the values that 8 bits could hold.
  void coarsen(Value value);
  LogicalResult rewriteEmbed(mcuf::PatchEmbedOp embed);
  LogicalResult rewriteNorm(mcuf::LayerNormOp norm);
  LogicalResult rewriteAffineNorm(mcuf::LayerNormOp norm, Value factor, uint64_t epsilon);
  LogicalResult rewriteLinear(mcuf::LinearOp linear);
  LogicalResult rewriteAdd(mcuf::BinaryOp add);
  LogicalResult rewriteActivation(Operation *activation);
  LogicalResult rewriteAttention(mcuf::AttentionOp attention);
  /// A table of relative positions and its multipliers; null where there is none.
  FailureOr<std::pair<Value, Value>> keyTableOf(mcuf::AttentionOp attention);
  std::pair<Value, Value> valueTableOf(mcuf::AttentionOp attention);
  LogicalResult rewriteMean(mcuf::ReduceOp reduce);
  LogicalResult rewriteMap(Operation *op);
  Value constant(Location location, const HostTensor &tensor, StringRef suffix);
  template <class T> Value constant(Location location, ElementKind kind, ArrayRef<int64_t> shape, ArrayRef<T> values, StringRef suffix);
  Value weightsOf(Location location, const IntegerLinear &layer);
  /// The integer form of `linear`; `more` are the operands and attributes behind its weights. It says if its weights have four bits, and what
  /// these cost or would cost.
  template <class Op, class... More>
  Op createLinear(Location location, Type type, mcuf::LinearOp linear, const IntegerLinear &layer, More... more);
  /// bias and mult operands for the given output scale; null, after a diagnostic, where a ratio is too large.
  std::pair<Value, Value> epilogueOf(Operation *op, const IntegerLinear &layer, ArrayRef<double> outputScale);
  RankedTensorType typed(Value like, unsigned bits, double scale) {
    return cast<RankedTensorType>(like.getType()).clone(quantType(builder.getContext(), bits, scale));
  }
  void replace(Value from, Value to) { values[from] = to; }
  /// Of queries, per channel: the keys' scales are multiplied in.
  std::vector<double> queryChannels(mcuf::AttentionOp attention) const;
  Value queriesOf(mcuf::AttentionOp attention);
  /// What one step of the stored integer is, for all channels or for each.
  std::vector<double> scalesOf(Value value) const;
  void noteValues(ArrayRef<Operation *> old);
  /// Normalized rows as attention reads them.
  Value narrowed(Value tokens);

  func::FuncOp function;
  const Roles &roles;
  ScalePlan &plan;
  const llvm::DenseSet<Value> &narrow;
  const llvm::DenseSet<Operation *> &wide;
  bool notesValues;
  OpBuilder builder;
  llvm::DenseMap<Value, Value> values, narrowedTokens;
};

Value Rewriter::constant(Location location, const HostTensor &tensor, StringRef suffix) {
  ElementsAttr elements = toElements(tensor, builder.getContext(), suffix);
  return builder.create<mcuf::ConstantOp>(NameLoc::get(builder.getStringAttr(suffix), location), elements.getType(), elements);
}

template <class T>
Value Rewriter::constant(Location location, ElementKind kind, ArrayRef<int64_t> shape, ArrayRef<T> entries, StringRef suffix) {
  HostTensor tensor(kind, shape);
  std::copy(entries.begin(), entries.end(), tensor.data<T>());
  return constant(location, tensor, suffix);
}

Value Rewriter::weightsOf(Location location, const IntegerLinear &layer) {
  return constant<int8_t>(location, ElementKind::I8, {layer.units, layer.depth}, layer.weights, "weights");
}

template <class Op, class... More>
Op Rewriter::createLinear(Location location, Type type, mcuf::LinearOp linear, const IntegerLinear &layer, More... more) {
  ElementsAttr scales;
  IntegerAttr group;
  if (layer.group) {
    HostTensor tensor(ElementKind::I8, {layer.units, int64_t(layer.groupScales.size()) / layer.units});
    llvm::copy(layer.groupScales, tensor.data<int8_t>());
    scales = toElements(tensor, builder.getContext(), "scales");
    group = builder.getI64IntegerAttr(layer.group);
  }
  auto op = builder.create<Op>(location, type, values.lookup(linear.getInput()), weightsOf(linear.getLoc(), layer), more..., scales, group);
  if (std::optional<double> sqnr = int4SqnrDb(linear))
    op->setAttr(mcuf::kInt4SqnrAttr, builder.getF64FloatAttr(*sqnr));
  return op;
}

std::pair<Value, Value> Rewriter::epilogueOf(Operation *op, const IntegerLinear &layer, ArrayRef<double> outputScale) {
  int64_t badUnit = 0;
  auto mult = multipliers(layer, outputScale, &badUnit);
  if (!mult) {
    op->emitError() << "output channel " << badUnit << " has a scale of " << outputScale[badUnit]
                    << ", less than twice the accumulator's step of " << layer.accumulatorScale[badUnit]
                    << "; its calibrated range is too small for these weights";
    return {};
  }
  return {constant<int32_t>(op->getLoc(), ElementKind::I32, {layer.units}, layer.bias, "bias"),
          constant<int32_t>(op->getLoc(), ElementKind::I32, {layer.units}, *mult, "mult")};
}

LogicalResult Rewriter::rewriteEmbed(mcuf::PatchEmbedOp embed) {
  const IntegerLinear &layer = plan.residualWriter(embed);
  const std::vector<double> scale = plan.residualScale().channels();
  auto stored = [&](ArrayRef<double> values, int64_t rows, StringRef name) {
    HostTensor tensor(ElementKind::I16, {rows, layer.units});
    for (auto [i, value] : llvm::enumerate(values))
      tensor.data<int16_t>()[i] = int16_t(std::clamp(std::nearbyint(value / scale[i % size_t(layer.units)]), -32768.0, 32767.0));
    return constant(embed.getLoc(), tensor, name);
  };
  const mcuf::WindowGrid grid = mcuf::patchGridOf(embed);
  auto [bias, mult] = epilogueOf(embed, layer, scale);
  if (!bias)
    return failure();
  Value prefix;
  if (embed.getPrefix()) {
    FailureOr<HostTensor> rows = toHostTensor(mcuf::constantOf(embed.getPrefix()));
    prefix = stored(std::vector<double>(rows->data<float>(), rows->data<float>() + rows->size()), rows->shape()[0], "prefix");
  }
  Value position = stored(plan.positionsOf(embed), grid.outHeight * grid.outWidth, "position");
  replace(embed, builder.create<mcuf::QPatchEmbedOp>(embed.getLoc(), typed(embed, 16, plan.residualScale().base),
                                                     values.lookup(embed.getImage()), weightsOf(embed.getLoc(), layer), bias, mult, position,
                                                     prefix, uint64_t(grid.kernelHeight), uint64_t(grid.kernelWidth), embed.getPadsAttr(),
                                                     uint64_t(plan.paddingPixelOf(embed))));
  return success();
}

LogicalResult Rewriter::rewriteNorm(mcuf::LayerNormOp norm) {
  bool writesResidual = isResidual(norm);
  if ((norm.getGamma() || norm.getBeta()) && !writesResidual)
    return norm.emitError() << "gamma and beta could not be folded into the layers that follow; only LayerNorms whose users are all linear "
                               "layers are supported";
  Storage input = plan.storageOf(norm.getInput());
  int64_t width = norm.getWidth();
  std::vector<int16_t> factors(size_t(width), 1);
  if (!input.channel.empty() && !isResidual(norm.getInput()) && !isMeanOfResidual(norm.getInput()))
    return norm.emitError() << "reads an attention context directly, which is not supported";
  if (!input.channel.empty())
    factors = plan.residualScale().factors;
  double epsilon =
      std::max(1.0, std::nearbyint(norm.getEpsilon().convertToDouble() * double(width) * double(width) / (input.scale * input.scale)));
  if (!layerNormFits(factors, epsilon))
    return norm.emitError() << "row statistics of " << width << " channels do not fit 32-bit sums";
  Value factor = constant<int16_t>(norm.getLoc(), ElementKind::I16, {width}, factors, "factor");
  if (writesResidual)
    return rewriteAffineNorm(norm, factor, uint64_t(epsilon));
  Storage output = plan.storageOf(norm);
  replace(norm, builder.create<mcuf::QLayerNormOp>(norm.getLoc(), typed(norm, 16, output.scale), values.lookup(norm.getInput()), factor,
                                                   uint64_t(epsilon), uint64_t(-std::ilogb(output.scale)), norm.getCentered()));
  return success();
}

LogicalResult Rewriter::rewriteAffineNorm(mcuf::LayerNormOp norm, Value factor, uint64_t epsilon) {
  FailureOr<std::vector<double>> gamma = plan.affineOf(norm, norm.getGamma(), 1), beta = plan.affineOf(norm, norm.getBeta(), 0);
  if (failed(gamma) || failed(beta))
    return failure();
  const std::vector<double> scale = plan.residualScale().channels();
  std::vector<int32_t> gain;
  std::vector<int16_t> offset;
  for (size_t c = 0; c < scale.size(); ++c) {
    gain.push_back(int32_t(std::nearbyint(std::ldexp((*gamma)[c] / scale[c], 32 - rt::layer_norm_affine_shift))));
    offset.push_back(int16_t(std::clamp(std::nearbyint((*beta)[c] / scale[c]), -32768.0, 32767.0)));
  }
  int64_t width = int64_t(scale.size());
  replace(norm, builder.create<mcuf::QLayerNormAffineOp>(
                    norm.getLoc(), typed(norm, 16, plan.residualScale().base), values.lookup(norm.getInput()), factor,
                    constant<int32_t>(norm.getLoc(), ElementKind::I32, {width}, gain, "gain"),
                    constant<int16_t>(norm.getLoc(), ElementKind::I16, {width}, offset, "offset"), epsilon, norm.getCentered()));
  return success();
}

std::vector<double> Rewriter::queryChannels(mcuf::AttentionOp attention) const {
  std::vector<double> keyScale = plan.cacheScale(attention.getK()), headScale = plan.queryScale(attention), scale;
  size_t headWidth = keyScale.size() / headScale.size();
  for (size_t c = 0; c < keyScale.size(); ++c)
    scale.push_back(headScale[c / headWidth] / keyScale[c]);
  return scale;
}

std::vector<double> Rewriter::scalesOf(Value value) const {
  if (auto linear = value.getDefiningOp<mcuf::LinearOp>()) {
    Role role = roles.of(linear);
    if (role == Role::Key || role == Role::Value)
      return plan.cacheScale(linear);
    if (role == Role::Query)
      return queryChannels(roles.attentionOf(linear));
  }
  Storage storage = plan.storageOf(value);
  if (storage.channel.empty())
    return {storage.scale};
  for (double &channel : storage.channel)
    channel *= storage.scale;
  return storage.channel;
}

/// Operators are counted without constants; what has no integer operator of its own is left out.
void Rewriter::noteValues(ArrayRef<Operation *> old) {
  int64_t number = -1;
  for (Operation *op : old) {
    if (isa<mcuf::ConstantOp>(op))
      continue;
    ++number;
    Value stored = op->getNumResults() == 1 ? values.lookup(op->getResult(0)) : Value();
    if (!stored || !stored.getDefiningOp() || isa<mcuf::SliceOp, mcuf::ReshapeOp, mcuf::ConcatOp>(op))
      continue;
    std::vector<double> scales = scalesOf(op->getResult(0));
    stored.getDefiningOp()->setAttr(
        kValueAttr, builder.getDictionaryAttr({builder.getNamedAttr("number", builder.getI64IntegerAttr(number)),
                                               builder.getNamedAttr("rows", builder.getI64IntegerAttr(mcuf::rowCount(stored))),
                                               builder.getNamedAttr("columns", builder.getI64IntegerAttr(mcuf::widthOf(stored))),
                                               builder.getNamedAttr("scales", builder.getDenseF64ArrayAttr(scales))}));
  }
}

LogicalResult Rewriter::rewriteLinear(mcuf::LinearOp linear) {
  Role role = roles.of(linear);
  if (role == Role::Activation || role == Role::Residual)
    return success(); // rewritten at its user
  FailureOr<IntegerLinear> layer = plan.quantize(linear);
  if (failed(layer))
    return failure();
  std::vector<double> scale;
  double typeScale = 1;
  unsigned bits = 16;
  if (role == Role::Key || role == Role::Value) {
    scale = plan.cacheScale(linear);
    bits = 8;
  } else if (role == Role::Query) {
    scale = queryChannels(roles.attentionOf(linear));
  } else {
    typeScale = plan.storageOf(linear).scale;
    scale.assign(size_t(layer->units), typeScale);
  }
  auto [bias, mult] = epilogueOf(linear, *layer, scale);
  if (!bias)
    return failure();
  Value result = createLinear<mcuf::QLinearOp>(linear.getLoc(), typed(linear, bits, typeScale), linear, *layer, bias, mult);
  std::optional<FileRange> codes = codesOf(linear);
  replace(linear, codes ? clampToCodes(builder, result, *codes) : result);
  return success();
}

LogicalResult Rewriter::rewriteAdd(mcuf::BinaryOp add) {
  bool isRight = add.getRhs().getDefiningOp<mcuf::LinearOp>() && plan.isResidualWriter(add.getRhs().getDefiningOp());
  auto linear = (isRight ? add.getRhs() : add.getLhs()).getDefiningOp<mcuf::LinearOp>();
  Value stream = isRight ? add.getLhs() : add.getRhs();
  const IntegerLinear &layer = plan.residualWriter(linear);
  const std::vector<double> scale = plan.residualScale().channels();
  auto [bias, mult] = epilogueOf(linear, layer, scale);
  if (!bias)
    return failure();
  Location location = FusedLoc::get(builder.getContext(), {linear.getLoc(), add.getLoc()});
  Type type = typed(add, 16, plan.residualScale().base);
  Value sum = createLinear<mcuf::QLinearAddOp>(location, type, linear, layer, bias, mult, values.lookup(stream));
  if (wide.contains(linear)) {
    FailureOr<IntegerLinear> rest = plan.quantizeRest(linear, layer);
    if (failed(rest))
      return failure();
    auto [restBias, restMult] = epilogueOf(linear, *rest, scale);
    if (!restBias)
      return failure();
    sum = createLinear<mcuf::QLinearAddOp>(location, type, linear, *rest, restBias, restMult, sum);
  }
  replace(add, sum);
  return success();
}

LogicalResult Rewriter::rewriteActivation(Operation *activation) {
  auto linear = activation->getOperand(0).getDefiningOp<mcuf::LinearOp>();
  if ((!linear || codesOf(linear)) && !mcuf::hasTable(activation))
    return rewriteMap(activation);
  if (!linear)
    return rewriteMap(activation);
  FailureOr<IntegerLinear> layer = plan.quantize(linear);
  if (failed(layer))
    return failure();
  double scale = plan.storageOf(activation->getResult(0)).scale;
  // The multiplier's ratio must stay below 1/2: a hidden scale finer than twice the accumulator's step would hold no more information.
  for (double step : layer->accumulatorScale)
    if (step * 2.001 > scale)
      return activation->emitError() << "hidden units with a scale of " << scale << " are finer than the accumulator's step of " << step;
  auto [bias, mult] = epilogueOf(linear, *layer, std::vector<double>(size_t(layer->units), scale));
  if (std::optional<FileRange> codes = codesOf(activation->getResult(0)); codes && bias) { // the clamp is the activation
    const Location location = FusedLoc::get(builder.getContext(), {linear.getLoc(), activation->getLoc()});
    Value units = createLinear<mcuf::QLinearOp>(location, typed(activation->getResult(0), 16, scale), linear, *layer, bias, mult);
    replace(activation->getResult(0), clampToCodes(builder, units, *codes));
    return success();
  }
  const Activation function(activation);
  auto indexMult = function.indexMult(scale), deltaMult = function.deltaMult(scale);
  if (!bias || !indexMult || !deltaMult)
    return activation->emitError() << "hidden scale " << scale << " is outside of what the multipliers of '" << activation->getName() << "' hold";
  Location location = FusedLoc::get(builder.getContext(), {linear.getLoc(), activation->getLoc()});
  replace(activation->getResult(0), createLinear<mcuf::QLinearActivationOp>(location, typed(activation->getResult(0), 15, scale), linear, *layer, bias, mult,
                                                                      uint64_t(*indexMult), uint64_t(*deltaMult), function.table()));
  return success();
}

Value Rewriter::narrowed(Value tokens) {
  Value &known = narrowedTokens[tokens];
  if (known)
    return known;
  std::vector<double> scale = plan.cacheScale(tokens);
  std::vector<int32_t> mult;
  for (double entry : scale)
    mult.push_back(fixedPoint32(plan.storageOf(tokens).scale / entry).value());
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointAfterValue(values.lookup(tokens));
  Location location = tokens.getLoc();
  Value mults = constant<int32_t>(location, ElementKind::I32, {int64_t(mult.size())}, mult, "narrow_mult");
  return known = builder.create<mcuf::QNarrowOp>(location, typed(tokens, 8, 1), values.lookup(tokens), mults);
}

FailureOr<std::pair<Value, Value>> Rewriter::keyTableOf(mcuf::AttentionOp attention) {
  if (!attention.getKTable())
    return std::pair<Value, Value>();
  const SharedScales shared = plan.keyScales(attention);
  const FloatTable table = readTable(attention.getKTable());
  const IntegerTable stored = quantizeKeyTable(table, shared.channel);
  const std::vector<double> queryScale = plan.queryScale(attention);
  std::vector<int32_t> mults;
  for (size_t h = 0; h < queryScale.size(); ++h) {
    // Queries hold q * head * channel / queryScale, the table its values over channel.
    auto mult = fixedPoint32(queryScale[h] / shared.head[h] * stored.scale[0] * attention.getScale().convertToDouble() * kScoreUnit);
    if (!mult)
      return attention.emitError() << "head " << h << " has scores of relative positions too large for 16 bits";
    mults.push_back(*mult);
  }
  return std::pair(constant<int8_t>(attention.getLoc(), ElementKind::I8, {table.rows, table.width}, stored.values, "k_table"),
                   constant<int32_t>(attention.getLoc(), ElementKind::I32, {int64_t(mults.size())}, mults, "k_table_mult"));
}

std::pair<Value, Value> Rewriter::valueTableOf(mcuf::AttentionOp attention) {
  if (!attention.getVTable())
    return {};
  const FloatTable table = readTable(attention.getVTable());
  const IntegerTable stored = quantizeValueTable(table);
  std::vector<int32_t> mults;
  for (auto [c, scale] : llvm::enumerate(plan.cacheScale(attention.getV())))
    mults.push_back(fixedPoint32(stored.scale[c % stored.scale.size()] / kShareUnit / (scale / kContextUnit)).value());
  return {constant<int8_t>(attention.getLoc(), ElementKind::I8, {table.width, table.rows + 1}, stored.values, "v_table"),
          constant<int32_t>(attention.getLoc(), ElementKind::I32, {int64_t(mults.size())}, mults, "v_table_mult")};
}

Value Rewriter::queriesOf(mcuf::AttentionOp attention) {
  if (!mcuf::constantOf(attention.getQ()))
    return values.lookup(attention.getQ());
  const std::vector<double> scale = queryChannels(attention), real = plan.constantQuery(attention);
  std::vector<int16_t> query;
  for (size_t c = 0; c < real.size(); ++c)
    query.push_back(int16_t(std::nearbyint(real[c] / scale[c])));
  return constant<int16_t>(attention.getLoc(), ElementKind::I16, mcuf::shapeOf(attention.getQ()), query, "query");
}

LogicalResult Rewriter::rewriteAttention(mcuf::AttentionOp attention) {
  std::vector<double> headScale = plan.queryScale(attention);
  int64_t heads = int64_t(headScale.size());
  std::vector<int32_t> scoreMult;
  for (int64_t h = 0; h < heads; ++h) {
    auto mult = fixedPoint32(headScale[size_t(h)] * attention.getScale().convertToDouble() * kScoreUnit);
    if (!mult)
      return attention.emitError() << "head " << h << " has scores too large for 16 bits";
    scoreMult.push_back(*mult);
  }
  auto cacheOf = [&](Value value) { return value.getDefiningOp<mcuf::LinearOp>() ? values.lookup(value) : narrowed(value); };
  FailureOr<std::pair<Value, Value>> keyTable = keyTableOf(attention);
  if (failed(keyTable))
    return failure();
  const auto valueTable = valueTableOf(attention);
  const double weightSum = plan.weightSum(attention);
  IntegerAttr sigmoidBias, weightTotal;
  if (attention.getSigmoidBias()) {
    const double bias = std::nearbyint(attention.getSigmoidBias()->convertToDouble() * kScoreUnit);
    sigmoidBias = builder.getI64IntegerAttr(int64_t(std::clamp(bias, -65536.0, 65536.0))); // beyond it all weights are 0 or 1
    weightTotal = builder.getI64IntegerAttr(int64_t(std::nearbyint(weightSum * 32767)));
  }
  auto quantized = builder.create<mcuf::QAttentionOp>(
      attention.getLoc(), typed(attention, 16, weightSum / kContextUnit), queriesOf(attention), cacheOf(attention.getK()),
      cacheOf(attention.getV()), constant<int32_t>(attention.getLoc(), ElementKind::I32, {heads}, scoreMult, "score_mult"), keyTable->first,
      keyTable->second, valueTable.first, valueTable.second, builder.getI64IntegerAttr(heads),
      builder.getDenseI32ArrayAttr(plan.contextFactors(attention)), attention.getGridAttr(), attention.getFirstQueryAttr(), sigmoidBias,
      weightTotal, attention.getGroupsAttr());
  if (std::optional<int64_t> head = headOf(attention))
    setHead(quantized, *head);
  replace(attention, quantized);
  return success();
}

LogicalResult Rewriter::rewriteMean(mcuf::ReduceOp reduce) {
  auto shape = mcuf::shapeOf(reduce.getInput());
  bool overRows = reduce.getKind() == mcuf::ReduceKind::Mean && !llvm::is_contained(reduce.getAxes(), int64_t(shape.size()) - 1);
  for (size_t d = 0; overRows && d + 1 < shape.size(); ++d)
    overRows = shape[d] == 1 || llvm::is_contained(reduce.getAxes(), int64_t(d));
  if (!overRows)
    return reduce.emitError() << "reduction '" << mcuf::stringifyReduceKind(reduce.getKind())
                              << "' cannot be quantized; supported is the mean over all tokens";
  int64_t first = 0, count = mcuf::rowCount(reduce.getInput());
  Value source = reduce.getInput();
  if (auto slice = source.getDefiningOp<mcuf::SliceOp>()) { // pool straight from the rows that the slice selects
    for (auto [start, size] : llvm::zip_equal(slice.getStarts().drop_back(), mcuf::shapeOf(slice.getInput()).drop_back()))
      first = first * size + start;
    source = slice.getInput();
  }
  if (count < 3)
    return reduce.emitError() << "mean over " << count << " tokens; at least 3 are needed";
  const double step = plan.storageOf(reduce.getInput()).scale, scale = plan.storageOf(reduce).scale;
  const std::optional<int32_t> mult = fixedPoint32(step / scale / double(count));
  if (!mult)
    return reduce.emitError() << "the mean's scale of " << scale << " is too fine for rows in steps of " << step;
  Value mean = builder.create<mcuf::QMeanRowsOp>(reduce.getLoc(), typed(reduce, 16, scale), values.lookup(source), uint64_t(first),
                                                 uint64_t(count), uint64_t(*mult));
  std::optional<FileRange> codes = codesOf(reduce), rows = codesOf(reduce.getInput());
  replace(reduce, codes && !(rows && holdsMeanOf(*codes, *rows)) ? clampToCodes(builder, mean, *codes) : mean);
  return success();
}

/// An operator on feature maps. What an activation follows is rewritten with it.
LogicalResult Rewriter::rewriteMap(Operation *op) {
  if (activationBehind(op))
    return success();
  auto stored = [&](Value value) { return values.lookup(value); };
  MapRewriter maps(builder, plan, stored);
  FailureOr<Value> result = failure();
  Operation *computing = op;
  if (mcuf::isActivation(op)) {
    Operation *producer = op->getOperand(0).getDefiningOp();
    computing = producer && activationBehind(producer) == op ? producer : op;
  }
  llvm::TypeSwitch<Operation *>(computing)
      .Case<mcuf::WindowsOp, mcuf::DepthwiseOp, mcuf::PoolOp, mcuf::ConcatOp>([&](auto map) { result = maps.rewrite(map); })
      .Case([&](mcuf::BinaryOp binary) { result = isProduct(binary) ? rewriteProduct(builder, plan, binary, stored) : maps.rewriteSum(binary); })
      .Default([&](Operation *activation) { result = maps.rewriteActivation(activation); });
  if (succeeded(result))
    replace(op->getResult(0), *result);
  return success(succeeded(result));
}

LogicalResult Rewriter::rewrite(Operation &op) {
  builder.setInsertionPoint(&op);
  if (op.getNumResults() == 1 && mcuf::isInterleavedImage(op.getResult(0))) {
    replace(op.getResult(0), values.lookup(op.getOperand(0))); // pixels come interleaved
    return success();
  }
  return llvm::TypeSwitch<Operation *, LogicalResult>(&op)
      .Case<mcuf::ConstantOp, func::ReturnOp>([](Operation *) { return success(); })
      .Case([&](mcuf::PatchEmbedOp embed) { return rewriteEmbed(embed); })
      .Case([&](mcuf::LayerNormOp norm) { return rewriteNorm(norm); })
      .Case([&](mcuf::LinearOp linear) { return rewriteLinear(linear); })
      .Case([&](mcuf::BinaryOp add) { return isSumOfMaps(add) || isProduct(add) ? rewriteMap(add) : rewriteAdd(add); })
      .Case<mcuf::GeluOp, mcuf::SwishOp, mcuf::HardSwishOp, mcuf::UnaryOp, mcuf::ClippedReluOp>([&](Operation *activation) { return rewriteActivation(activation); })
      .Case<mcuf::WindowsOp, mcuf::DepthwiseOp, mcuf::PoolOp, mcuf::ConcatOp>([&](Operation *map) { return rewriteMap(map); })
      .Case([&](mcuf::AttentionOp attention) { return rewriteAttention(attention); })
      .Case([&](mcuf::ReduceOp reduce) { return rewriteMean(reduce); })
      .Case<mcuf::SliceOp, mcuf::ReshapeOp, mcuf::PermuteRowsOp>([&](Operation *structural) -> LogicalResult {
        if (mcuf::widthOf(structural->getOperand(0)) != mcuf::widthOf(structural->getResult(0)))
          return structural->emitError() << "changes the width of rows, which cannot be quantized";
        Value input = values.lookup(structural->getOperand(0));
        Operation *copy = builder.clone(*structural);
        copy->setOperand(0, input);
        Type element = cast<RankedTensorType>(input.getType()).getElementType();
        copy->getResult(0).setType(RankedTensorType::get(mcuf::shapeOf(structural->getResult(0)), element));
        for (StringRef name : {kMaxAbsAttr, kMeanAttr, kMeanSquareAttr, kCovarianceAttr, kWeightedMeanAttr, kRangeAttr, kFileRangeAttr})
          copy->removeAttr(name);
        replace(structural->getResult(0), copy->getResult(0));
        return success();
      })
      .Default([](Operation *other) { return other->emitError() << "'" << other->getName() << "' cannot be quantized"; });
}

void Rewriter::coarsen(Value value) {
  const Storage storage = plan.storageOf(value);
  const std::vector<double> maxAbs = channelAttribute(value.getDefiningOp(), kMaxAbsAttr, size_t(mcuf::widthOf(value)));
  std::vector<int32_t> mult;
  std::vector<int16_t> factors;
  for (size_t c = 0; c < maxAbs.size(); ++c) {
    const double unit = storage.scale * (storage.channel.empty() ? 1 : storage.channel[c]);
    const double factor = std::clamp(std::ceil(maxAbs[c] * kCacheHeadRoom / (127 * unit)), 1.0, double(storage.bound) / 128);
    factors.push_back(int16_t(factor));
    mult.push_back(int32_t(std::nearbyint((1 << 24) / factor)));
  }
  Value stored = values.lookup(value);
  const int64_t width = int64_t(maxAbs.size());
  replace(value, builder.create<mcuf::QCoarsenOp>(value.getLoc(), stored.getType(), stored,
                                                  constant<int32_t>(value.getLoc(), ElementKind::I32, {width}, mult, "mult"),
                                                  constant<int16_t>(value.getLoc(), ElementKind::I16, {width}, factors, "steps")));
}

RankedTensorType Rewriter::storedInput(BlockArgument input) {
  auto shape = mcuf::shapeOf(input);
  if (shape.size() == 4) // pixels come interleaved, as cameras deliver them
    return RankedTensorType::get({shape[2], shape[3], shape[1]}, IntegerType::get(builder.getContext(), 8, IntegerType::Unsigned));
  auto embed = input.hasOneUse() ? dyn_cast<mcuf::PatchEmbedOp>(*input.getUsers().begin()) : mcuf::PatchEmbedOp();
  if (shape.size() == 3 && embed)
    return RankedTensorType::get({1, shape[1], shape[2]}, quantType(builder.getContext(), 16, plan.sequenceScale(embed)));
  return {};
}

LogicalResult Rewriter::run() {
  Block &body = function.getBody().front();
  SmallVector<Operation *> old;
  for (Operation &op : body)
    old.push_back(&op);
  BlockArgument image = body.getArgument(0);
  RankedTensorType stored = storedInput(image);
  if (!stored)
    return function.emitError()
           << "has an input of " << image.getType()
           << "; supported are images [1, channels, height, width] and sequences [1, tokens, features] that an embedding reads";
  replace(image, body.addArgument(stored, image.getLoc()));
  // An op that reads what has been reported is not looked at.
  llvm::DenseSet<Value> broken;
  for (Operation *op : old)
    if (llvm::any_of(op->getOperands(), [&](Value operand) { return broken.contains(operand); }) || failed(rewrite(*op)))
      broken.insert(op->result_begin(), op->result_end());
    else if (op->getNumResults() == 1 && narrow.contains(op->getResult(0)) && !codesOf(op->getResult(0)))
      coarsen(op->getResult(0));
  const bool ok = broken.empty();
  if (!ok)
    return failure();
  if (notesValues)
    noteValues(old);
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
  function.setType(FunctionType::get(builder.getContext(), {stored}, results));
  return success();
}

/// What the report says about the integer network.
DictionaryAttr factsOf(func::FuncOp function, const ScalePlan &plan, const Int4Choice &int4, const OperandChoice &operands,
                       const WideChoice &wide, int64_t weighedLayers, bool hasTanhGelu) {
  Builder builder(function.getContext());
  const ResidualScale &residual = plan.residualScale();
  SmallVector<NamedAttribute> facts{
      builder.getNamedAttr("activation_bits", builder.getI64IntegerAttr(16)),
      builder.getNamedAttr("hidden_bits", builder.getI64IntegerAttr(15)),
      builder.getNamedAttr("key_value_bits", builder.getI64IntegerAttr(8)),
      builder.getNamedAttr("residual_bits", builder.getI64IntegerAttr(16)),
      builder.getNamedAttr("residual_scale", builder.getF64FloatAttr(residual.base)),
      builder.getNamedAttr("residual_largest_factor",
                           builder.getI64IntegerAttr(residual.factors.empty() ? 1 : *llvm::max_element(residual.factors))),
      builder.getNamedAttr("weight_bits", builder.getI64IntegerAttr(8)),
      builder.getNamedAttr("weight_sqnr_db", builder.getF64FloatAttr(plan.weightSqnrDb()))};
  if (auto count = function->getAttrOfType<IntegerAttr>(kCalibrationInputsAttr)) {
    facts.push_back(builder.getNamedAttr(kCalibrationInputsAttr.drop_front(5), count));
  }
  if (weighedLayers)
    facts.push_back(builder.getNamedAttr("layers_rounded_by_gradients", builder.getI64IntegerAttr(weighedLayers)));
  if (int4.group) {
    facts.push_back(builder.getNamedAttr("int4_group", builder.getI64IntegerAttr(int4.group)));
    facts.push_back(builder.getNamedAttr("int4_layers", builder.getI64IntegerAttr(int64_t(int4.layers.size()))));
    facts.push_back(builder.getNamedAttr("int4_layers_kept_at_8_bits", builder.getI64IntegerAttr(int4.layerCount - int64_t(int4.layers.size()))));
    if (int4.noise > 0)
      facts.push_back(builder.getNamedAttr("int4_predicted_sqnr_db", builder.getF64FloatAttr(-10 * std::log10(int4.noise))));
  }
  if (!operands.narrow.empty() || !operands.wide.empty()) {
    SmallVector<Attribute> wide;
    for (const std::string &name : operands.wide)
      wide.push_back(builder.getStringAttr(name));
    facts.push_back(builder.getNamedAttr("operands_of_8_bits", builder.getI64IntegerAttr(int64_t(operands.narrow.size()))));
    facts.push_back(builder.getNamedAttr("operands_kept_at_16_bits", builder.getArrayAttr(wide)));
    if (operands.noise > 0)
      facts.push_back(builder.getNamedAttr("operands_predicted_sqnr_db", builder.getF64FloatAttr(-10 * std::log10(operands.noise))));
  }
  if (!wide.layers.empty()) {
    SmallVector<Attribute> names;
    for (const std::string &name : wide.names)
      names.push_back(builder.getStringAttr(name));
    facts.push_back(builder.getNamedAttr("layers_of_wider_weights", builder.getArrayAttr(names)));
    facts.push_back(builder.getNamedAttr("layers_that_may_be_wider", builder.getI64IntegerAttr(wide.candidates)));
  }
  if (hasTanhGelu) // computed as the exact form
    facts.push_back(builder.getNamedAttr("tanh_gelu_difference", builder.getF64FloatAttr(kTanhGeluDifference)));
  return builder.getDictionaryAttr(facts);
}

struct Precision {
  int64_t int4Group;
  double minSqnrDb; ///< for weights of four bits
  int64_t operandBits;
  double minOperandSqnrDb;
  double excessNoise; ///< that wider weights are to take away
};

LogicalResult quantizeFunction(func::FuncOp function, bool compensate, const Precision &precision, bool notesValues) {
  // All ops must have been calibrated: without ranges there are no scales.
  bool isCalibrated = true;
  uint64_t layerCount = 0;
  for (Operation &op : function.getBody().front()) {
    if (isa<mcuf::LinearOp, mcuf::PatchEmbedOp, mcuf::LayerNormOp>(op) && !function->hasAttr(kCalibrationInputsAttr) &&
        channelAttribute(&op, kMaxAbsAttr, size_t(mcuf::widthOf(op.getResult(0)))).empty())
      isCalibrated = false;
    layerCount += isa<mcuf::LinearOp, mcuf::PatchEmbedOp>(op);
  }
  if (!isCalibrated)
    return function.emitError() << "has not been calibrated: run mcuf-calibrate first (mcuformc: pass --calibrate IMAGES.npy)";
  bool hasTanhGelu = false;
  function.walk([&](mcuf::GeluOp gelu) { hasTanhGelu |= gelu.getApproximate(); });
  Progress progress("quantizing", layerCount);
  FailureOr<Roles> roles = Roles::find(function);
  if (failed(roles))
    return failure();
  FailureOr<Int4Choice> int4 = chooseInt4Layers(function, precision.int4Group, precision.minSqnrDb);
  FailureOr<OperandChoice> operands = chooseOperands(function, precision.operandBits, precision.minOperandSqnrDb);
  FailureOr<WideChoice> wide = chooseWideLayers(function, precision.excessNoise);
  if (failed(int4) || failed(operands) || failed(wide))
    return failure();
  int64_t weighedLayers = 0;
  function.walk([&](mcuf::LinearOp linear) {
    Operation *source = linear.getInput().getDefiningOp();
    weighedLayers += compensate && source && source->hasAttr(kWeightedMeanAttr);
  });
  ScalePlan plan(function, *roles, compensate, int4->layers, int4->group, progress);
  if (failed(plan.chooseResidual()) || failed(Rewriter(function, *roles, plan, operands->narrow, wide->layers, notesValues).run()))
    return failure();
  function->getParentOp()->setAttr("mcuf.quantization", factsOf(function, plan, *int4, *operands, *wide, weighedLayers, hasTanhGelu));
  function->removeAttr(kCalibrationInputsAttr);
  return success();
}

struct Quantize : impl::QuantizeBase<Quantize> {
  using Base::Base;
  void runOnOperation() override {
    for (func::FuncOp function : getOperation().getOps<func::FuncOp>())
      if (failed(quantizeFunction(function, compensateRounding, {int4Group, minSqnr, operandBits, minOperandSqnr, excessNoise}, noteValues)))
        signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
