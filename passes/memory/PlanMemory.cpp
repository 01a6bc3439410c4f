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
    func::FuncOp function = getOperation();
    BufferLifetimes program = computeLifetimes(function);
    Plan plan = planOffsets(program.lifetimes);
    Builder builder(function);
    for (auto [i, buffer] : llvm::enumerate(program.buffers)) {
      buffer.setRegion("sram");
      buffer.setOffset(plan.offsets[i]);
      buffer.setSteps(ArrayRef<int64_t>{program.lifetimes[i].firstStep, program.lifetimes[i].lastStep});
    }
    function->setAttr("mcurt.arena_bytes", builder.getI64IntegerAttr(plan.totalBytes));
    function->setAttr("mcurt.lower_bound_bytes", builder.getI64IntegerAttr(plan.lowerBoundBytes));
  }
};

} // namespace
} // namespace mcuform
