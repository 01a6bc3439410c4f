// The contract of phase memory: every buffer has its place, no two that are alive together overlap, the arena fits its region.
#include "passes/Passes.h"
#include "passes/memory/Lifetimes.h"
#include "passes/memory/planner/PlanCheck.h"

namespace mcuform {
#define GEN_PASS_DEF_VERIFYMEMORY
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// "x (75648), keys_0 (38016)": the buffers at the step with the most live bytes, largest first.
std::string describePeak(const BufferLifetimes &program, int64_t &peakBytes) {
  int32_t peakStep = 0;
  peakBytes = 0;
  auto isAlive = [](const Lifetime &lifetime, int32_t step) { return lifetime.firstStep <= step && step <= lifetime.lastStep; };
  for (int32_t step = 0; step < program.stepCount; ++step) {
    int64_t bytes = 0;
    for (const Lifetime &lifetime : program.lifetimes)
      bytes += isAlive(lifetime, step) ? lifetime.sizeBytes : 0;
    if (bytes > peakBytes) {
      peakBytes = bytes;
      peakStep = step;
    }
  }
  std::vector<const Lifetime *> alive;
  for (const Lifetime &lifetime : program.lifetimes)
    if (isAlive(lifetime, peakStep))
      alive.push_back(&lifetime);
  llvm::stable_sort(alive, [](const Lifetime *a, const Lifetime *b) { return a->sizeBytes > b->sizeBytes; });
  std::string text;
  for (const Lifetime *lifetime : alive)
    text += (text.empty() ? "" : ", ") + lifetime->name + " (" + std::to_string(lifetime->sizeBytes) + ")";
  return text;
}

struct VerifyMemory : impl::VerifyMemoryBase<VerifyMemory> {
  using VerifyMemoryBase::VerifyMemoryBase;

  void runOnOperation() override {
    func::FuncOp function = getOperation();
    BufferLifetimes program = computeLifetimes(function);
    std::vector<int64_t> offsets;
    bool isGood = true;
    for (mcurt::BufferOp buffer : program.buffers) {
      if (!buffer.getRegion() || !buffer.getOffset()) {
        buffer.emitOpError() << "has no region and offset";
        isGood = false;
        continue;
      }
      offsets.push_back(*buffer.getOffset());
    }
    auto arena = function->getAttrOfType<IntegerAttr>("mcurt.arena_bytes");
    if (!arena && isGood) {
      function.emitOpError() << "has no attribute mcurt.arena_bytes";
      isGood = false;
    }
    if (!isGood)
      return signalPassFailure();

    for (const std::string &violation : checkPlan(program.lifetimes, offsets, arena.getInt())) {
      function.emitOpError() << "has an unsafe memory plan: " << violation;
      isGood = false;
    }
    if (sramBudget > 0 && arena.getInt() > sramBudget) {
      int64_t peakBytes;
      std::string alive = describePeak(program, peakBytes);
      function.emitError() << "arena needs " << arena.getInt() << " bytes, region 'sram' has " << sramBudget << "; " << peakBytes
                           << " bytes are alive at the peak: " << alive;
      isGood = false;
    }
    if (!isGood)
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
