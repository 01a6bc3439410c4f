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

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  void runOnOperation() override {
    // Functions of one module run one after another.
    int64_t arenaBytes = 0, lowerBoundBytes = 0;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      BufferLifetimes program = computeLifetimes(function);
      Plan plan = planOffsets(program.lifetimes);
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
