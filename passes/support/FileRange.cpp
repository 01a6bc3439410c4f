// Ranges of a quantized file as attributes.
#include "passes/support/FileRange.h"

#include "dialects/mcuf/McufDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace mcuform {
namespace {

Attribute toAttribute(MLIRContext *context, const FileRange &range) {
  Builder builder(context);
  return builder.getDictionaryAttr({builder.getNamedAttr("scale", builder.getF32FloatAttr(range.scale)),
                                    builder.getNamedAttr("low", builder.getI64IntegerAttr(range.low)),
                                    builder.getNamedAttr("high", builder.getI64IntegerAttr(range.high))});
}

} // namespace

std::optional<FileRange> fileRangeOf(Attribute attribute) {
  auto dictionary = dyn_cast_or_null<DictionaryAttr>(attribute);
  if (!dictionary)
    return std::nullopt;
  auto scale = dictionary.getAs<FloatAttr>("scale");
  auto low = dictionary.getAs<IntegerAttr>("low"), high = dictionary.getAs<IntegerAttr>("high");
  if (!scale || !low || !high)
    return std::nullopt;
  return FileRange{float(scale.getValueAsDouble()), low.getInt(), high.getInt()};
}

std::optional<FileRange> fileRangeOf(Value value) {
  if (Operation *op = value.getDefiningOp())
    return fileRangeOf(op->getAttr(kFileRangeAttr));
  auto argument = cast<BlockArgument>(value);
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  return function ? fileRangeOf(function.getArgAttr(argument.getArgNumber(), kFileRangeAttr)) : std::nullopt;
}

void noteFileRange(Value value, const FileRange &range) {
  while (Operation *op = value.getDefiningOp()) {
    if (op->hasAttr(kFileRangeAttr) || isa<mcuf::ConstantOp>(op))
      return;
    if (!isa<mcuf::ReshapeOp, mcuf::TransposeOp>(op)) {
      op->setAttr(kFileRangeAttr, toAttribute(op->getContext(), range));
      return;
    }
    value = op->getOperand(0);
    if (!value.hasOneUse())
      return;
  }
  auto argument = cast<BlockArgument>(value);
  auto function = dyn_cast<func::FuncOp>(argument.getOwner()->getParentOp());
  if (function && !fileRangeOf(value))
    function.setArgAttr(argument.getArgNumber(), kFileRangeAttr, toAttribute(function.getContext(), range));
}

void inheritFileRange(Operation *op, Value value) {
  if (std::optional<FileRange> range = fileRangeOf(op->getAttr(kFileRangeAttr)))
    noteFileRange(value, *range);
}

} // namespace mcuform
