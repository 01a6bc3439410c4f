// Dispatch from IR ops to the float operators, and the evaluation of whole functions.
#include "compiler/reference/Interpreter.h"

#include "compiler/reference/FloatOps.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mcuform {
namespace {

const HostTensor *optional(ArrayRef<HostTensor> operands, size_t index, bool present) { return present ? &operands[index] : nullptr; }

} // namespace

floatops::RelativeTables tablesOf(mcuf::AttentionOp attention, ArrayRef<HostTensor> in) {
  floatops::RelativeTables tables{optional(in, 3, bool(attention.getKTable())),
                                  optional(in, attention.getKTable() ? 4 : 3, bool(attention.getVTable()))};
  if (attention.isRelative()) {
    tables.grid = mcuf::RelativeGrid::of(*attention.getGrid());
    tables.firstQuery = int64_t(attention.getFirstQuery());
  }
  return tables;
}

std::optional<float> sigmoidBiasOf(mcuf::AttentionOp attention) {
  if (auto bias = attention.getSigmoidBias())
    return bias->convertToFloat();
  return std::nullopt;
}

FailureOr<HostTensor> evaluateFloatOp(Operation *op, ArrayRef<HostTensor> in) {
  ArrayRef<int64_t> shape = op->getNumResults() == 1 ? mcuf::shapeOf(op->getResult(0)) : ArrayRef<int64_t>();
  FailureOr<HostTensor> result =
      llvm::TypeSwitch<Operation *, FailureOr<HostTensor>>(op)
          .Case([&](mcuf::ConstantOp constant) { return toHostTensor(constant.getValue()); })
          .Case([&](mcuf::UnaryOp unary) { return floatops::unary(unary.getKind(), in[0]); })
          .Case([&](mcuf::BinaryOp binary) { return floatops::binary(binary.getKind(), in[0], in[1], shape); })
          .Case([&](mcuf::SelectOp) { return floatops::select(in[0], in[1], in[2], shape); })
          .Case([&](mcuf::CastOp cast) -> FailureOr<HostTensor> {
            auto kind = elementKindOf(cast.getTo());
            return kind ? floatops::cast(in[0], *kind) : FailureOr<HostTensor>(failure());
          })
          .Case([&](mcuf::ReshapeOp) { return in[0].reshaped(shape); })
          .Case([&](mcuf::TransposeOp transpose) { return floatops::transpose(in[0], transpose.getPermutation()); })
          .Case([&](mcuf::SliceOp slice) { return floatops::slice(in[0], slice.getStarts(), slice.getSizes(), slice.getSteps()); })
          .Case([&](mcuf::PermuteRowsOp permute) { return floatops::permuteRows(in[0], permute.getSizes(), permute.getStrides(), shape); })
          .Case([&](mcuf::ConcatOp concat) { return floatops::concat(in, concat.getAxis(), shape); })
          .Case([&](mcuf::GatherOp gather) { return floatops::gather(in[0], in[1], gather.getAxis(), shape); })
          .Case([&](mcuf::BroadcastOp) { return floatops::broadcast(in[0], shape); })
          .Case([&](mcuf::ReduceOp reduce) { return floatops::reduce(reduce.getKind(), in[0], reduce.getAxes(), shape); })
          .Case([&](mcuf::MatmulOp) -> FailureOr<HostTensor> {
            if (in[0].kind() != ElementKind::F32)
              return failure();
            return floatops::matmul(in[0], in[1], shape);
          })
          .Case([&](mcuf::SoftmaxOp softmax) { return floatops::softmax(in[0], softmax.getAxis()); })
          .Case([&](mcuf::ConvOp conv) {
            return floatops::conv(in[0], in[1], optional(in, 2, bool(conv.getBias())), conv.getStrides(), conv.getPads(), conv.getDilations(),
                                  conv.getGroups(), shape);
          })
          .Case([&](mcuf::LayerNormOp norm) {
            return floatops::layerNorm(in[0], optional(in, 1, bool(norm.getGamma())), optional(in, norm.getGamma() ? 2 : 1, bool(norm.getBeta())),
                                       norm.getEpsilon().convertToFloat(), norm.getCentered());
          })
          .Case([&](mcuf::GeluOp gelu) { return floatops::gelu(in[0], gelu.getApproximate()); })
          .Case([&](mcuf::SwishOp swish) { return floatops::swish(in[0], swish.getSlope().convertToFloat()); })
          .Case([&](mcuf::HardSwishOp) { return floatops::hardSwish(in[0]); })
          .Case([&](mcuf::ClippedReluOp relu) { return floatops::clippedRelu(in[0], relu.getLimit().convertToFloat()); })
          .Case([&](mcuf::WindowsOp windows) { return floatops::windows(in[0], mcuf::WindowGrid::of(windows), shape); })
          .Case([&](mcuf::DepthwiseOp depthwise) {
            auto grid = mcuf::WindowGrid::of(in[0].shape(), in[1].shape().drop_back(), depthwise.getStrides(), depthwise.getPads());
            return floatops::depthwise(in[0], in[1], in[2], *grid, shape);
          })
          .Case([&](mcuf::PoolOp pool) -> FailureOr<HostTensor> {
            if (in[0].kind() != ElementKind::F32)
              return failure();
            return floatops::pool(pool.getKind(), in[0], mcuf::WindowGrid::of(pool), pool.getCountPadding(), shape);
          })
          .Case([&](mcuf::LinearOp linear) { return floatops::linear(in[0], in[1], optional(in, 2, bool(linear.getBias()))); })
          .Case([&](mcuf::AttentionOp attention) {
            return floatops::attention(in[0], in[1], in[2], attention.getNumHeads(), attention.getScale().convertToFloat(),
                                       tablesOf(attention, in), sigmoidBiasOf(attention), attention.getGroups());
          })
          .Case([&](mcuf::PatchEmbedOp embed) {
            return floatops::patchEmbed(in[0], in[1], in[2], optional(in, 3, bool(embed.getPosition())),
                                        optional(in, embed.getPosition() ? 4 : 3, bool(embed.getPrefix())), mcuf::patchGridOf(embed));
          })
          .Default([](Operation *) { return FailureOr<HostTensor>(failure()); });
  if (failed(result))
    op->emitOpError() << "cannot be evaluated in float";
  return result;
}

FailureOr<Interpreter> Interpreter::create(func::FuncOp function, OpEvaluator evaluator) {
  Interpreter interpreter;
  interpreter.evaluator = evaluator;
  interpreter.function = function;
  if (!function.getBody().hasOneBlock())
    return function.emitError() << "cannot be interpreted: it has " << function.getBody().getBlocks().size() << " blocks";
  llvm::DenseSet<Value> seen;
  for (Operation &op : llvm::reverse(function.getBody().front())) {
    for (Value operand : op.getOperands())
      if (seen.insert(operand).second)
        interpreter.lastUses[&op].push_back(operand);
    if (auto constant = dyn_cast<mcuf::ConstantOp>(op)) {
      FailureOr<HostTensor> value = evaluateFloatOp(&op, {});
      if (failed(value))
        return failure();
      interpreter.constants[constant] = *value;
    }
  }
  return interpreter;
}

FailureOr<std::vector<HostTensor>> Interpreter::run(ArrayRef<HostTensor> inputs, ValueObserver observer) const {
  llvm::DenseMap<Value, HostTensor> values;
  Block &body = function->getRegion(0).front();
  for (auto [argument, input] : llvm::zip_equal(body.getArguments(), inputs)) {
    values[argument] = input;
    observer(argument, input);
  }
  auto valueOf = [&](Value value) {
    auto constant = constants.find(value);
    return constant != constants.end() ? constant->second : values.lookup(value);
  };
  std::vector<HostTensor> results;
  for (Operation &op : body) {
    if (isa<mcuf::ConstantOp>(op))
      continue;
    SmallVector<HostTensor> operands = llvm::map_to_vector(op.getOperands(), valueOf);
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      results.assign(operands.begin(), operands.end());
      break;
    }
    FailureOr<HostTensor> result = evaluator(&op, operands);
    if (failed(result))
      return failure();
    values[op.getResult(0)] = *result;
    observer(op.getResult(0), *result);
    if (auto dead = lastUses.find(&op); dead != lastUses.end())
      for (Value value : dead->second)
        values.erase(value);
  }
  return results;
}

FailureOr<std::vector<HostTensor>> Interpreter::rerun(const llvm::DenseMap<Value, HostTensor> &known, Value changed,
                                                      const HostTensor &replacement) const {
  llvm::DenseMap<Value, HostTensor> anew;
  anew[changed] = replacement;
  auto valueOf = [&](Value value) {
    if (auto found = anew.find(value); found != anew.end())
      return found->second;
    auto constant = constants.find(value);
    return constant != constants.end() ? constant->second : known.lookup(value);
  };
  std::vector<HostTensor> results;
  for (Operation &op : function->getRegion(0).front()) {
    const bool isLast = op.hasTrait<OpTrait::IsTerminator>();
    if (!isLast && !llvm::any_of(op.getOperands(), [&](Value operand) { return anew.contains(operand); }))
      continue;
    SmallVector<HostTensor> operands = llvm::map_to_vector(op.getOperands(), valueOf);
    if (isLast) {
      results.assign(operands.begin(), operands.end());
      break;
    }
    FailureOr<HostTensor> result = evaluator(&op, operands);
    if (failed(result))
      return failure();
    anew[op.getResult(0)] = *result;
    if (auto dead = lastUses.find(&op); dead != lastUses.end())
      for (Value value : dead->second)
        anew.erase(value);
  }
  return results;
}

} // namespace mcuform
