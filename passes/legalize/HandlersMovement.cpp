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
      return n.error("dimension of " + Twine(total) + " does not divide into " + Twine(parts) + " equal parts");
    int64_t part = llvm::divideCeil(total, parts);
    for (int64_t i = 0, left = total; i < parts; ++i, left -= part)
      sizes->push_back(std::clamp<int64_t>(left, 0, part));
  }
  if (int64_t(sizes->size()) != parts || std::accumulate(sizes->begin(), sizes->end(), int64_t(0)) != total)
    return n.error("parts do not add up to the dimension of " + Twine(total));
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
      return n.error("index " + Twine(index) + " is outside of a dimension of " + Twine(size));
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

} // namespace

void addMovementHandlers(HandlerRegistry &registry) {
  registry.add("Transpose", transpose);
  registry.add("Slice", slice);
  registry.add("Split", split);
  registry.add("Concat", concat);
  registry.add("Gather", gather);
}

} // namespace mcuform
