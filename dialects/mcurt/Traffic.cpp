// Calls times trip counts times bytes of constants.
#include "dialects/mcurt/Traffic.h"

#include "dialects/mcurt/Kernels.h"

#include "llvm/ADT/SmallPtrSet.h"

using namespace mlir;

namespace mcuform::mcurt {
namespace {

/// A kernel that has a buffer for panels reads its weights by way of it.
bool readsByPanels(CallOp call, unsigned buffer) {
  const Kernel *kernel = findKernel(call.getKernel());
  return kernel->buffers()[buffer].name == "weights" &&
         llvm::any_of(kernel->buffers(), [](const KernelParam &param) { return param.name == "panels"; });
}

/// Units in a panel of a call that reads its weights so.
int64_t panelUnitsOf(CallOp call) {
  for (auto [number, param] : llvm::zip_equal(call.getIntegers(), findKernel(call.getKernel())->integers()))
    if (param.name == "panel_units")
      return number;
  return 0;
}

} // namespace

int64_t runsOf(CallOp call) {
  int64_t runs = 1;
  for (Operation *parent = call->getParentOp(); parent; parent = parent->getParentOp())
    if (auto loop = dyn_cast<ForOp>(parent))
      runs *= loop.getTripCount();
  return runs;
}

int64_t storedBytesOf(ConstantOp constant) {
  MemRefType type = constant.getType();
  int64_t bytes = sizeBytesOf(type);
  if (constant.getLayout() == Layout::Paired && type.getDimSize(0) % 2)
    bytes += bytes / type.getDimSize(0);
  return bytes;
}

int64_t bytesReached(CallOp call, Value value) {
  auto constant = rootOf(value).getDefiningOp<ConstantOp>();
  auto view = value.getDefiningOp<ViewOp>();
  if (!view)
    return runsOf(call) * (constant ? storedBytesOf(constant) : sizeBytesOf(typeOf(value)));
  MemRefType type = typeOf(rootOf(value));
  int64_t elements = 1;
  SmallPtrSet<Operation *, 2> walked;
  // A view of a view walks on inside of what the first one walks.
  while (auto source = view.getSource().getDefiningOp<ViewOp>()) {
    if (Value index = view.getIndexOf(0))
      walked.insert(cast<BlockArgument>(index).getOwner()->getParentOp());
    view = source;
  }
  for (unsigned dim = 0; dim < type.getRank(); ++dim) {
    int64_t rest = type.getDimSize(dim) - view.getOffsets()[dim];
    auto index = dyn_cast_or_null<BlockArgument>(view.getIndexOf(dim));
    auto loop = index ? cast<ForOp>(index.getOwner()->getParentOp()) : ForOp();
    if (loop && walked.insert(loop).second)
      rest = std::min<int64_t>(rest, view.getScales()[dim] * int64_t(loop.getExtent()));
    elements *= rest;
  }
  int64_t runs = 1;
  for (Operation *parent = call->getParentOp(); parent; parent = parent->getParentOp())
    if (auto loop = dyn_cast<ForOp>(parent); loop && !walked.contains(loop))
      runs *= loop.getTripCount();
  return runs * elements * ((type.getElementTypeBitWidth() + 7) / 8);
}

namespace {

void appendReads(CallOp call, std::vector<ConstantRead> &reads) {
  for (auto [i, value] : llvm::enumerate(call.getBuffers()))
    if (auto constant = rootOf(value).getDefiningOp<ConstantOp>())
      reads.push_back({call, unsigned(i), constant, runsOf(call), bytesReached(call, value), readsByPanels(call, i)});
}

FlashTraffic sumOf(const std::vector<ConstantRead> &reads) {
  FlashTraffic traffic;
  for (const ConstantRead &read : reads)
    (read.byPanels ? traffic.panelBytes : traffic.inPlaceBytes) += read.bytes;
  return traffic;
}

} // namespace

std::vector<ConstantRead> constantReadsOf(func::FuncOp function) {
  std::vector<ConstantRead> reads;
  function.walk<WalkOrder::PreOrder>([&](CallOp call) { appendReads(call, reads); });
  return reads;
}

FlashTraffic flashTrafficOf(func::FuncOp function) { return sumOf(constantReadsOf(function)); }

FlashTraffic flashTrafficOf(CallOp call) {
  std::vector<ConstantRead> reads;
  appendReads(call, reads);
  return sumOf(reads);
}

std::vector<LayerTraffic> trafficByLayer(func::FuncOp function) {
  auto names = function->getAttrOfType<ArrayAttr>("mcurt.layers");
  std::vector<LayerTraffic> layers(names ? names.size() : 0);
  for (ConstantRead &read : constantReadsOf(function)) {
    if (!read.call.getLayer() || *read.call.getLayer() >= layers.size())
      continue;
    LayerTraffic &layer = layers[*read.call.getLayer()];
    layer.bytes += read.bytes;
    if (read.constant.getLayout() == Layout::Int4)
      layer.how = "in place, four bits";
    else if (read.constant.getLayout() == Layout::Paired)
      layer.how = read.byPanels ? "panels of " + std::to_string(panelUnitsOf(read.call)) + " units" : "in place";
  }
  return layers;
}

/// How often a run of `call` loads what it reads as its buffer `i`: of the rows of a product, once for each pair of columns.
static int64_t loadsPerRun(CallOp call, unsigned i) {
  const Kernel *kernel = findKernel(call.getKernel());
  StringRef buffer = kernel->buffers()[i].name, columns;
  if (call.getAccess(i) != Access::Read)
    return 1;
  if (buffer == "in" && call.getKernel().starts_with("linear"))
    columns = "units";
  else if (buffer == "q")
    columns = "tokens";
  else if (buffer == "scores" || (buffer == "shares" && call.getKernel() == "relative_context_s16"))
    columns = "head_width";
  for (auto [param, number] : llvm::zip_equal(kernel->integers(), call.getIntegers()))
    if (param.name == columns && !ShapedType::isDynamic(number))
      return (number + 1) / 2;
  return 1;
}

std::vector<int64_t> bufferTrafficOf(func::FuncOp function, ArrayRef<BufferOp> buffers) {
  llvm::DenseMap<Operation *, int64_t> bytes;
  function.walk([&](CallOp call) {
    for (auto [i, value] : llvm::enumerate(call.getBuffers()))
      if (auto buffer = rootOf(value).getDefiningOp<BufferOp>())
        bytes[buffer] += bytesReached(call, value) * (call.getAccess(i) == Access::Update ? 2 : loadsPerRun(call, i));
  });
  std::vector<int64_t> result;
  for (BufferOp buffer : buffers)
    result.push_back(bytes.lookup(buffer));
  return result;
}

} // namespace mcuform::mcurt
