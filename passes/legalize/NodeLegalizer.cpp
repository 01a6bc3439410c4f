// Operands, attributes and problems of a node under legalization.
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {

NodeLegalizer::Quotation::Quotation(NodeLegalizer &node)
    : ScopedDiagnosticHandler(node.node.getContext(), [&node](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return failure();
        // Without the op's name that emitOpError puts in front: the reader knows nodes, not ops.
        std::string text = diagnostic.str();
        StringRef message = text;
        if (message.starts_with("'mcuf."))
          message = message.split("' op ").second;
        (void)node.shapeError(message);
        return success();
      }) {}

LogicalResult NodeLegalizer::error(Code code, const Twine &message) {
  if (firstError.empty()) {
    firstError = message.str();
    firstCode = code;
  }
  return failure();
}

Value NodeLegalizer::input(unsigned index) {
  if (has(index))
    return inputs[index];
  (void)error("input " + Twine(index) + " is missing");
  return {};
}

std::optional<SmallVector<int64_t>> NodeLegalizer::ints(unsigned index, StringRef what) {
  Value value = input(index);
  if (!value)
    return std::nullopt;
  auto values = constantInts(value);
  if (!values)
    (void)error(Code::NotConstant, what + " (input " + Twine(index) + ") must be a constant of integers, but " +
                                       (mcuf::constantOf(value) ? "has another type" : "depends on the model's input"));
  return values;
}

std::optional<SmallVector<int64_t>> NodeLegalizer::listAttributeOrInput(StringRef name, unsigned index, int64_t inputSince) {
  if (opset >= inputSince)
    return has(index) ? ints(index, name) : SmallVector<int64_t>();
  return SmallVector<int64_t>(node.getInts(name).value_or(ArrayRef<int64_t>()));
}

std::optional<int64_t> NodeLegalizer::normalizeAxis(int64_t axis, int64_t rank) {
  if (axis >= -rank && axis < rank)
    return axis < 0 ? axis + rank : axis;
  (void)shapeError("axis " + Twine(axis) + " is outside of rank " + Twine(rank));
  return std::nullopt;
}

std::optional<SmallVector<int64_t>> NodeLegalizer::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    auto normalized = normalizeAxis(axis, rank);
    if (!normalized)
      return std::nullopt;
    if (llvm::is_contained(result, *normalized)) {
      (void)shapeError("axis " + Twine(axis) + " is given twice");
      return std::nullopt;
    }
    result.push_back(*normalized);
  }
  return result;
}

LogicalResult NodeLegalizer::yield(Value value, unsigned index) {
  if (!value)
    return error("has no result");
  results[index] = value;
  return success();
}

} // namespace mcuform
