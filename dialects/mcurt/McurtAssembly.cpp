// The assembly format of the mcurt operators that tablegen's declarative formats do not cover.
#include "dialects/mcurt/Kernels.h"
#include "dialects/mcurt/McurtDialect.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace mcuform::mcurt {

// mcurt.for %first, %rows = 197 step 12 { ... }
ParseResult ForOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::Argument arguments[2];
  IntegerAttr extent, step;
  Builder &builder = parser.getBuilder();
  if (parser.parseArgument(arguments[0]) || parser.parseComma() || parser.parseArgument(arguments[1]) || parser.parseEqual() ||
      parser.parseAttribute(extent, builder.getI64Type(), "extent", result.attributes) || parser.parseKeyword("step") ||
      parser.parseAttribute(step, builder.getI64Type(), "step", result.attributes))
    return failure();
  if (succeeded(parser.parseOptionalKeyword("fed"))) {
    OpAsmParser::UnresolvedOperand feed[2];
    SmallVector<Type> types;
    IntegerAttr lines, margin, value;
    if (parser.parseAttribute(lines, builder.getI64Type(), "lines", result.attributes) || parser.parseKeyword("lines"))
      return failure();
    if (succeeded(parser.parseOptionalKeyword("below")) &&
        (parser.parseAttribute(margin, builder.getI64Type(), "margin", result.attributes) || parser.parseKeyword("of") ||
         parser.parseAttribute(value, builder.getI64Type(), "margin_value", result.attributes)))
      return failure();
    if (parser.parseKeyword("to") || parser.parseOperand(feed[0]) || parser.parseKeyword("counted") || parser.parseKeyword("by") || parser.parseOperand(feed[1]) ||
        parser.parseColonTypeList(types) || parser.resolveOperands(feed, types, parser.getNameLoc(), result.operands))
      return failure();
  }
  if (parser.parseOptionalAttrDictWithKeyword(result.attributes))
    return failure();
  for (auto &argument : arguments)
    argument.type = builder.getIndexType();
  Region *body = result.addRegion();
  if (parser.parseRegion(*body, arguments))
    return failure();
  if (body->empty()) {
    Location loc = result.location;
    body->emplaceBlock().addArguments({builder.getIndexType(), builder.getIndexType()}, {loc, loc});
  }
  return success();
}

void ForOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getFirst() << ", " << getCount() << " = " << getExtent() << " step " << getStep();
  if (isFed()) {
    printer << " fed " << getLines().value_or(0) << " lines";
    if (getMargin())
      printer << " below " << *getMargin() << " of " << getMarginValue().value_or(0);
    printer << " to " << getFeed()[0] << " counted by " << getFeed()[1] << " : " << getFeed().getTypes();
  }
  printer.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"extent", "step", "lines", "margin", "margin_value"});
  printer << ' ';
  printer.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

// mcurt.view %x[%first + 1, %head * 64] : memref<197x192xi16>
ParseResult ViewOp::parse(OpAsmParser &parser, OperationState &result) {
  OpAsmParser::UnresolvedOperand source;
  SmallVector<OpAsmParser::UnresolvedOperand> indices;
  SmallVector<int64_t> scales, offsets;
  MemRefType type;
  auto parseCoordinate = [&]() -> ParseResult {
    int64_t scale = 0, offset = 0;
    OpAsmParser::UnresolvedOperand index;
    OptionalParseResult dynamic = parser.parseOptionalOperand(index);
    if (!dynamic.has_value()) {
      if (parser.parseInteger(offset))
        return failure();
    } else {
      if (failed(*dynamic))
        return failure();
      scale = 1;
      indices.push_back(index);
      if ((succeeded(parser.parseOptionalStar()) && parser.parseInteger(scale)) ||
          (succeeded(parser.parseOptionalPlus()) && parser.parseInteger(offset)))
        return failure();
    }
    scales.push_back(scale);
    offsets.push_back(offset);
    return success();
  };
  if (parser.parseOperand(source) || parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Square, parseCoordinate) ||
      parser.parseOptionalAttrDict(result.attributes) || parser.parseColonType(type) ||
      parser.resolveOperand(source, type, result.operands) ||
      parser.resolveOperands(indices, parser.getBuilder().getIndexType(), result.operands))
    return failure();
  result.addAttribute("scales", parser.getBuilder().getDenseI64ArrayAttr(scales));
  result.addAttribute("offsets", parser.getBuilder().getDenseI64ArrayAttr(offsets));
  result.addTypes(MemRefType::get({ShapedType::kDynamic}, type.getElementType()));
  return success();
}

void ViewOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getSource() << '[';
  for (unsigned dim = 0; dim < getScales().size(); ++dim) {
    if (dim)
      printer << ", ";
    int64_t scale = getScales()[dim], offset = getOffsets()[dim];
    if (scale)
      printer << getIndexOf(dim);
    if (scale && scale != 1)
      printer << " * " << scale;
    if (scale && offset)
      printer << " + ";
    if (!scale || offset)
      printer << offset;
  }
  printer << ']';
  printer.printOptionalAttrDict((*this)->getAttrs(), {"scales", "offsets"});
  printer << " : " << getSource().getType();
}

static StringRef keywordOf(Access access) { return access == Access::Read ? "in" : access == Access::Write ? "out" : "inout"; }

// mcurt.call copy_s16(out %a, in %b, rows = %n, width = 192) layer 0 : memref<..>, memref<..>
ParseResult CallOp::parse(OpAsmParser &parser, OperationState &result) {
  StringRef name;
  SMLoc nameLoc = parser.getCurrentLocation();
  if (parser.parseKeyword(&name))
    return failure();
  const Kernel *kernel = findKernel(name);
  if (!kernel)
    return parser.emitError(nameLoc) << "no kernel is named '" << name << "'";
  SmallVector<OpAsmParser::UnresolvedOperand> buffers, indices;
  SmallVector<int32_t> accesses;
  SmallVector<int64_t> integers;
  auto parseArgument = [&]() -> ParseResult {
    StringRef keyword;
    SMLoc loc = parser.getCurrentLocation();
    if (parser.parseKeyword(&keyword))
      return failure();
    for (Access access : {Access::Read, Access::Write, Access::Update}) {
      if (keyword != keywordOf(access))
        continue;
      accesses.push_back(static_cast<int32_t>(access));
      return parser.parseOperand(buffers.emplace_back());
    }
    if (integers.size() >= kernel->integers().size() || kernel->integers()[integers.size()].name != keyword)
      return parser.emitError(loc) << "kernel '" << name << "' has no integer '" << keyword << "' here";
    OpAsmParser::UnresolvedOperand index;
    int64_t number = ShapedType::kDynamic;
    if (parser.parseEqual())
      return failure();
    OptionalParseResult dynamic = parser.parseOptionalOperand(index);
    if (dynamic.has_value() ? failed(*dynamic) : failed(parser.parseInteger(number)))
      return failure();
    if (dynamic.has_value())
      indices.push_back(index);
    integers.push_back(number);
    return success();
  };
  SmallVector<Type> types;
  Builder &builder = parser.getBuilder();
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseArgument))
    return failure();
  IntegerAttr layer;
  if (succeeded(parser.parseOptionalKeyword("layer")) && parser.parseAttribute(layer, builder.getI64Type(), "layer", result.attributes))
    return failure();
  if (parser.parseOptionalAttrDict(result.attributes) || parser.parseColonTypeList(types) ||
      parser.resolveOperands(buffers, types, parser.getNameLoc(), result.operands) ||
      parser.resolveOperands(indices, builder.getIndexType(), result.operands))
    return failure();
  result.addAttribute("kernel", builder.getStringAttr(name));
  result.addAttribute("accesses", builder.getDenseI32ArrayAttr(accesses));
  result.addAttribute("integers", builder.getDenseI64ArrayAttr(integers));
  result.addAttribute(getOperandSegmentSizeAttr(),
                      builder.getDenseI32ArrayAttr({static_cast<int32_t>(buffers.size()), static_cast<int32_t>(indices.size())}));
  return success();
}

void CallOp::print(OpAsmPrinter &printer) {
  printer << ' ' << getKernel() << '(';
  llvm::ListSeparator comma;
  for (auto [i, buffer] : llvm::enumerate(getBuffers()))
    printer << StringRef(comma) << keywordOf(getAccess(i)) << ' ' << buffer;
  const Kernel *kernel = findKernel(getKernel());
  auto index = getIndices().begin();
  for (auto [i, number] : llvm::enumerate(getIntegers())) {
    printer << StringRef(comma) << (kernel && i < kernel->integers().size() ? kernel->integers()[i].name : "?") << " = ";
    if (ShapedType::isDynamic(number))
      printer << *index++;
    else
      printer << number;
  }
  printer << ')';
  if (auto layer = getLayer())
    printer << " layer " << *layer;
  printer.printOptionalAttrDict((*this)->getAttrs(), {"kernel", "accesses", "integers", "layer", getOperandSegmentSizeAttr()});
  printer << " : ";
  llvm::interleaveComma(getBuffers().getTypes(), printer);
}

} // namespace mcuform::mcurt
