// Invariants of the integer operators: storage types and shapes as docs/arithmetic.md wants them.
#include "dialects/mcuf/McufCodeOps.h"

#include "mlir/Dialect/Quant/QuantTypes.h"

using namespace mlir;

namespace mcuform::mcuf {
namespace {

/// Bits of the stored integer: of a quantized activation's storage or of a plain integer element.
unsigned storageBits(Value value) {
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  if (auto quantized = dyn_cast<quant::QuantizedType>(element))
    return quantized.getStorageTypeIntegralWidth();
  return element.isIntOrIndex() ? element.getIntOrFloatBitWidth() : 0;
}

LogicalResult expectBits(Operation *op, StringRef what, Value value, unsigned bits) {
  if (storageBits(value) == bits)
    return success();
  return op->emitOpError() << what << " must be stored in " << bits << " bits, got " << value.getType();
}

LogicalResult expectShape(Operation *op, StringRef what, Value value, ArrayRef<int64_t> shape) {
  if (shapeOf(value) == shape)
    return success();
  return op->emitOpError() << what << " must have shape [" << shape << "], got " << value.getType();
}

LogicalResult verifyLinear(Operation *op, Value input, Value weights, Value bias, Value mult, Value result) {
  auto shape = shapeOf(weights);
  if (shape.size() != 2 || shape[1] != widthOf(input) || shape[0] != widthOf(result) || rowCount(input) != rowCount(result))
    return op->emitOpError() << "weights " << weights.getType() << " do not fit input " << input.getType() << " and result " << result.getType();
  if (shape[1] % 2)
    return op->emitOpError() << "depth " << shape[1] << " must be even";
  return failure(failed(expectBits(op, "input", input, 16)) || failed(expectBits(op, "weights", weights, 8)) || failed(expectBits(op, "bias", bias, 32)) ||
                 failed(expectBits(op, "mult", mult, 32)) || failed(expectShape(op, "bias", bias, shape[0])) ||
                 failed(expectShape(op, "mult", mult, shape[0])));
}

/// Windows on a map or, with `image`, on the image, whose results are rows of `width`, of the grid's channels where that is 0.
LogicalResult verifyWindows(Operation *op, Value input, ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads, Value result, bool image,
                            bool hasRows) {
  auto shape = shapeOf(input);
  auto grid = shape.size() == (image ? 3 : 4) && (image || shape[0] == 1) ? WindowGrid::of(shape, kernel, strides, pads) : std::nullopt;
  if (!grid)
    return op->emitOpError() << "windows of [" << kernel << "] with strides [" << strides << "] and pads [" << pads << "] do not fit " << input.getType();
  return failure(failed(expectBits(op, "input", input, image ? 8 : 16)) || failed(expectBits(op, "result", result, 16)) ||
                 failed(expectShape(op, "result", result, {1, grid->outHeight, grid->outWidth, hasRows ? grid->depth() : grid->channels})));
}

/// The least value of a result: 0 behind ReLU.
LogicalResult verifyLow(Operation *op, int64_t low) {
  if (low == 0 || low == -32768)
    return success();
  return op->emitOpError() << "low must be 0 or -32768, got " << low;
}

/// Of what clamps to the codes of a quantized file.
LogicalResult verifyRange(Operation *op, int64_t low, int64_t high) {
  if (INT16_MIN <= low && low <= high && high <= INT16_MAX)
    return success();
  return op->emitOpError() << "low and high must be int16 and in this order, got " << low << " and " << high;
}

/// Of weights in four bits.
LogicalResult verifyGroups(Operation *op, Value weights, ElementsAttr scales, std::optional<uint64_t> group) {
  if (!scales && !group)
    return success();
  auto shape = shapeOf(weights);
  if (!scales || !group || *group == 0 || *group % 4)
    return op->emitOpError() << "weights in four bits need weight_scales and a weight_group that is a multiple of 4";
  const int64_t groups = (shape[1] + int64_t(*group) - 1) / int64_t(*group);
  if (scales.getShapedType().getShape() != ArrayRef<int64_t>{shape[0], groups} || !scales.getElementType().isInteger(8))
    return op->emitOpError() << "weight_scales must be i8 of shape [" << shape[0] << ", " << groups << "], got " << scales.getShapedType();
  return success();
}

} // namespace

LogicalResult QPatchEmbedOp::verify() {
  auto image = shapeOf(getImage()), weights = shapeOf(getWeights());
  int64_t patchSize = image.size() == 3 ? int64_t(getPatchHeight() * getPatchWidth()) * image[2] : 0;
  if (weights.size() != 2 || patchSize == 0 || weights[1] != (patchSize + 1) / 2 * 2)
    return emitOpError() << "image " << getImage().getType() << " and weights " << getWeights().getType() << " do not fit patches of " << getPatchHeight() << "x"
                         << getPatchWidth();
  const bool isImage = storageBits(getImage()) == 8;
  auto grid = patchGrid(image, {int64_t(getPatchHeight()), int64_t(getPatchWidth())}, getPads());
  if (!grid || (getPads() && !isImage))
    return emitOpError() << "pads must be smaller than a patch, and are those of an image";
  int64_t patches = grid->outHeight * grid->outWidth, prefix = getPrefix() ? shapeOf(getPrefix())[0] : 0;
  if (getPrefix() && (failed(expectShape(*this, "prefix", getPrefix(), {prefix, weights[0]})) || failed(expectBits(*this, "prefix", getPrefix(), 16))))
    return failure();
  if (!isImage && (storageBits(getImage()) != 16 || image[0] != 1 || getPatchHeight() != 1 || getPatchWidth() != 1 || image[2] % 2))
    return emitOpError() << "image must be stored in 8 bits, or in 16 bits as one line of patches of 1x1 with an even number of channels, got "
                         << getImage().getType();
  return failure(failed(expectBits(*this, "weights", getWeights(), 8)) ||
                 failed(expectBits(*this, "result", getResult(), 16)) || failed(expectShape(*this, "position", getPosition(), {patches, weights[0]})) ||
                 failed(expectBits(*this, "position", getPosition(), 16)) || failed(expectShape(*this, "bias", getBias(), weights[0])) ||
                 failed(expectShape(*this, "mult", getMult(), weights[0])) || failed(expectShape(*this, "result", getResult(), {1, prefix + patches, weights[0]})));
}

LogicalResult QLayerNormOp::verify() {
  if (getEpsilon() < 1)
    return emitOpError() << "epsilon must be at least 1, got " << getEpsilon();
  return failure(failed(expectBits(*this, "input", getInput(), 16)) || failed(expectBits(*this, "result", getResult(), 16)) ||
                 failed(expectBits(*this, "factor", getFactor(), 16)) || failed(expectShape(*this, "factor", getFactor(), widthOf(getInput()))) ||
                 failed(expectShape(*this, "result", getResult(), shapeOf(getInput()))));
}

LogicalResult QLayerNormAffineOp::verify() {
  if (getEpsilon() < 1)
    return emitOpError() << "epsilon must be at least 1, got " << getEpsilon();
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "input and result must have one type, got " << getInput().getType() << " and " << getResult().getType();
  for (auto [name, value, bits] : {std::tuple("factor", getFactor(), 16u), {"gain", getGain(), 32u}, {"offset", getOffset(), 16u}})
    if (failed(expectBits(*this, name, value, bits)) || failed(expectShape(*this, name, value, widthOf(getInput()))))
      return failure();
  return expectBits(*this, "input", getInput(), 16);
}

LogicalResult QLinearOp::verify() {
  if (storageBits(getResult()) != 8 && storageBits(getResult()) != 16)
    return emitOpError() << "result must be stored in 8 or 16 bits, got " << getResult().getType();
  return failure(failed(verifyLinear(*this, getInput(), getWeights(), getBias(), getMult(), getResult())) ||
                 failed(verifyGroups(*this, getWeights(), getWeightScalesAttr(), getWeightGroup())));
}

LogicalResult QLinearAddOp::verify() {
  if (failed(expectShape(*this, "residual", getResidual(), shapeOf(getResult()))) || getResidual().getType() != getResult().getType())
    return emitOpError() << "residual and result must have one type, got " << getResidual().getType() << " and " << getResult().getType();
  return failure(failed(expectBits(*this, "result", getResult(), 16)) || failed(verifyLinear(*this, getInput(), getWeights(), getBias(), getMult(), getResult())) ||
                 failed(verifyGroups(*this, getWeights(), getWeightScalesAttr(), getWeightGroup())));
}

LogicalResult QLinearActivationOp::verify() {
  return failure(failed(expectBits(*this, "result", getResult(), 16)) || failed(verifyLinear(*this, getInput(), getWeights(), getBias(), getMult(), getResult())) ||
                 failed(verifyGroups(*this, getWeights(), getWeightScalesAttr(), getWeightGroup())));
}

LogicalResult QActivationOp::verify() {
  if (int64_t(getMult()) < 0 || int64_t(getMult()) > INT32_MAX)
    return emitOpError() << "mult must be 0 to 2^31 - 1, got " << int64_t(getMult());
  return failure(failed(expectBits(*this, "input", getInput(), 16)) || failed(expectBits(*this, "result", getResult(), 16)) ||
                 failed(expectShape(*this, "result", getResult(), shapeOf(getInput()))));
}

LogicalResult QAttentionOp::verify() {
  int64_t heads = getNumHeads();
  if (heads < 1 || widthOf(getQ()) % heads || widthOf(getK()) != widthOf(getQ()) || widthOf(getV()) % heads || rowCount(getK()) != rowCount(getV()) ||
      widthOf(getResult()) != widthOf(getV()) || rowCount(getResult()) != rowCount(getQ()))
    return emitOpError() << "q " << getQ().getType() << ", k " << getK().getType() << ", v " << getV().getType() << " do not fit " << heads << " heads";
  if ((widthOf(getQ()) / heads) % 2 || (widthOf(getV()) / heads) % 2)
    return emitOpError() << "head width " << widthOf(getQ()) / heads << " must be even";
  if (getContextFactor() && int64_t(getContextFactor()->size()) != widthOf(getResult()))
    return emitOpError() << getContextFactor()->size() << " context factors for " << widthOf(getResult()) << " columns";
  const int64_t groups = getGroups();
  if (groups < 1 || rowCount(getQ()) % groups || rowCount(getK()) % groups || (groups > 1 && (isRelative() || getSigmoidBias())))
    return emitOpError() << rowCount(getQ()) << " queries and " << rowCount(getK()) << " keys do not make " << groups << " groups";
  if (rowCount(getK()) / groups > 512)
    return emitOpError() << rowCount(getK()) / groups << " tokens exceed the 512 for which 32-bit sums of probabilities cannot overflow";
  if (getSigmoidBias().has_value() != getWeightTotal().has_value() || (getSigmoidBias() && isRelative()) ||
      (getWeightTotal() && (*getWeightTotal() <= 512 || *getWeightTotal() > 512 * 32767)))
    return emitOpError() << "sigmoid_bias needs a weight_total above 512 that 512 tokens can reach, and no relative positions";
  if (bool(getGrid()) != isRelative() || (getGrid() && getGrid()->size() != 5) || bool(getKTable()) != bool(getKTableMult()) ||
      bool(getVTable()) != bool(getVTableMult()))
    return emitOpError() << "tables of relative positions need multipliers and a grid of five numbers, and nothing else does";
  if (isRelative()) {
    const auto grid = RelativeGrid::of(*getGrid());
    if (grid.tokens() != rowCount(getK()) || int64_t(getFirstQuery()) + rowCount(getQ()) > grid.tokens())
      return emitOpError() << "a grid of " << grid.tokens() << " tokens does not fit k " << getK().getType() << " and q "
                           << getQ().getType() << " from token " << getFirstQuery() << " on";
    if (getKTable() &&
        (failed(expectShape(*this, "k_table", getKTable(), {grid.tableRows(), widthOf(getQ()) / heads})) ||
         failed(expectBits(*this, "k_table", getKTable(), 8)) || failed(expectShape(*this, "k_table_mult", getKTableMult(), heads)) ||
         failed(expectBits(*this, "k_table_mult", getKTableMult(), 32))))
      return failure();
    if (getVTable() && (failed(expectShape(*this, "v_table", getVTable(), {widthOf(getV()) / heads, grid.tableRows() + 1})) ||
                        failed(expectBits(*this, "v_table", getVTable(), 8)) ||
                        failed(expectShape(*this, "v_table_mult", getVTableMult(), widthOf(getV()))) ||
                        failed(expectBits(*this, "v_table_mult", getVTableMult(), 32))))
      return failure();
  }
  return failure(failed(expectBits(*this, "q", getQ(), 16)) || failed(expectBits(*this, "k", getK(), 8)) || failed(expectBits(*this, "v", getV(), 8)) ||
                 failed(expectBits(*this, "result", getResult(), 16)) || failed(expectShape(*this, "score_mult", getScoreMult(), heads)));
}

LogicalResult QNarrowOp::verify() {
  return failure(failed(expectBits(*this, "input", getInput(), 16)) || failed(expectBits(*this, "result", getResult(), 8)) ||
                 failed(expectBits(*this, "mult", getMult(), 32)) || failed(expectShape(*this, "mult", getMult(), widthOf(getInput()))) ||
                 failed(expectShape(*this, "result", getResult(), shapeOf(getInput()))));
}

LogicalResult QWidenOp::verify() {
  return failure(failed(expectBits(*this, "input", getInput(), 8)) || failed(expectBits(*this, "result", getResult(), 16)) ||
                 failed(expectBits(*this, "factor", getFactor(), 16)) || failed(expectShape(*this, "factor", getFactor(), widthOf(getInput()))) ||
                 failed(expectShape(*this, "result", getResult(), shapeOf(getInput()))));
}

LogicalResult QCoarsenOp::verify() {
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "input and result must have one type, got " << getInput().getType() << " and " << getResult().getType();
  return failure(failed(expectBits(*this, "input", getInput(), 16)) || failed(expectBits(*this, "mult", getMult(), 32)) ||
                 failed(expectShape(*this, "mult", getMult(), widthOf(getInput()))) || failed(expectBits(*this, "factor", getFactor(), 16)) ||
                 failed(expectShape(*this, "factor", getFactor(), widthOf(getInput()))));
}

LogicalResult QMeanRowsOp::verify() {
  int64_t first = int64_t(getFirstRow()), count = int64_t(getRowCount());
  if (first < 0 || count < 3 || first + count > rowCount(getInput()))
    return emitOpError() << "rows " << first << ".." << first + count << " of " << rowCount(getInput()) << "; at least 3 are needed";
  return failure(rowCount(getResult()) != 1 || widthOf(getResult()) != widthOf(getInput()) || failed(expectBits(*this, "input", getInput(), 16)) ||
                 failed(expectBits(*this, "result", getResult(), 16)));
}

LogicalResult QWindowsOp::verify() {
  const bool image = bool(getOffset()), table = image && shapeOf(getOffset()).size() == 2;
  if (image && (failed(table ? expectShape(*this, "offset", getOffset(), {widthOf(getInput()), 256})
                             : expectShape(*this, "offset", getOffset(), widthOf(getInput()))) ||
                failed(expectBits(*this, "offset", getOffset(), 16))))
    return failure();
  if (int64_t(getShift()) < 0 || int64_t(getShift()) > 7 || ((!image || table) && getShift()))
    return emitOpError() << "shift must be 0 to 7 for an image and 0 for a map, got " << getShift();
  return verifyWindows(*this, getInput(), getKernel(), getStrides(), getPads(), getResult(), image, /*hasRows=*/true);
}

LogicalResult QDepthwiseOp::verify() {
  if (failed(verifyWindows(*this, getInput(), getKernel(), getStrides(), getPads(), getResult(), /*image=*/false, /*hasRows=*/false)))
    return failure();
  const int64_t channels = widthOf(getInput());
  return failure(failed(verifyLow(*this, int64_t(getLow()))) || failed(expectShape(*this, "weights", getWeights(), {WindowGrid::of(*this).taps(), channels})) ||
                 failed(expectBits(*this, "weights", getWeights(), 8)) || failed(expectShape(*this, "bias", getBias(), channels)) ||
                 failed(expectBits(*this, "bias", getBias(), 32)) || failed(expectShape(*this, "mult", getMult(), channels)) ||
                 failed(expectBits(*this, "mult", getMult(), 32)));
}

LogicalResult QMaxPoolOp::verify() {
  if (getInput().getType().getElementType() != getResult().getType().getElementType())
    return emitOpError() << "input and result must have one scale, got " << getInput().getType() << " and " << getResult().getType();
  return verifyWindows(*this, getInput(), getKernel(), getStrides(), getPads(), getResult(), /*image=*/false, /*hasRows=*/false);
}

LogicalResult QClampOp::verify() {
  if (getInput().getType() != getResult().getType())
    return emitOpError() << "input and result must have one type, got " << getInput().getType() << " and " << getResult().getType();
  return failure(failed(expectBits(*this, "input", getInput(), 16)) || failed(verifyRange(*this, int64_t(getLow()), int64_t(getHigh()))));
}

LogicalResult QAddCodesOp::verify() {
  for (auto [name, mult] : {std::pair("lhs_mult", int64_t(getLhsMult())), {"rhs_mult", int64_t(getRhsMult())}})
    if (mult < 0 || mult > INT32_MAX)
      return emitOpError() << name << " must be 0 to 2^31 - 1, got " << mult;
  for (auto [name, value] : {std::pair("lhs", getLhs()), {"rhs", getRhs()}})
    if (failed(expectBits(*this, name, value, 16)) || failed(expectShape(*this, name, value, shapeOf(getResult()))))
      return failure();
  return failure(failed(expectBits(*this, "result", getResult(), 16)) || failed(verifyRange(*this, int64_t(getLow()), int64_t(getHigh()))));
}

LogicalResult QMultiplyOp::verify() {
  if (int64_t(getMult()) < 0 || int64_t(getMult()) > INT32_MAX)
    return emitOpError() << "mult must be 0 to 2^31 - 1, got " << int64_t(getMult());
  for (auto [name, value] : {std::pair("lhs", getLhs()), {"rhs", getRhs()}, {"result", getResult()}})
    if (failed(expectBits(*this, name, value, 16)) || failed(expectShape(*this, name, value, shapeOf(getResult()))))
      return failure();
  return success();
}

LogicalResult QAddOp::verify() {
  for (auto [name, mult] : {std::pair("lhs_mult", int64_t(getLhsMult())), {"rhs_mult", int64_t(getRhsMult())}})
    if (mult < 0 || mult > INT32_MAX)
      return emitOpError() << name << " must be 0 to 2^31 - 1, got " << mult;
  for (auto [name, value] : {std::pair("lhs", getLhs()), {"rhs", getRhs()}})
    if (failed(expectBits(*this, name, value, 16)) || failed(expectShape(*this, name, value, shapeOf(getResult()))))
      return failure();
  return failure(failed(expectBits(*this, "result", getResult(), 16)) || failed(verifyLow(*this, int64_t(getLow()))));
}

} // namespace mcuform::mcuf
