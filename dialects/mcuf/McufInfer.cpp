// Result types of the float operators. Called by the legalizer, which reports a failure at the ONNX node, and by the verifier.
#include "dialects/mcuf/McufDialect.h"

using namespace mlir;

namespace mcuform::mcuf {
namespace {

using Shape = SmallVector<int64_t>;

RankedTensorType tensorOf(Value value) { return cast<RankedTensorType>(value.getType()); }

std::string text(ArrayRef<int64_t> shape) {
  std::string result = "[";
  for (size_t i = 0; i < shape.size(); ++i)
    result += (i ? ", " : "") + std::to_string(shape[i]);
  return result + "]";
}

LogicalResult fail(std::optional<Location> location, const Twine &message) { return emitOptionalError(location, message); }

LogicalResult push(SmallVectorImpl<Type> &types, ArrayRef<int64_t> shape, Type element) {
  types.push_back(RankedTensorType::get(shape, element));
  return success();
}

LogicalResult checkRank(std::optional<Location> location, StringRef what, ArrayRef<int64_t> attribute, int64_t rank) {
  if (int64_t(attribute.size()) == rank)
    return success();
  return fail(location, what + " has " + Twine(attribute.size()) + " entries, the tensor " + Twine(rank) + " dimensions");
}

LogicalResult checkAxis(std::optional<Location> location, int64_t axis, int64_t rank) {
  if (axis >= 0 && axis < rank)
    return success();
  return fail(location, "axis " + Twine(axis) + " is outside of rank " + Twine(rank));
}

} // namespace

LogicalResult UnaryOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult BinaryOp::inferReturnTypes(MLIRContext *context, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto lhs = tensorOf(adaptor.getLhs()), rhs = tensorOf(adaptor.getRhs());
  if (lhs.getElementType() != rhs.getElementType())
    return fail(location, "operands have different element types");
  auto shape = broadcastShapes(lhs.getShape(), rhs.getShape());
  if (!shape)
    return fail(location, "shapes " + text(lhs.getShape()) + " and " + text(rhs.getShape()) + " do not broadcast");
  BinaryKind kind = adaptor.getKind();
  bool compares = kind == BinaryKind::Equal || kind == BinaryKind::Less || kind == BinaryKind::Greater;
  return push(types, *shape, compares ? IntegerType::get(context, 1) : lhs.getElementType());
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto onTrue = tensorOf(adaptor.getOnTrue()), onFalse = tensorOf(adaptor.getOnFalse());
  auto branches = broadcastShapes(onTrue.getShape(), onFalse.getShape());
  auto shape = branches ? broadcastShapes(*branches, tensorOf(adaptor.getCondition()).getShape()) : std::nullopt;
  if (!shape || onTrue.getElementType() != onFalse.getElementType())
    return fail(location, "operands do not broadcast or differ in element type");
  return push(types, *shape, onTrue.getElementType());
}

LogicalResult CastOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  return push(types, tensorOf(adaptor.getInput()).getShape(), adaptor.getTo());
}

LogicalResult ReshapeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput());
  auto result = RankedTensorType::get(adaptor.getShape(), input.getElementType());
  if (llvm::any_of(adaptor.getShape(), [](int64_t size) { return size < 0; }) || result.getNumElements() != input.getNumElements())
    return fail(location, "cannot reshape " + text(input.getShape()) + " to " + text(adaptor.getShape()));
  types.push_back(result);
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput());
  auto permutation = adaptor.getPermutation();
  if (failed(checkRank(location, "permutation", permutation, input.getRank())))
    return failure();
  Shape shape;
  llvm::SmallDenseSet<int64_t> seen;
  for (int64_t dimension : permutation) {
    if (failed(checkAxis(location, dimension, input.getRank())))
      return failure();
    if (!seen.insert(dimension).second)
      return fail(location, "permutation names dimension " + Twine(dimension) + " twice");
    shape.push_back(input.getDimSize(dimension));
  }
  return push(types, shape, input.getElementType());
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput());
  auto starts = adaptor.getStarts(), sizes = adaptor.getSizes(), steps = adaptor.getSteps();
  if (failed(checkRank(location, "starts", starts, input.getRank())) || failed(checkRank(location, "sizes", sizes, input.getRank())) ||
      failed(checkRank(location, "steps", steps, input.getRank())))
    return failure();
  for (int64_t d = 0; d < input.getRank(); ++d) {
    if (sizes[d] < 0 || steps[d] == 0)
      return fail(location, "slice of dimension " + Twine(d) + " has size " + Twine(sizes[d]) + " and step " + Twine(steps[d]));
    int64_t last = starts[d] + (sizes[d] - 1) * steps[d];
    if (sizes[d] && (starts[d] < 0 || starts[d] >= input.getDimSize(d) || last < 0 || last >= input.getDimSize(d)))
      return fail(location, "slice " + Twine(starts[d]) + ".." + Twine(last) + " leaves dimension " + Twine(d) + " of size " + Twine(input.getDimSize(d)));
  }
  return push(types, sizes, input.getElementType());
}

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getInputs().empty())
    return fail(location, "concatenation of nothing");
  auto first = tensorOf(adaptor.getInputs().front());
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(location, axis, first.getRank())))
    return failure();
  Shape shape(first.getShape());
  for (Value input : adaptor.getInputs().drop_front()) {
    auto type = tensorOf(input);
    Shape other(type.getShape());
    bool fits = other.size() == shape.size() && type.getElementType() == first.getElementType();
    for (size_t d = 0; fits && d < shape.size(); ++d)
      fits = int64_t(d) == axis || other[d] == shape[d];
    if (!fits)
      return fail(location, "cannot concatenate " + text(shape) + " and " + text(other) + " along axis " + Twine(axis));
    shape[axis] += other[axis];
  }
  return push(types, shape, first.getElementType());
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput()), indices = tensorOf(adaptor.getIndices());
  int64_t axis = adaptor.getAxis();
  if (failed(checkAxis(location, axis, input.getRank())))
    return failure();
  Shape shape(input.getShape().take_front(axis));
  llvm::append_range(shape, indices.getShape());
  llvm::append_range(shape, input.getShape().drop_front(axis + 1));
  return push(types, shape, input.getElementType());
}

LogicalResult BroadcastOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput());
  auto shape = broadcastShapes(input.getShape(), adaptor.getShape());
  if (!shape)
    return fail(location, "shape " + text(input.getShape()) + " does not broadcast to " + text(adaptor.getShape()));
  return push(types, *shape, input.getElementType());
}

LogicalResult ReduceOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput());
  Shape shape;
  for (int64_t axis : adaptor.getAxes())
    if (failed(checkAxis(location, axis, input.getRank())))
      return failure();
  for (int64_t d = 0; d < input.getRank(); ++d) {
    if (!llvm::is_contained(adaptor.getAxes(), d))
      shape.push_back(input.getDimSize(d));
    else if (adaptor.getKeepDims())
      shape.push_back(1);
  }
  return push(types, shape, input.getElementType());
}

LogicalResult MatmulOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto lhs = tensorOf(adaptor.getLhs()), rhs = tensorOf(adaptor.getRhs());
  if (lhs.getRank() < 1 || rhs.getRank() < 1)
    return fail(location, "matrix product of a scalar");
  Shape left(lhs.getShape()), right(rhs.getShape());
  bool leftVector = left.size() == 1, rightVector = right.size() == 1;
  if (leftVector)
    left.insert(left.begin(), 1);
  if (rightVector)
    right.push_back(1);
  auto batch = broadcastShapes(ArrayRef(left).drop_back(2), ArrayRef(right).drop_back(2));
  if (!batch || left.back() != right[right.size() - 2])
    return fail(location, "matrix product of " + text(lhs.getShape()) + " and " + text(rhs.getShape()));
  Shape shape(*batch);
  if (!leftVector)
    shape.push_back(left[left.size() - 2]);
  if (!rightVector)
    shape.push_back(right.back());
  return push(types, shape, lhs.getElementType());
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return checkAxis(location, adaptor.getAxis(), tensorOf(adaptor.getInput()).getRank());
}

LogicalResult ConvOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput()), weights = tensorOf(adaptor.getWeights());
  auto strides = adaptor.getStrides(), pads = adaptor.getPads(), dilations = adaptor.getDilations();
  if (input.getRank() != 4 || weights.getRank() != 4 || strides.size() != 2 || dilations.size() != 2 || pads.size() != 4)
    return fail(location, "convolution of rank " + Twine(input.getRank()) + "; only two spatial dimensions are supported");
  int64_t groups = adaptor.getGroups();
  if (groups < 1 || input.getDimSize(1) != weights.getDimSize(1) * groups || weights.getDimSize(0) % groups)
    return fail(location, "convolution of " + text(input.getShape()) + " with weights " + text(weights.getShape()) + " in " + Twine(groups) + " groups");
  Shape shape{input.getDimSize(0), weights.getDimSize(0)};
  for (int d = 0; d < 2; ++d) {
    int64_t extent = (weights.getDimSize(2 + d) - 1) * dilations[d] + 1;
    int64_t padded = input.getDimSize(2 + d) + pads[d] + pads[2 + d];
    if (strides[d] < 1 || dilations[d] < 1 || padded < extent)
      return fail(location, "convolution window of " + Twine(extent) + " on a padded size of " + Twine(padded));
    shape.push_back((padded - extent) / strides[d] + 1);
  }
  return push(types, shape, input.getElementType());
}

/// The grid of an op on windows of a map.
static std::optional<WindowGrid> gridOf(std::optional<Location> location, Value input, ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads) {
  auto shape = shapeOf(input);
  std::optional<WindowGrid> grid = shape.size() == 4 && shape[0] == 1 ? WindowGrid::of(shape, kernel, strides, pads) : std::nullopt;
  if (!grid)
    (void)fail(location, "windows of " + text(kernel) + " with strides " + text(strides) + " and pads " + text(pads) + " do not fit a map of " + text(shape));
  return grid;
}

LogicalResult PoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  if (adaptor.getKind() != ReduceKind::Max && adaptor.getKind() != ReduceKind::Mean)
    return fail(location, "a pool takes the mean or the largest value, not '" + stringifyReduceKind(adaptor.getKind()) + "'");
  auto grid = gridOf(location, adaptor.getInput(), adaptor.getKernel(), adaptor.getStrides(), adaptor.getPads());
  return grid ? push(types, {1, grid->outHeight, grid->outWidth, grid->channels}, tensorOf(adaptor.getInput()).getElementType()) : failure();
}

LogicalResult WindowsOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto grid = gridOf(location, adaptor.getInput(), adaptor.getKernel(), adaptor.getStrides(), adaptor.getPads());
  return grid ? push(types, {1, grid->outHeight, grid->outWidth, grid->depth()}, tensorOf(adaptor.getInput()).getElementType()) : failure();
}

LogicalResult DepthwiseOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto weights = tensorOf(adaptor.getWeights());
  int64_t channels = widthOf(adaptor.getInput());
  if (weights.getRank() != 3 || weights.getShape().back() != channels || tensorOf(adaptor.getBias()).getShape() != ArrayRef<int64_t>(channels))
    return fail(location, "depthwise convolution of " + Twine(channels) + " channels with weights " + text(weights.getShape()));
  auto grid = gridOf(location, adaptor.getInput(), weights.getShape().drop_back(), adaptor.getStrides(), adaptor.getPads());
  return grid ? push(types, {1, grid->outHeight, grid->outWidth, channels}, tensorOf(adaptor.getInput()).getElementType()) : failure();
}

LogicalResult ClippedReluOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return adaptor.getLimit().convertToFloat() > 0 ? success() : fail(location, "the limit of a clipped relu must be above 0");
}

void LayerNormOp::build(OpBuilder &, OperationState &state, Value input, Value gamma, Value beta, float epsilon, bool centered) {
  state.addOperands(input);
  if (gamma)
    state.addOperands(gamma);
  if (beta)
    state.addOperands(beta);
  Builder builder(input.getContext());
  state.addAttribute(getOperandSegmentSizeAttr(), builder.getDenseI32ArrayAttr({1, gamma ? 1 : 0, beta ? 1 : 0}));
  state.addAttribute(getEpsilonAttrName(state.name), builder.getF32FloatAttr(epsilon));
  state.addAttribute(getCenteredAttrName(state.name), builder.getBoolAttr(centered));
  state.addTypes(input.getType());
}

LogicalResult LayerNormOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  auto input = tensorOf(adaptor.getInput());
  for (Value vector : {adaptor.getGamma(), adaptor.getBeta()})
    if (vector && (input.getRank() < 1 || tensorOf(vector).getShape() != ArrayRef<int64_t>(input.getShape().back())))
      return fail(location, "gamma or beta of shape " + text(tensorOf(vector).getShape()) + " for rows of " + text(input.getShape()));
  return success();
}

LogicalResult GeluOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult SwishOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult HardSwishOp::inferReturnTypes(MLIRContext *, std::optional<Location>, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  types.push_back(adaptor.getInput().getType());
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto input = tensorOf(adaptor.getInput()), weights = tensorOf(adaptor.getWeights());
  if (weights.getRank() != 2 || input.getRank() < 1 || input.getShape().back() != weights.getDimSize(1))
    return fail(location, "linear layer of " + text(input.getShape()) + " with weights " + text(weights.getShape()));
  if (adaptor.getBias() && tensorOf(adaptor.getBias()).getShape() != ArrayRef<int64_t>(weights.getDimSize(0)))
    return fail(location, "bias of shape " + text(tensorOf(adaptor.getBias()).getShape()) + " for " + Twine(weights.getDimSize(0)) + " units");
  types.push_back(withWidth(adaptor.getInput(), weights.getDimSize(0)));
  return success();
}

void AttentionOp::build(OpBuilder &builder, OperationState &state, Value q, Value k, Value v, int64_t numHeads, float scale, Value kTable,
                        Value vTable, ArrayRef<int64_t> grid, int64_t firstQuery, FloatAttr sigmoidBias,
                        int64_t groups) {
  build(builder, state, withWidth(q, widthOf(v)), q, k, v, kTable, vTable, builder.getI64IntegerAttr(numHeads),
        builder.getF32FloatAttr(scale), grid.empty() ? DenseI64ArrayAttr() : builder.getDenseI64ArrayAttr(grid),
        builder.getI64IntegerAttr(firstQuery), sigmoidBias, builder.getI64IntegerAttr(groups));
}

LogicalResult AttentionOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  Value q = adaptor.getQ(), k = adaptor.getK(), v = adaptor.getV();
  int64_t heads = adaptor.getNumHeads();
  if (heads < 1 || widthOf(q) % heads || widthOf(k) != widthOf(q) || widthOf(v) % heads || rowCount(k) != rowCount(v))
    return fail(location, "attention of q " + text(shapeOf(q)) + ", k " + text(shapeOf(k)) + ", v " + text(shapeOf(v)) + " in " + Twine(heads) + " heads");
  if (adaptor.getSigmoidBias() && adaptor.getGrid())
    return fail(location, "attention by sigmoids has no relative positions");
  if (bool(adaptor.getGrid()) != bool(adaptor.getKTable() || adaptor.getVTable()) || (adaptor.getGrid() && adaptor.getGrid()->size() != 5))
    return fail(location, "tables of relative positions need a grid of five numbers, and nothing else does");
  if (adaptor.getGrid()) {
    const auto grid = RelativeGrid::of(*adaptor.getGrid());
    if (grid.tokens() != rowCount(k) || int64_t(adaptor.getFirstQuery()) + rowCount(q) > grid.tokens())
      return fail(location, "a grid of " + Twine(grid.tokens()) + " tokens for " + Twine(rowCount(k)) + " keys and queries from " +
                                Twine(adaptor.getFirstQuery()) + " on, " + Twine(rowCount(q)) + " of them");
    for (auto [table, width] : {std::pair{adaptor.getKTable(), widthOf(q) / heads}, std::pair{adaptor.getVTable(), widthOf(v) / heads}})
      if (table && shapeOf(table) != ArrayRef<int64_t>({grid.tableRows(), width}))
        return fail(location,
                    "table of " + text(shapeOf(table)) + " where the grid wants " + Twine(grid.tableRows()) + " rows of " + Twine(width));
  }
  if (int64_t groups = adaptor.getGroups(); groups < 1 || rowCount(q) % groups || rowCount(k) % groups || (groups > 1 && adaptor.getGrid()))
    return fail(location, Twine(rowCount(q)) + " queries and " + Twine(rowCount(k)) + " keys in " + Twine(groups) + " groups");
  types.push_back(withWidth(q, widthOf(v)));
  return success();
}

LogicalResult PermuteRowsOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> sizes = adaptor.getSizes(), strides = adaptor.getStrides();
  int64_t rows = 1, last = 0;
  for (size_t d = 0; d < std::min(sizes.size(), strides.size()); ++d) {
    rows *= sizes[d];
    last += (sizes[d] - 1) * strides[d];
  }
  const int64_t count = shapeOf(adaptor.getInput()).empty() ? 0 : rowCount(adaptor.getInput());
  if (sizes.empty() || sizes.size() > 4 || sizes.size() != strides.size() || rows != count || last != count - 1 ||
      llvm::any_of(sizes, [](int64_t size) { return size < 1; }) || llvm::any_of(strides, [](int64_t stride) { return stride < 0; }))
    return fail(location, "sizes " + text(sizes) + " and strides " + text(strides) + " do not order " + Twine(count) + " rows");
  return push(types, {1, rows, widthOf(adaptor.getInput())}, tensorOf(adaptor.getInput()).getElementType());
}

void PatchEmbedOp::build(OpBuilder &, OperationState &state, Value image, Value weights, Value bias, Value position, Value prefix, DenseI64ArrayAttr pads) {
  state.addOperands({image, weights, bias});
  if (position)
    state.addOperands(position);
  if (prefix)
    state.addOperands(prefix);
  Builder builder(image.getContext());
  state.addAttribute(getOperandSegmentSizeAttr(), builder.getDenseI32ArrayAttr({1, 1, 1, position ? 1 : 0, prefix ? 1 : 0}));
  if (pads)
    state.addAttribute("pads", pads);
  SmallVector<Type> types;
  if (succeeded(inferReturnTypes(image.getContext(), state.location, state.operands, state.attributes.getDictionary(image.getContext()), nullptr, {}, types)))
    state.addTypes(types);
}

LogicalResult PatchEmbedOp::inferReturnTypes(MLIRContext *, std::optional<Location> location, Adaptor adaptor, SmallVectorImpl<Type> &types) {
  auto image = shapeOf(adaptor.getImage()), weights = shapeOf(adaptor.getWeights());
  // A sequence is an image of one line whose channels are the features.
  SmallVector<int64_t> map(image);
  if (image.size() == 4)
    map = {image[2], image[3], image[1]};
  auto grid = map.size() == 3 && weights.size() == 4 ? patchGrid(map, weights.slice(1, 2), adaptor.getPads()) : std::nullopt;
  if (!grid || image[0] != 1 || map[2] != weights[3])
    return fail(location, "patch embedding of " + text(image) + " with weights " + text(weights));
  int64_t patches = grid->outHeight * grid->outWidth, units = weights[0];
  int64_t prefix = adaptor.getPrefix() ? shapeOf(adaptor.getPrefix())[0] : 0;
  for (auto [value, rows] : {std::pair{adaptor.getPosition(), patches}, std::pair{adaptor.getPrefix(), prefix}})
    if (value && shapeOf(value) != ArrayRef<int64_t>({rows, units}))
      return fail(location, "position or prefix of shape " + text(shapeOf(value)) + " for " + Twine(patches) + " patches of " + Twine(units) + " units");
  return push(types, {1, prefix + patches, units}, tensorOf(adaptor.getImage()).getElementType());
}

} // namespace mcuform::mcuf
