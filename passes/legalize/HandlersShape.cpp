// ONNX operators that ask for shapes, make constants of them, or give a tensor another shape.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

#include "compiler/reference/HostTensor.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// Dimensions [start, end) of the shape; both may be negative and are clamped.
LogicalResult shape(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  ArrayRef<int64_t> dimensions = mcuf::shapeOf(input);
  int64_t rank = dimensions.size();
  auto clamp = [&](int64_t index) { return std::clamp<int64_t>(index < 0 ? index + rank : index, 0, rank); };
  int64_t start = clamp(n.intAttribute("start", 0)), end = clamp(n.intAttribute("end", rank));
  return n.yield(n.constant(dimensions.slice(start, std::max<int64_t>(end - start, 0))));
}

LogicalResult size(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  auto type = RankedTensorType::get({}, n.builder.getI64Type());
  return n.yield(
      createConstant(n.builder, n.location(), DenseIntElementsAttr::get(type, cast<RankedTensorType>(input.getType()).getNumElements())));
}

LogicalResult constant(NodeLegalizer &n) {
  auto scalar = [&](Type element, Attribute value) { return DenseElementsAttr::get(RankedTensorType::get({}, element), value); };
  ElementsAttr value;
  if (auto elements = dyn_cast_or_null<ElementsAttr>(n.node.getNodeAttr("value")))
    value = elements;
  else if (auto number = n.node.getFloat("value_float"))
    value = scalar(n.builder.getF32Type(), n.builder.getF32FloatAttr(*number));
  else if (auto number = n.node.getInt("value_int"))
    value = scalar(n.builder.getI64Type(), n.builder.getI64IntegerAttr(*number));
  else if (auto list = n.node.getInts("value_ints"))
    value = DenseIntElementsAttr::get(RankedTensorType::get(int64_t(list->size()), n.builder.getI64Type()), *list);
  else if (auto list = n.node.getFloats("value_floats"))
    value = DenseFPElementsAttr::get(RankedTensorType::get(int64_t(list->size()), n.builder.getF32Type()), *list);
  if (!value)
    return n.error("only tensors, numbers and lists of numbers are supported as constants");
  return n.yield(createConstant(n.builder, n.location(), value));
}

/// The value is a tensor of one element, a float zero where it is left out.
LogicalResult constantOfShape(NodeLegalizer &n) {
  auto dimensions = n.ints(0, "the shape");
  if (!dimensions)
    return failure();
  Value value;
  if (auto elements = dyn_cast_or_null<ElementsAttr>(n.node.getNodeAttr("value")))
    value = createConstant(n.builder, n.location(), elements);
  else
    value = n.constant(0.0f);
  value = n.reshape(value, {});
  return n.yield(value ? n.create<mcuf::BroadcastOp>(value, *dimensions) : Value());
}

/// Indices of more elements than this are a mistake in the file.
constexpr double kMaxRange = 1 << 24;

/// start, start + delta, ... up to but without the limit.
LogicalResult range(NodeLegalizer &n) {
  Value start = n.input(0);
  if (!start)
    return failure();
  if (isa<IntegerType>(getElementTypeOrSelf(start))) {
    auto from = n.ints(0, "start"), limit = n.ints(1, "limit"), delta = n.ints(2, "delta");
    if (!from || !limit || !delta)
      return failure();
    if (from->size() != 1 || limit->size() != 1 || delta->size() != 1 || !delta->front())
      return n.error("start, limit and delta must be scalars, delta not 0");
    if ((double(limit->front()) - double(from->front())) / double(delta->front()) > kMaxRange)
      return n.error("range of more than " + Twine(int64_t(kMaxRange)) + " elements");
    SmallVector<int64_t> values;
    for (int64_t v = from->front(); delta->front() > 0 ? v < limit->front() : v > limit->front(); v += delta->front())
      values.push_back(v);
    Value result = n.constant(values);
    Type element = getElementTypeOrSelf(start);
    return n.yield(element.isInteger(64) ? result : n.create<mcuf::CastOp>(result, element));
  }
  auto from = constantSplat(start), limit = constantSplat(n.input(1)), delta = constantSplat(n.input(2));
  if (!from || !limit || !delta || *delta == 0)
    return n.error(Code::NotConstant, "start, limit and delta must be constant scalars, delta not 0");
  if (!((*limit - *from) / *delta <= kMaxRange))
    return n.error("range of more than " + Twine(int64_t(kMaxRange)) + " elements");
  HostTensor values(ElementKind::F32, {std::max<int64_t>(int64_t(std::ceil((*limit - *from) / *delta)), 0)});
  for (int64_t i = 0; i < values.size(); ++i)
    values.data<float>()[i] = float(*from + double(i) * *delta);
  return n.yield(createConstant(n.builder, n.location(), toElements(values, n.builder.getContext(), n.node.getNodeName())));
}

/// One dimension may be -1, what is left; 0 is the input's dimension unless allowzero is set.
LogicalResult reshape(NodeLegalizer &n) {
  Value input = n.input(0);
  auto target = n.ints(1, "the shape");
  if (!input || !target)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  bool allowZero = n.intAttribute("allowzero", 0) != 0;
  int64_t known = 1, unknown = -1;
  for (auto [index, size] : llvm::enumerate(*target)) {
    if (size == 0 && !allowZero) {
      if (index >= shape.size())
        return n.shapeError("the shape copies dimension " + Twine(index) + " of an input of rank " + Twine(shape.size()));
      size = shape[index];
    }
    if (size == -1 && unknown < 0)
      unknown = int64_t(index);
    else
      known *= size;
  }
  if (unknown >= 0)
    (*target)[unknown] = known ? cast<RankedTensorType>(input.getType()).getNumElements() / known : 0;
  return n.yield(n.reshape(input, *target));
}

LogicalResult flatten(NodeLegalizer &n) {
  Value input = n.input(0);
  if (!input)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  int64_t axis = n.intAttribute("axis", 1), rank = shape.size();
  if (axis < -rank || axis > rank)
    return n.shapeError("axis " + Twine(axis) + " is outside of rank " + Twine(rank));
  if (axis < 0)
    axis += rank;
  int64_t rows = 1, columns = 1;
  for (int64_t d = 0; d < rank; ++d)
    (d < axis ? rows : columns) *= shape[d];
  return n.yield(n.reshape(input, {rows, columns}));
}

/// Axes are an attribute before opset 13; without any, all dimensions of size 1 go.
LogicalResult squeeze(NodeLegalizer &n) {
  Value input = n.input(0);
  auto given = input ? n.listAttributeOrInput("axes", 1, 13) : std::nullopt;
  if (!given)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  auto axes = n.normalizeAxes(*given, shape.size());
  if (!axes)
    return failure();
  SmallVector<int64_t> result;
  for (auto [index, size] : llvm::enumerate(shape)) {
    bool named = llvm::is_contained(*axes, int64_t(index));
    if (named && size != 1)
      return n.shapeError("dimension " + Twine(index) + " has size " + Twine(size) + ", not 1");
    if (!named && !(axes->empty() && size == 1))
      result.push_back(size);
  }
  return n.yield(n.reshape(input, result));
}

/// Axes, an attribute before opset 13, count in the result.
LogicalResult unsqueeze(NodeLegalizer &n) {
  Value input = n.input(0);
  auto given = input ? n.listAttributeOrInput("axes", 1, 13) : std::nullopt;
  if (!given)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  size_t rank = shape.size() + given->size();
  auto axes = n.normalizeAxes(*given, rank);
  if (!axes)
    return failure();
  SmallVector<int64_t> result;
  for (size_t d = 0, from = 0; d < rank; ++d)
    result.push_back(llvm::is_contained(*axes, int64_t(d)) ? 1 : shape[from++]);
  return n.yield(n.reshape(input, result));
}

LogicalResult expand(NodeLegalizer &n) {
  Value input = n.input(0);
  auto target = n.ints(1, "the shape");
  if (!input || !target)
    return failure();
  return n.yield(n.create<mcuf::BroadcastOp>(input, *target));
}

/// A dimension d repeated r times is [1, d] broadcast to [r, d].
LogicalResult tile(NodeLegalizer &n) {
  Value input = n.input(0);
  auto repeats = n.ints(1, "repeats");
  if (!input || !repeats)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  if (repeats->size() != shape.size())
    return n.shapeError("repeats has " + Twine(repeats->size()) + " entries, the input rank " + Twine(shape.size()));
  SmallVector<int64_t> pairs, repeated, result;
  for (auto [size, count] : llvm::zip_equal(shape, *repeats)) {
    pairs.append({1, size});
    repeated.append({count, size});
    result.push_back(size * count);
  }
  Value value = n.reshape(input, pairs);
  value = value ? n.create<mcuf::BroadcastOp>(value, repeated) : Value();
  return n.yield(value ? n.reshape(value, result) : Value());
}

/// Zero above or below diagonal k of the last two dimensions.
LogicalResult trilu(NodeLegalizer &n) {
  Value input = n.input(0);
  auto k = n.has(1) ? n.ints(1, "k") : SmallVector<int64_t>{0};
  if (!input || !k)
    return failure();
  ArrayRef<int64_t> shape = mcuf::shapeOf(input);
  if (shape.size() < 2 || k->size() != 1)
    return n.shapeError("needs an input of rank 2 or more and one k");
  const bool upper = n.intAttribute("upper", 1) != 0;
  HostTensor mask(ElementKind::I1, shape.take_back(2));
  const int64_t columns = shape.back();
  for (int64_t i = 0; i < mask.size(); ++i) {
    const int64_t diagonal = i % columns - i / columns;
    mask.data<int8_t>()[i] = upper ? diagonal >= k->front() : diagonal <= k->front();
  }
  Value kept = createConstant(n.builder, n.location(), toElements(mask, n.builder.getContext(), n.node.getNodeName()));
  auto scalar = RankedTensorType::get({}, getElementTypeOrSelf(input));
  Value zero = createConstant(n.builder, n.location(), cast<ElementsAttr>(n.builder.getZeroAttr(scalar)));
  return n.yield(n.create<mcuf::SelectOp>(kept, input, zero));
}

} // namespace

void addShapeHandlers(HandlerRegistry &registry) {
  registry.add("Shape", shape).compiles("yes, a constant");
  registry.add("Size", size).compiles("yes, a constant");
  registry.add("Constant", constant).limitedTo("no strings, no sparse tensors");
  registry.add("ConstantOfShape", constantOfShape).limitedTo("the shape is a constant");
  registry.add("Range", range).limitedTo("start, limit and delta are constants");
  registry.add("Reshape", reshape).compiles("yes").limitedTo("the shape is a constant once the input's is known");
  registry.add("Flatten", flatten).compiles("yes");
  registry.add("Squeeze", squeeze).compiles("yes").limitedTo("axes are constants");
  registry.add("Unsqueeze", unsqueeze).compiles("yes").limitedTo("axes are constants");
  registry.add("Expand", expand).limitedTo("the shape is a constant");
  registry.add("Tile", tile).limitedTo("repeats are constants");
  registry.add("Trilu", trilu).since(14).limitedTo("k is a constant");
}

} // namespace mcuform
