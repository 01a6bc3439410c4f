// Row dependences of the integer operators.
#include "passes/schedule/RowDependence.h"

#include "dialects/mcuf/McufCodeOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mcuform::schedule {
namespace {

/// A slice of whole rows that are neighbours: the first of them, -1 for any other slice.
int64_t firstSlicedRow(mcuf::SliceOp op) {
  auto shape = mcuf::shapeOf(op.getInput());
  auto starts = op.getStarts(), sizes = op.getSizes(), steps = op.getSteps();
  int64_t first = 0, seenRows = 1;
  bool isPartial = false;
  // Whole from some dimension on, and one index of each dimension before that.
  for (int64_t dim = shape.size() - 1; dim >= 0; --dim) {
    bool isWhole = starts[dim] == 0 && sizes[dim] == shape[dim];
    if (sizes[dim] > 1 && steps[dim] != 1)
      return -1;
    if (dim + 1 == int64_t(shape.size())) {
      if (!isWhole)
        return -1;
      continue;
    }
    if (isPartial && sizes[dim] != 1)
      return -1;
    isPartial |= !isWhole;
    first += starts[dim] * seenRows;
    seenRows *= shape[dim];
  }
  return first;
}

bool storesBits(Value value, unsigned bits) {
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  if (auto quantized = dyn_cast<quant::QuantizedType>(element))
    return quantized.getStorageTypeIntegralWidth() == bits;
  return element.isInteger(bits);
}

/// The image, which no loop computes.
bool isImage(Value value) { return isa<BlockArgument>(value); }

bool isReadByAttention(Value value) {
  return llvm::any_of(value.getUsers(), [](Operation *user) {
    auto reshape = dyn_cast<mcuf::ReshapeOp>(user);
    return isa<mcuf::QAttentionOp>(user) || (reshape && isReadByAttention(reshape.getResult()));
  });
}

/// Joins rows of several values to longer ones.
bool joinsColumns(mcuf::ConcatOp op) { return int64_t(op.getAxis()) + 1 == int64_t(mcuf::shapeOf(op.getResult()).size()); }

} // namespace

Value lookThrough(Value value) {
  while (auto reshape = value.getDefiningOp<mcuf::ReshapeOp>()) {
    if (mcuf::widthOf(reshape.getInput()) != mcuf::widthOf(reshape.getResult()))
      break;
    value = reshape.getInput();
  }
  return value;
}

bool isCheap(Operation *op) { return isa<mcuf::QLayerNormOp, mcuf::QCoarsenOp, mcuf::QWindowsOp, mcuf::PermuteRowsOp>(op); }

bool readsMap(Operation *op) { return isa<mcuf::QWindowsOp, mcuf::QDepthwiseOp, mcuf::QMaxPoolOp, mcuf::PermuteRowsOp>(op); }

SmallVector<Value, 2> updatableOperands(Operation *op, bool &mustUpdate) {
  mustUpdate = isa<mcuf::QLinearAddOp>(op);
  if (auto add = dyn_cast<mcuf::QLinearAddOp>(op))
    return {add.getResidual()};
  if (isa<mcuf::QLayerNormOp, mcuf::QLayerNormAffineOp, mcuf::QCoarsenOp, mcuf::QClampOp, mcuf::QActivationOp>(op))
    return {op->getOperand(0)};
  if (isa<mcuf::QAddOp, mcuf::QAddCodesOp, mcuf::QMultiplyOp>(op))
    return llvm::to_vector<2>(llvm::make_filter_range(op->getOperands(), [](Value operand) { return !mcuf::constantOf(operand); }));
  return {};
}

bool isCached(Value value) {
  if (value.getDefiningOp<mcuf::QLinearOp>())
    return storesBits(value, 8);
  return value.getDefiningOp<mcuf::QNarrowOp>() && isReadByAttention(value);
}

bool sharesCache(mcuf::QAttentionOp attention) { return lookThrough(attention.getK()) == lookThrough(attention.getV()); }

bool writesColumns(Operation *op) { return isa<mcuf::QWidenOp, mcuf::QAttentionOp>(op); }

SmallVector<Dependence, 3> dependencesOf(Operation *op) {
  auto row = [](Value value, int64_t shift = 0) { return Dependence{lookThrough(value), Need::Row, shift, 0}; };
  auto allRows = [](Value value) { return Dependence{lookThrough(value), Need::AllRows, 0, 0}; };
  using Dependences = SmallVector<Dependence, 3>;
  return TypeSwitch<Operation *, Dependences>(op)
      .Case<mcuf::QLayerNormOp, mcuf::QLayerNormAffineOp, mcuf::QLinearOp, mcuf::QLinearActivationOp, mcuf::QNarrowOp, mcuf::QWidenOp,
            mcuf::QCoarsenOp, mcuf::QClampOp, mcuf::QActivationOp>(
          [&](auto op) { return Dependences{row(op.getInput())}; })
      .Case<mcuf::QWindowsOp, mcuf::QDepthwiseOp, mcuf::QMaxPoolOp, mcuf::PermuteRowsOp>(
          [&](auto op) { return isImage(op.getInput()) ? Dependences() : Dependences{allRows(op.getInput())}; })
      .Case<mcuf::QAddCodesOp, mcuf::QMultiplyOp>([&](auto op) { return Dependences{row(op.getLhs()), row(op.getRhs())}; })
      .Case([&](mcuf::QAddOp op) { // one operand may be a constant
        Dependences dependences;
        for (Value operand : {op.getLhs(), op.getRhs()})
          if (!mcuf::constantOf(operand))
            dependences.push_back(row(operand));
        return dependences;
      })
      .Case([&](mcuf::ConcatOp op) { return llvm::map_to_vector<3>(op.getInputs(), [&](Value input) { return row(input); }); })
      .Case([&](mcuf::QLinearAddOp op) {
        return Dependences{row(op.getInput()), row(op.getResidual())};
      })
      .Case([&](mcuf::QAttentionOp op) {
        Dependences dependences{allRows(op.getK()), allRows(op.getV())};
        if (!mcuf::constantOf(op.getQ()))
          dependences.insert(dependences.begin(), row(op.getQ()));
        return dependences;
      })
      .Case([&](mcuf::SliceOp op) { return Dependences{row(op.getInput(), firstSlicedRow(op))}; })
      .Case([&](mcuf::QMeanRowsOp op) {
        return Dependences{{lookThrough(op.getInput()), Need::Reduced, int64_t(op.getFirstRow()), int64_t(op.getRowCount())}};
      })
      .Default([](Operation *) { return Dependences(); });
}

std::pair<Value, int64_t> selectedFrom(Value value, int64_t row) {
  value = lookThrough(value);
  while (auto slice = value.getDefiningOp<mcuf::SliceOp>()) {
    value = lookThrough(slice.getInput());
    row += firstSlicedRow(slice);
  }
  return {value, row};
}

std::string whyUnsupported(Operation *op) {
  if (isa<mcuf::ConstantOp, func::ReturnOp>(op))
    return "";
  if (auto reshape = dyn_cast<mcuf::ReshapeOp>(op))
    return lookThrough(reshape.getResult()) == reshape.getResult() ? "changes the width of rows" : "";
  if (auto slice = dyn_cast<mcuf::SliceOp>(op); slice && firstSlicedRow(slice) < 0)
    return "does not select neighbouring whole rows";
  if (auto concat = dyn_cast<mcuf::ConcatOp>(op); concat && (!joinsColumns(concat) || !storesBits(concat.getResult(), 16)))
    return "does not join columns of 16 bits";
  if (!isa<mcuf::SliceOp, mcuf::ConcatOp, mcuf::QNarrowOp, mcuf::QWidenOp, mcuf::QCoarsenOp, mcuf::QPatchEmbedOp, mcuf::QLayerNormOp,
           mcuf::QLayerNormAffineOp, mcuf::QLinearOp, mcuf::QLinearAddOp, mcuf::QLinearActivationOp,
           mcuf::QAttentionOp, mcuf::QMeanRowsOp, mcuf::QWindowsOp, mcuf::QDepthwiseOp, mcuf::QMaxPoolOp, mcuf::QAddOp, mcuf::QAddCodesOp, mcuf::QClampOp,
           mcuf::QMultiplyOp, mcuf::QActivationOp, mcuf::PermuteRowsOp>(op))
    return "no kernel computes it";

  auto check = [](std::initializer_list<Value> values) -> std::string {
    for (Value value : values)
      if (value && !mcuf::constantOf(value))
        return "weights, biases and multipliers must be constants";
    return "";
  };
  std::string problem = TypeSwitch<Operation *, std::string>(op)
                            .Case<mcuf::QLinearOp, mcuf::QLinearAddOp, mcuf::QLinearActivationOp>(
                                [&](auto op) { return check({op.getWeights(), op.getBias(), op.getMult()}); })
                            .Case([&](mcuf::QPatchEmbedOp op) -> std::string {
                              if (!isa<BlockArgument>(op.getImage()))
                                return "reads an image that is not the input of the model";
                              return check({op.getWeights(), op.getBias(), op.getMult(), op.getPosition(), op.getPrefix()});
                            })
                            .Case([&](mcuf::QWindowsOp op) -> std::string {
                              if (isImage(op.getInput()) != bool(op.getOffset()))
                                return "reads an image that is not the input of the model";
                              return check({op.getOffset()});
                            })
                            .Case([&](mcuf::QDepthwiseOp op) { return check({op.getWeights(), op.getBias(), op.getMult()}); })
                            .Case([&](mcuf::QLayerNormOp op) { return check({op.getFactor()}); })
                            .Case([&](mcuf::QLayerNormAffineOp op) { return check({op.getFactor(), op.getGain(), op.getOffset()}); })
                            .Case([&](mcuf::QNarrowOp op) { return check({op.getMult()}); })
                            .Case([&](mcuf::QWidenOp op) { return check({op.getFactor()}); })
                            .Case([&](mcuf::QCoarsenOp op) { return check({op.getMult(), op.getFactor()}); })
                            .Case([&](mcuf::QAttentionOp op) -> std::string {
                              Value keys = lookThrough(op.getK()), values = lookThrough(op.getV());
                              if (!isCached(keys) || !isCached(values))
                                return "keys and values must come from 8-bit linear layers";
                              bool isShared = keys.getDefiningOp<mcuf::QNarrowOp>() || values.getDefiningOp<mcuf::QNarrowOp>();
                              if (isShared && op.getGroups() > 1)
                                return "narrowed rows as keys and values of several groups";
                              if (isShared != (keys == values) || (isShared && op.getNumHeads() != 1))
                                return "narrowed rows, of one head, are keys and values at once, and no others can be";
                              if (mcuf::constantOf(op.getQ()) && (op.getNumHeads() != 1 || mcuf::rowCount(op.getQ()) != 1))
                                return "queries that are a constant must be one row of one head";
                              return check({op.getScoreMult(), op.getKTable(), op.getKTableMult(), op.getVTable(), op.getVTableMult()});
                            })
                            .Default([](Operation *) { return std::string(); });
  if (!problem.empty())
    return problem;
  for (const Dependence &dependence : dependencesOf(op)) {
    if (isa<BlockArgument>(dependence.value))
      return "reads the model's input, which only a patch embedding can";
    if (mcuf::constantOf(dependence.value))
      return "reads rows that are a constant";
    if (dependence.need != Need::AllRows && isCached(dependence.value))
      return "reads keys or values row by row";
    if (readsMap(op) && dependence.value.getDefiningOp<mcuf::SliceOp>())
      return "reads a map of which only some rows are there";
  }
  return "";
}

} // namespace mcuform::schedule
