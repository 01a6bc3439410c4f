// Follows a scheduled program byte by byte until the input has been read for the last time.
#include "passes/memory/OverwriteCheck.h"

#include "dialects/mcurt/Kernels.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

using namespace mlir;

namespace mcuform {
namespace {

class Execution {
public:
  explicit Execution(mcurt::BufferOp input)
      : input(input), over(input.getOverBuffer()), shift(int64_t(*over.getOffset()) - int64_t(*input.getOffset())),
        isOverwritten(input.getSizeBytes()) {
    for (Operation *user : transitiveUsersOf(input))
      readers.insert(user);
  }

  std::vector<std::string> run() {
    if (shift > 0)
      violations.push_back("input '" + input.getName().str() + "' begins before buffer '" + over.getName().str() + "', over which it lies");
    else
      runBlock(*input->getBlock());
    return std::move(violations);
  }

private:
  static SmallVector<Operation *> transitiveUsersOf(Value value) {
    SmallVector<Operation *> users;
    for (Operation *user : value.getUsers()) {
      if (isa<mcurt::ViewOp>(user))
        llvm::append_range(users, transitiveUsersOf(user->getResult(0)));
      else
        users.push_back(user);
    }
    return users;
  }

  void runBlock(Block &block) {
    for (Operation &op : block) {
      if (auto call = dyn_cast<mcurt::CallOp>(op))
        runCall(call);
      else if (auto stage = dyn_cast<mcurt::StageOp>(op))
        runBlock(stage.getBody().front());
      else if (auto loop = dyn_cast<mcurt::ForOp>(op))
        runLoop(loop);
      // Where nobody is left who reads, nothing can go wrong.
      if (!violations.empty() || (block.getParentOp() == input->getParentOp() && !isReadAfter(&op)))
        return;
    }
  }

  bool isReadAfter(Operation *op) const {
    return llvm::any_of(readers, [&](Operation *reader) {
      Operation *ancestor = op->getBlock()->findAncestorOpInBlock(*reader);
      return ancestor && op->isBeforeInBlock(ancestor);
    });
  }

  void runLoop(mcurt::ForOp loop) {
    int64_t extent = loop.getExtent(), step = loop.getStep();
    for (int64_t first = 0; first < extent && violations.empty(); first += step) {
      indices[loop.getFirst()] = first;
      indices[loop.getCount()] = std::min(step, extent - first);
      runBlock(loop.getBody().front());
    }
  }

  /// Bytes from the root's start to where `value` points.
  int64_t byteOf(Value value) const {
    auto view = value.getDefiningOp<mcurt::ViewOp>();
    if (!view)
      return 0;
    auto type = mcurt::typeOf(view.getSource());
    int64_t element = 0;
    for (auto [dim, size] : llvm::enumerate(type.getShape())) {
      Value index = view.getIndexOf(dim);
      element = element * (dim ? size : 0) + view.getOffsets()[dim] + (index ? indices.lookup(index) * view.getScales()[dim] : 0);
    }
    return byteOf(view.getSource()) + element * (type.getElementTypeBitWidth() / 8);
  }

  /// The value of a kernel's integer.
  int64_t integerOf(mcurt::CallOp call, StringRef name) {
    const mcurt::Kernel *kernel = mcurt::findKernel(call.getKernel());
    auto index = call.getIndices().begin();
    for (auto [number, param] : llvm::zip_equal(call.getIntegers(), kernel->integers())) {
      int64_t value = ShapedType::isDynamic(number) ? indices.lookup(*index++) : number;
      if (param.name == name)
        return value;
    }
    return 0;
  }

  /// How many bytes a call writes to the first of its buffers; all to the end where the kernel is not known here.
  int64_t bytesWritten(mcurt::CallOp call, unsigned buffer) {
    if (buffer == 0 && call.getKernel() == "copy_s16")
      return 2 * integerOf(call, "rows") * integerOf(call, "width");
    if (buffer == 0 && llvm::is_contained<StringRef>({"linear_add_s16", "linear_add_panels_s16", "linear_add_fours_s16"}, call.getKernel()))
      return 2 * integerOf(call, "rows") * integerOf(call, "units");
    return mcurt::sizeBytesOf(mcurt::typeOf(mcurt::rootOf(call.getBuffers()[buffer])));
  }

  // Writes come first: within a call nothing is known of the order.
  void runCall(mcurt::CallOp call) {
    for (auto [i, value] : llvm::enumerate(call.getBuffers())) {
      Value root = mcurt::rootOf(value);
      if (call.getAccess(i) == mcurt::Access::Read)
        continue;
      if (root == input.getResult())
        violations.push_back("kernel '" + call.getKernel().str() + "' writes to input '" + input.getName().str() +
                             "', which lies over a buffer");
      if (root == over.getResult()) {
        int64_t begin = byteOf(value), end = std::min(over.getSizeBytes(), begin + bytesWritten(call, i));
        begin = std::max<int64_t>(begin + shift, 0);
        end = std::min<int64_t>(end + shift, isOverwritten.size());
        for (int64_t byte = begin; byte < end; ++byte)
          isOverwritten[byte] = true;
      }
    }
    for (auto [i, value] : llvm::enumerate(call.getBuffers()))
      if (call.getAccess(i) == mcurt::Access::Read && mcurt::rootOf(value) == input.getResult())
        readInput(call, byteOf(value));
  }

  void readInput(mcurt::CallOp call, int64_t from) {
    if (call.getKernel() == "unfold_padded_u8")
      return readPatches(call, from);
    if (call.getKernel() != "unfold_u8")
      return readBytes(call, from, int64_t(isOverwritten.size()) - from);
    int64_t patchHeight = integerOf(call, "patch_height"), run = integerOf(call, "patch_width") * integerOf(call, "channels");
    int64_t line = integerOf(call, "width") * integerOf(call, "channels");
    if (run <= 0 || line < run)
      return violations.push_back("kernel 'unfold_u8' reads patches that are wider than its image");
    for (int64_t patch = integerOf(call, "first"), end = patch + integerOf(call, "rows"); patch < end; ++patch)
      for (int64_t y = 0; y < patchHeight; ++y)
        readBytes(call, from + (patch / (line / run) * patchHeight + y) * line + patch % (line / run) * run, run);
  }

  /// What of padded patches lies on the image.
  void readPatches(mcurt::CallOp call, int64_t from) {
    auto number = [&](StringRef name) { return integerOf(call, name); };
    const int64_t height = number("height"), width = number("width"), channels = number("channels"), patchHeight = number("patch_height"),
                  patchWidth = number("patch_width"), columns = number("out_width");
    if (columns <= 0)
      return violations.push_back("kernel 'unfold_padded_u8' has no patches in a row");
    for (int64_t patch = number("first"), end = patch + number("rows"); patch < end; ++patch) {
      const int64_t top = patch / columns * patchHeight - number("pad_top"), left = patch % columns * patchWidth - number("pad_left");
      const int64_t first = std::max<int64_t>(left, 0), last = std::min(left + patchWidth, width);
      for (int64_t y = std::max<int64_t>(top, 0); y < std::min(top + patchHeight, height); ++y)
        readBytes(call, from + (y * width + first) * channels, (last - first) * channels);
    }
  }

  void readBytes(mcurt::CallOp call, int64_t begin, int64_t count) {
    for (int64_t byte = begin; byte < begin + count && violations.empty(); ++byte) {
      if (byte < 0 || byte >= int64_t(isOverwritten.size()))
        violations.push_back("kernel '" + call.getKernel().str() + "' reads byte " + std::to_string(byte) + " of input '" +
                             input.getName().str() + "', which has " + std::to_string(isOverwritten.size()));
      else if (isOverwritten[byte])
        violations.push_back("kernel '" + call.getKernel().str() + "' reads byte " + std::to_string(byte) + " of input '" +
                             input.getName().str() + "' after buffer '" + over.getName().str() + "' has overwritten it");
    }
  }

  mcurt::BufferOp input, over;
  int64_t shift; ///< byte b of `over` is byte b + shift of the input
  std::vector<bool> isOverwritten;
  llvm::DenseSet<Operation *> readers;
  llvm::DenseMap<Value, int64_t> indices;
  std::vector<std::string> violations;
};

} // namespace

std::vector<std::string> checkOverwrite(mcurt::BufferOp input) { return Execution(input).run(); }

} // namespace mcuform
