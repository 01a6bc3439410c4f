// ONNX operators that move elements: transposition, cuts, concatenation.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

#include <numeric>

using namespace mlir;

namespace mcuform {
namespace {

LogicalResult transpose(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  SmallVector<int64_t> permutation(n.node.getInts("perm").value_or(ArrayRef<int64_t>()));
  if (permutation.empty())
    for (int64_t d = mcuf::shapeOf(input).size(); d-- > 0;)
      permutation.push_back(d);
  return n.yield(n.create<mcuf::TransposeOp>(input, permutation));
}

/// A box of the whole input, for the caller to narrow.
struct Box {
  explicit Box(Value input) : starts(mcuf::shapeOf(input).size(), 0), sizes(mcuf::shapeOf(input)), steps(sizes.size(), 1) {}
  SmallVector<int64_t> starts, sizes, steps;
};

Value slice(NodeLegalizer &n, Value input, const Box &box) { return n.create<mcuf::SliceOp>(input, box.starts, box.sizes, box.steps); }

/// Bounds count from the end where negative and are clamped to the dimension, as ONNX says.
LogicalResult slice(NodeLegalizer &n) {
  Value input = n.input(0);
  auto starts = n.ints(1, "starts"), ends = n.ints(2, "ends");
  if (!input || !starts || !ends)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  SmallVector<int64_t> axes, steps(starts->size(), 1);
  if (n.has(3)) {
    auto given = n.ints(3, "axes");
    auto normalized = given ? n.normalizeAxes(*given, shape.size()) : std::nullopt;
    if (!normalized)
      return failure();
    axes = *normalized;
  } else {
    axes = llvm::to_vector(llvm::seq<int64_t>(0, starts->size()));
  }
  if (n.has(4)) {
    auto given = n.ints(4, "steps");
    if (!given)
      return failure();
    steps = *given;
  }
  if (ends->size() != starts->size() || axes.size() != starts->size() || steps.size() != starts->size() || axes.size() > shape.size())
    return n.error("starts, ends, axes and steps differ in length");
  Box box(input);
  for (auto [axis, start, end, step] : llvm::zip_equal(axes, *starts, *ends, steps)) {
    int64_t size = shape[axis];
    if (step == 0)
      return n.error("step 0");
    auto clamp = [&](int64_t bound, int64_t low, int64_t high) {
      return std::clamp(bound < 0 ? std::max(bound, -size - 1) + size : bound, low, high);
    };
    int64_t from = step > 0 ? clamp(start, 0, size) : clamp(start, 0, std::max<int64_t>(size - 1, 0));
    int64_t to = step > 0 ? clamp(end, 0, size) : clamp(end, -1, size - 1);
    int64_t distance = step > 0 ? to - from : from - to;
    box.starts[axis] = from;
    box.steps[axis] = step;
    box.sizes[axis] = distance > 0 ? (distance - 1) / std::abs(step) + 1 : 0;
  }
  return n.yield(slice(n, input, box));
}

/// Sizes are an attribute before opset 13, then an operand; without them the parts are equal, from opset 18 on all but the last.
LogicalResult split(NodeLegalizer &n) {
  Value input = n.input(0);
  auto sizes = input ? n.listAttributeOrInput("split", 1, 13) : std::nullopt;
  if (!sizes)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  auto axis = n.normalizeAxis(n.intAttribute("axis", 0), shape.size());
  if (!axis)
    return failure();
  int64_t total = shape[*axis], parts = n.node->getNumResults();
  if (sizes->empty()) {
    if (n.opset >= 18 && n.intAttribute("num_outputs", parts) != parts)
      return n.error("num_outputs is " + Twine(n.intAttribute("num_outputs", parts)) + ", but there are " + Twine(parts) + " outputs");
    if (n.opset < 18 && total % parts)
      return n.shapeError("dimension of " + Twine(total) + " does not divide into " + Twine(parts) + " equal parts");
    int64_t part = llvm::divideCeil(total, parts);
    for (int64_t i = 0, left = total; i < parts; ++i, left -= part)
      sizes->push_back(std::clamp<int64_t>(left, 0, part));
  }
  if (int64_t(sizes->size()) != parts || std::accumulate(sizes->begin(), sizes->end(), int64_t(0)) != total)
    return n.shapeError("parts do not add up to the dimension of " + Twine(total));
  Box box(input);
  for (auto [index, size] : llvm::enumerate(*sizes)) {
    box.sizes[*axis] = size;
    if (failed(n.yield(slice(n, input, box), index)))
      return failure();
    box.starts[*axis] += size;
  }
  return success();
}

LogicalResult concat(NodeLegalizer &n) {
  SmallVector<Value> inputs;
  for (unsigned i = 0; i < n.inputCount(); ++i)
    inputs.push_back(n.input(i));
  if (inputs.empty() || llvm::is_contained(inputs, Value()))
    return n.error("an input is missing");
  if (!n.node.getInt("axis"))
    return n.error("attribute 'axis' is missing");
  auto axis = n.normalizeAxis(*n.node.getInt("axis"), mcuf::shapeOf(inputs[0]).size());
  return n.yield(axis ? n.create<mcuf::ConcatOp>(ValueRange(inputs), uint64_t(*axis)) : Value());
}

/// Indices that are evenly spaced make a slice, which later passes understand; a scalar index drops the dimension.
LogicalResult gather(NodeLegalizer &n) {
  Value input = n.input(0), indices = n.input(1);
  if (!input || !indices)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  auto axis = n.normalizeAxis(n.intAttribute("axis", 0), shape.size());
  auto values = n.ints(1, "indices");
  if (!axis || !values)
    return failure();
  int64_t size = shape[*axis];
  for (int64_t &index : *values) {
    if (index < -size || index >= size)
      return n.shapeError("index " + Twine(index) + " is outside of a dimension of " + Twine(size));
    if (index < 0)
      index += size;
  }
  SmallVector<int64_t> result(shape.take_front(*axis));
  llvm::append_range(result, mcuf::shapeOf(indices));
  llvm::append_range(result, shape.drop_front(*axis + 1));

  int64_t count = values->size(), step = count > 1 ? (*values)[1] - (*values)[0] : 1;
  bool even = count > 0 && step != 0;
  for (int64_t i = 1; even && i < count; ++i)
    even = (*values)[i] - (*values)[i - 1] == step;
  if (even) {
    Box box(input);
    box.starts[*axis] = values->front();
    box.sizes[*axis] = count;
    box.steps[*axis] = step;
    Value sliced = slice(n, input, box);
    return n.yield(sliced ? n.reshape(sliced, result) : Value());
  }
  Value gathered = n.create<mcuf::GatherOp>(input, n.constant(*values), uint64_t(*axis));
  return n.yield(gathered ? n.reshape(gathered, result) : Value());
}

/// Appends what `pad` constant-valued, repeated or mirrored elements make of one dimension; negative ones cut it.
Value padDimension(NodeLegalizer &n, Value value, int64_t axis, int64_t before, int64_t after, StringRef mode, Value fill) {
  Box box(value);
  box.starts[axis] = std::max<int64_t>(-before, 0);
  box.sizes[axis] -= box.starts[axis] + std::max<int64_t>(-after, 0);
  if (box.sizes[axis] < 0) {
    (void)n.shapeError("pads cut off more than dimension " + Twine(axis) + " has");
    return {};
  }
  value = slice(n, value, box);
  before = std::max<int64_t>(before, 0);
  after = std::max<int64_t>(after, 0);
  if (!value || (before == 0 && after == 0))
    return value;
  const int64_t size = box.sizes[axis];
  if (mode == "constant") {
    SmallVector<Value> parts;
    for (int64_t count : {before, int64_t(-1), after}) {
      SmallVector<int64_t> shape(box.sizes);
      shape[axis] = count;
      Value part = count < 0 ? value : count > 0 ? n.create<mcuf::BroadcastOp>(fill, shape) : Value();
      if (part)
        parts.push_back(part);
    }
    return n.create<mcuf::ConcatOp>(ValueRange(parts), uint64_t(axis));
  }
  if (mode == "reflect" && std::max(before, after) >= size) {
    (void)n.shapeError("reflecting more elements than dimension " + Twine(axis) + " has");
    return {};
  }
  SmallVector<int64_t> indices;
  for (int64_t i = -before; i < size + after; ++i)
    indices.push_back(mode == "edge" ? std::clamp<int64_t>(i, 0, size - 1) : i < 0 ? -i : i >= size ? 2 * size - 2 - i : i);
  return n.create<mcuf::GatherOp>(value, n.constant(indices), uint64_t(axis));
}

LogicalResult pad(NodeLegalizer &n) {
  Value input = n.input(0);
  auto pads = n.ints(1, "pads");
  if (!input || !pads)
    return failure();
  const int64_t rank = mcuf::shapeOf(input).size();
  SmallVector<int64_t> axes = llvm::to_vector(llvm::seq<int64_t>(0, rank));
  if (n.has(3)) {
    auto given = n.ints(3, "axes");
    auto normalized = given ? n.normalizeAxes(*given, rank) : std::nullopt;
    if (!normalized)
      return failure();
    axes = *normalized;
  }
  if (pads->size() != 2 * axes.size())
    return n.shapeError("pads has " + Twine(pads->size()) + " entries for " + Twine(axes.size()) + " dimensions");
  StringRef mode = n.node.getString("mode").value_or("constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect")
    return n.error("mode = '" + mode + "' is not supported, only constant, edge and reflect");
  auto scalar = RankedTensorType::get({}, getElementTypeOrSelf(input));
  Value fill = n.has(2) ? n.reshape(n.input(2), {})
                        : createConstant(n.builder, n.location(), cast<ElementsAttr>(n.builder.getZeroAttr(scalar)));
  for (auto [index, axis] : llvm::enumerate(axes))
    if (fill && input)
      input = padDimension(n, input, axis, (*pads)[index], (*pads)[axes.size() + index], mode, fill);
  return n.yield(fill ? input : Value());
}

/// The value split into `shape`, its dimensions permuted, and merged to `result`.
LogicalResult regroup(NodeLegalizer &n, Value value, ArrayRef<int64_t> shape, ArrayRef<int64_t> permutation, ArrayRef<int64_t> result) {
  value = n.reshape(value, shape);
  value = value ? n.create<mcuf::TransposeOp>(value, permutation) : Value();
  return n.yield(value ? n.reshape(value, result) : Value());
}

/// Block size b of an image; nothing after an error.
std::optional<int64_t> blockSize(NodeLegalizer &n, Value input) {
  auto size = n.node.getInt("blocksize");
  if (mcuf::shapeOf(input).size() == 4 && size && *size > 0)
    return size;
  (void)n.shapeError("needs an input of rank 4 and a positive blocksize");
  return std::nullopt;
}

LogicalResult depthToSpace(NodeLegalizer &n) {
  Value input = n.input(0);
  auto b = input ? blockSize(n, input) : std::nullopt;
  if (!b)
    return failure();
  ArrayRef<int64_t> s = mcuf::shapeOf(input);
  StringRef mode = n.node.getString("mode").value_or("DCR");
  if ((mode != "DCR" && mode != "CRD") || s[1] % (*b * *b))
    return n.shapeError("mode = '" + mode + "' on " + Twine(s[1]) + " channels in blocks of " + Twine(*b));
  const int64_t channels = s[1] / (*b * *b);
  const int64_t result[] = {s[0], channels, s[2] * *b, s[3] * *b};
  if (mode == "DCR")
    return regroup(n, input, {s[0], *b, *b, channels, s[2], s[3]}, {0, 3, 4, 1, 5, 2}, result);
  return regroup(n, input, {s[0], channels, *b, *b, s[2], s[3]}, {0, 1, 4, 2, 5, 3}, result);
}

LogicalResult spaceToDepth(NodeLegalizer &n) {
  Value input = n.input(0);
  auto b = input ? blockSize(n, input) : std::nullopt;
  if (!b)
    return failure();
  ArrayRef<int64_t> s = mcuf::shapeOf(input);
  if (s[2] % *b || s[3] % *b)
    return n.shapeError("image of " + Twine(s[2]) + " x " + Twine(s[3]) + " in blocks of " + Twine(*b));
  return regroup(n, input, {s[0], s[1], s[2] / *b, *b, s[3] / *b, *b}, {0, 3, 5, 1, 2, 4}, {s[0], s[1] * *b * *b, s[2] / *b, s[3] / *b});
}

} // namespace

void addMovementHandlers(HandlerRegistry &registry) {
  registry.add("Transpose", transpose).compiles("patches to tokens, tokens and heads of attention");
  registry.add("Slice", slice).compiles("tokens, columns of a dense layer").limitedTo("starts, ends, axes and steps are constants");
  registry.add("Split", split).compiles("columns of one dense layer").limitedTo("parts are constants");
  registry.add("Concat", concat).compiles("constant tokens in front of the patches, channels of computed maps");
  registry.add("Gather", gather).compiles("one token; q, k and v of one dense layer").limitedTo("indices are constants");
  registry.add("Pad", pad).compiles("zeros around what a convolution reads").limitedTo("pads are constants; modes constant, edge and reflect");
  registry.add("DepthToSpace", depthToSpace);
  registry.add("SpaceToDepth", spaceToDepth);
}

} // namespace mcuform
