// Lifetimes by a walk over the uses of each buffer.
#include "passes/memory/Lifetimes.h"

using namespace mlir;

namespace mcuform {
namespace {

/// What the kernels ask for is 4; 8 keeps rows on the 64-bit bus of the Cortex-M7's memories.
constexpr int64_t kBufferAlignBytes = 8;

struct StepRange {
  int32_t first, last;
};

bool isFed(mcurt::BufferOp input) {
  return llvm::any_of(input->getUsers(), [](Operation *user) { return isa<mcurt::ForOp>(user); });
}

} // namespace

BufferLifetimes computeLifetimes(func::FuncOp function) {
  BufferLifetimes result;
  llvm::DenseMap<Operation *, StepRange> loops;
  llvm::DenseMap<Operation *, int32_t> steps;
  function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    if (isa<mcurt::CallOp>(op))
      steps[op] = result.stepCount++;
    else if (auto buffer = dyn_cast<mcurt::BufferOp>(op))
      result.buffers.push_back(buffer);
    else if (isa<mcurt::ForOp>(op))
      loops[op].first = result.stepCount;
  });
  function.walk([&](mcurt::CallOp call) {
    for (Operation *parent = call->getParentOp(); parent; parent = parent->getParentOp())
      if (auto loop = loops.find(parent); loop != loops.end())
        loop->second.last = steps.lookup(call);
  });

  for (mcurt::BufferOp buffer : result.buffers) {
    bool isUsed = false;
    StepRange alive = {0, 0};
    auto extend = [&](StepRange range) {
      alive.first = isUsed ? std::min(alive.first, range.first) : range.first;
      alive.last = isUsed ? std::max(alive.last, range.last) : range.last;
      isUsed = true;
    };
    SmallVector<Operation *> users(buffer->getUsers());
    while (!users.empty()) {
      Operation *user = users.pop_back_val();
      if (isa<mcurt::BufferOp>(user))
        continue;
      if (isa<mcurt::ViewOp>(user)) {
        llvm::append_range(users, user->getUsers());
        continue;
      }
      // A loop that is fed with it holds it from turn to turn.
      auto fed = dyn_cast<mcurt::ForOp>(user);
      StepRange range = fed ? loops.lookup(fed) : StepRange{steps.lookup(user), steps.lookup(user)};
      // Lines are counted from the image's beginning on, before the first step.
      if (fed && fed.getState() == buffer)
        range.first = 0;
      for (Operation *parent = user->getParentOp(); parent != buffer->getParentOp(); parent = parent->getParentOp())
        if (auto loop = loops.find(parent); loop != loops.end())
          range = loop->second;
      extend(range);
    }
    if (buffer.getInput() && !isFed(buffer))
      extend({0, 0});
    Lifetime lifetime;
    lifetime.name = buffer.getName().str();
    lifetime.sizeBytes = buffer.getSizeBytes();
    lifetime.alignBytes = kBufferAlignBytes;
    lifetime.firstStep = alive.first;
    lifetime.lastStep = alive.last;
    result.lifetimes.push_back(std::move(lifetime));
  }
  // What an input lies over is not free while the input is alive.
  for (auto [i, buffer] : llvm::enumerate(result.buffers)) {
    if (!buffer.getOver())
      continue;
    Lifetime &over = result.lifetimes[result.indexOf(buffer.getOverBuffer())];
    over.firstStep = std::min(over.firstStep, result.lifetimes[i].firstStep);
    over.lastStep = std::max(over.lastStep, result.lifetimes[i].lastStep);
  }
  return result;
}

} // namespace mcuform
