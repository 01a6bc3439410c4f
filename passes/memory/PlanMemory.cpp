// Offsets of all buffers in the arena.
#include "passes/Passes.h"
#include "passes/memory/Lifetimes.h"

namespace mcuform {
#define GEN_PASS_DEF_PLANMEMORY
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// An input and the buffer that it lies over become two neighbours at the arena's start: that buffer, and what of the input stands out
/// behind it.
std::vector<Lifetime> placeInputs(const BufferLifetimes &program) {
  std::vector<Lifetime> placed = program.lifetimes;
  for (size_t i = 0; i < placed.size(); ++i) {
    mcurt::BufferOp buffer = program.buffers[i];
    if (!buffer.getOver())
      continue;
    Lifetime &over = placed[program.indexOf(buffer.getOverBuffer())];
    over.fixedOffset = 0;
    placed[i].fixedOffset = over.sizeBytes;
    placed[i].alignBytes = 1;
    placed[i].sizeBytes = std::max<int64_t>(0, int64_t(*buffer.getLead()) + buffer.getSizeBytes() - over.sizeBytes);
  }
  return placed;
}

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    // Functions of one module run one after another.
    int64_t arenaBytes = 0, lowerBoundBytes = 0;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      BufferLifetimes program = computeLifetimes(function);
      Plan plan = planOffsets(placeInputs(program));
      for (auto [i, buffer] : llvm::enumerate(program.buffers))
        if (buffer.getOver())
          plan.offsets[i] = plan.offsets[program.indexOf(buffer.getOverBuffer())] + int64_t(*buffer.getLead());
      for (auto [i, buffer] : llvm::enumerate(program.buffers)) {
        buffer.setRegion("sram");
        buffer.setOffset(plan.offsets[i]);
        buffer.setSteps(ArrayRef<int64_t>{program.lifetimes[i].firstStep, program.lifetimes[i].lastStep});
      }
      arenaBytes = std::max(arenaBytes, plan.totalBytes);
      lowerBoundBytes = std::max(lowerBoundBytes, plan.lowerBoundBytes);
    }
    Builder builder(&getContext());
    getOperation()->setAttr("mcurt.arena_bytes", builder.getI64IntegerAttr(arenaBytes));
    getOperation()->setAttr("mcurt.lower_bound_bytes", builder.getI64IntegerAttr(lowerBoundBytes));
  }
};

} // namespace
} // namespace mcuform
