// Invariants of the mcurt operators: calls agree with runtime/kernels.def, views stay inside of their sources.
#include "dialects/mcurt/Kernels.h"
#include "dialects/mcurt/McurtDialect.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace mcuform::mcurt {
namespace {

bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) && llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// The largest value of an index, -1 where it is not an argument of a loop.
int64_t maxOf(Value index) {
  auto argument = dyn_cast<BlockArgument>(index);
  auto loop = argument ? dyn_cast<ForOp>(argument.getOwner()->getParentOp()) : ForOp();
  if (!loop)
    return -1;
  return argument == loop.getFirst() ? loop.getLastFirst() : static_cast<int64_t>(std::min(loop.getStep(), loop.getExtent()));
}

} // namespace

LogicalResult BufferOp::verify() {
  if (!isIdentifier(getName()))
    return emitOpError() << "name '" << getName() << "' is not an identifier";
  if (!getType().getElementType().isInteger() || getType().getElementTypeBitWidth() % 8)
    return emitOpError() << "must hold integers of whole bytes, got " << getType();
  if (bool(getOver()) != bool(getLead()))
    return emitOpError() << "lies over another buffer at a lead; one without the other means nothing";
  if (getOver() && (!getInput() || !getOverBuffer() || getOverBuffer().getInput()))
    return emitOpError() << "only an input can lie over another buffer, and not over an input or an argument";
  if (getOver() && *getLead() < 0)
    return emitOpError() << "lead " << *getLead() << " is negative";
  if (getOffset() && !getRegion())
    return emitOpError() << "has an offset but no region";
  if (getSteps() && (getSteps()->size() != 2 || (*getSteps())[0] > (*getSteps())[1]))
    return emitOpError() << "steps must be the first and the last one";
  return success();
}

LogicalResult ConstantOp::verify() {
  if (!isIdentifier(getName()))
    return emitOpError() << "name '" << getName() << "' is not an identifier";
  if (getLayout() == Layout::Paired && (getType().getRank() != 2 || !getType().getElementType().isInteger(8)))
    return emitOpError() << "only i8 matrices can be paired, got " << getType();
  if (getLayout() == Layout::Paired && getType().getDimSize(1) % 2)
    return emitOpError() << "depth " << getType().getDimSize(1) << " of paired weights must be even";
  if (getLayout() == Layout::Int4 && (getType().getRank() != 2 || !getType().getElementType().isUnsignedInteger(8)))
    return emitOpError() << "weights in four bits are rows of ui8, one a pair of units, got " << getType();
  return success();
}

LogicalResult StageOp::verify() {
  if (!isIdentifier(getName()))
    return emitOpError() << "name '" << getName() << "' is not an identifier";
  if ((*this)->getParentOfType<StageOp>() || (*this)->getParentOfType<ForOp>())
    return emitOpError() << "must not stand in a stage or a loop";
  return success();
}

static LogicalResult verifyFed(ForOp loop) {
  if (loop.getFeed().size() != 2 || !loop.getLines())
    return loop.emitOpError() << "is fed with lines, a strip and a state, or with none of them";
  BufferOp strip = loop.getStrip(), state = loop.getState();
  if (!strip || !strip.getInput() || strip.getOver() || strip.getType().getRank() != 3)
    return loop.emitOpError() << "is fed with an input buffer of lines, pixels and channels that lies over no other";
  if (!state || state.getInput() || state.getType().getShape() != ArrayRef<int64_t>{2} || !state.getType().getElementType().isInteger(32))
    return loop.emitOpError() << "counts lines in a buffer memref<2xi32>";
  const int64_t linesOfStrip = strip.getType().getDimSize(0), used = loop.getTripCount() * linesOfStrip, margin = int64_t(loop.getMargin().value_or(0));
  if (loop.getMargin().has_value() != loop.getMarginValue().has_value() || margin < 0 || margin >= linesOfStrip)
    return loop.emitOpError() << "has a margin of " << margin << " lines, of no value or above strips of " << linesOfStrip;
  // With a margin, each strip has a line of the image.
  const int64_t lines = int64_t(*loop.getLines()) + margin;
  if (int64_t(loop.getExtent()) % int64_t(loop.getStep()) || used - (loop.getMargin() ? linesOfStrip - 1 : 0) > lines)
    return loop.emitOpError() << "takes " << used << " lines of " << lines << " in " << loop.getTripCount() << " turns of " << loop.getStep()
                              << " out of " << loop.getExtent() << " indices";
  auto stage = dyn_cast<StageOp>(loop->getParentOp());
  if (!stage || !llvm::hasSingleElement(stage.getBody().front()))
    return loop.emitOpError() << "is fed and does not stand alone in a stage";
  for (Operation *user : strip->getUsers())
    if (!loop->isAncestor(user))
      return loop.emitOpError() << "is fed with buffer '" << strip.getName() << "', which is used outside";
  if (!llvm::hasSingleElement(state->getUsers()))
    return loop.emitOpError() << "counts lines in buffer '" << state.getName() << "', which is used elsewhere";
  return success();
}

LogicalResult ForOp::verify() {
  auto types = getBody().getArgumentTypes();
  if (types.size() != 2 || !types[0].isIndex() || !types[1].isIndex())
    return emitOpError() << "body must take two indices, the first one and their number";
  return isFed() || getLines() ? verifyFed(*this) : success();
}

/// The largest element of its root at which a view can begin, -1 where an index is not one of a loop.
static int64_t lastElement(ViewOp view) {
  auto source = view.getSource().getDefiningOp<ViewOp>();
  int64_t element = 0;
  for (unsigned dim = 0; dim < view.getScales().size(); ++dim) {
    Value index = view.getIndexOf(dim);
    int64_t max = index ? maxOf(index) : 0;
    if (max < 0)
      return -1;
    element = element * (source ? 1 : typeOf(view.getSource()).getDimSize(dim)) + max * view.getScales()[dim] + view.getOffsets()[dim];
  }
  int64_t begin = source ? lastElement(source) : 0;
  return begin < 0 ? -1 : begin + element;
}

static LogicalResult verifyViewOfView(ViewOp view) {
  auto root = view.getSource().getDefiningOp<ViewOp>() ? typeOf(rootOf(view)) : MemRefType();
  if (!root || !root.hasStaticShape())
    return view.emitOpError() << "source must have a static shape or be a view";
  bool hasIndex = view.getScales().size() == 1 && view.getScales()[0] != 0;
  if (view.getScales().size() != 1 || view.getOffsets().size() != 1 || view.getIndices().size() != size_t(hasIndex))
    return view.emitOpError() << "needs one coordinate in a view";
  if (view.getScales()[0] < 0 || view.getOffsets()[0] < 0)
    return view.emitOpError() << "coordinates must not be negative";
  int64_t last = lastElement(view);
  if (last < 0)
    return view.emitOpError() << "index 0 is not an argument of mcurt.for";
  if (last >= root.getNumElements())
    return view.emitOpError() << "reaches element " << last << ", the source is " << root;
  return success();
}

LogicalResult ViewOp::verify() {
  auto type = typeOf(getSource());
  if (!type.hasStaticShape())
    return verifyViewOfView(*this);
  size_t rank = type.getRank(), indices = llvm::count_if(getScales(), [](int64_t scale) { return scale != 0; });
  if (getScales().size() != rank || getOffsets().size() != rank)
    return emitOpError() << "needs one coordinate for each of the " << rank << " dimensions of " << type;
  if (indices != getIndices().size())
    return emitOpError() << "has " << indices << " scales for " << getIndices().size() << " indices";
  for (unsigned dim = 0; dim < rank; ++dim) {
    int64_t last = getOffsets()[dim];
    if (last < 0 || getScales()[dim] < 0)
      return emitOpError() << "coordinates must not be negative";
    if (Value index = getIndexOf(dim)) {
      int64_t max = maxOf(index);
      if (max < 0)
        return emitOpError() << "index " << dim << " is not an argument of mcurt.for";
      last += max * getScales()[dim];
    }
    if (last >= type.getDimSize(dim))
      return emitOpError() << "coordinate " << dim << " reaches " << last << ", the source is " << type;
  }
  return success();
}

LogicalResult CallOp::verify() {
  const Kernel *kernel = findKernel(getKernel());
  if (!kernel)
    return emitOpError() << "no kernel is named '" << getKernel() << "'";
  if (getBuffers().size() != kernel->buffers().size() || getAccesses().size() != getBuffers().size())
    return emitOpError() << "kernel '" << getKernel() << "' takes " << kernel->buffers().size() << " buffers, got " << getBuffers().size();
  for (auto [i, param] : llvm::enumerate(kernel->buffers())) {
    Type element = typeOf(getBuffers()[i]).getElementType();
    if (!element.isInteger(param.bits) || element.isUnsignedInteger() != param.isUnsigned)
      return emitOpError() << "buffer '" << param.name << "' of kernel '" << getKernel() << "' is " << param.type << ", got "
                           << getBuffers()[i].getType();
    if ((getAccess(i) == Access::Read) != (param.role == KernelParam::Role::Read))
      return emitOpError() << "buffer '" << param.name << "' of kernel '" << getKernel() << "' is "
                           << (param.role == KernelParam::Role::Read ? "only read" : "written");
    if (getAccess(i) != Access::Read && isReadOnly(rootOf(getBuffers()[i])))
      return emitOpError() << "buffer '" << param.name << "' is written but is a constant";
  }
  if (getIntegers().size() != kernel->integers().size())
    return emitOpError() << "kernel '" << getKernel() << "' takes " << kernel->integers().size() << " integers, got "
                         << getIntegers().size();
  size_t dynamic = 0;
  for (auto [number, param] : llvm::zip_equal(getIntegers(), kernel->integers())) {
    if (ShapedType::isDynamic(number))
      ++dynamic;
    else if (param.bits < 64 && !llvm::isIntN(param.bits, number))
      return emitOpError() << "integer '" << param.name << "' is " << param.type << ", got " << number;
  }
  if (dynamic != getIndices().size())
    return emitOpError() << "has " << getIndices().size() << " indices for " << dynamic << " integers";
  return success();
}

} // namespace mcuform::mcurt
