// The contract of phase memory: every buffer has its place, no two that are alive together overlap, the arena fits its region.
#include "passes/Passes.h"
#include "passes/memory/Lifetimes.h"
#include "passes/memory/OverwriteCheck.h"
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
  llvm::sort(alive, [](const Lifetime *a, const Lifetime *b) { return std::tie(b->sizeBytes, a->name) < std::tie(a->sizeBytes, b->name); });
  std::string text;
  for (const Lifetime *lifetime : alive)
    text += (text.empty() ? "" : ", ") + lifetime->name + " (" + std::to_string(lifetime->sizeBytes) + ")";
  return text;
}

struct VerifyMemory : impl::VerifyMemoryBase<VerifyMemory> {
  using VerifyMemoryBase::VerifyMemoryBase;

  void runOnOperation() override {
    auto arena = getOperation()->getAttrOfType<IntegerAttr>("mcurt.arena_bytes");
    if (!arena) {
      getOperation().emitOpError() << "has no attribute mcurt.arena_bytes";
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(verifyFunction(function, arena.getInt())))
        signalPassFailure();
  }

  LogicalResult verifyFunction(func::FuncOp function, int64_t arenaBytes) {
    BufferLifetimes program = computeLifetimes(function);
    std::vector<int64_t> offsets;
    for (mcurt::BufferOp buffer : program.buffers) {
      if (!buffer.getRegion() || !buffer.getOffset())
        buffer.emitOpError() << "has no region and offset";
      else
        offsets.push_back(*buffer.getOffset());
    }
    if (offsets.size() != program.buffers.size())
      return failure();

    std::vector<std::string> violations;
    for (auto [i, buffer] : llvm::enumerate(program.buffers)) {
      if (!buffer.getOver())
        continue;
      // The two are checked against each other here, against all others as neighbours.
      size_t over = program.indexOf(buffer.getOverBuffer());
      llvm::append_range(violations, checkOverwrite(buffer));
      Lifetime &rest = program.lifetimes[i];
      int64_t end = offsets[over] + program.lifetimes[over].sizeBytes;
      rest.sizeBytes = std::max<int64_t>(0, offsets[i] + rest.sizeBytes - end);
      rest.name += " behind " + program.lifetimes[over].name;
      rest.alignBytes = 1;
      offsets[i] = end;
    }
    llvm::append_range(violations, checkPlan(program.lifetimes, offsets, arenaBytes));
    for (const std::string &violation : violations)
      function.emitOpError() << "has an unsafe memory plan: " << violation;
    if (sramBudget > 0 && arenaBytes > sramBudget) {
      int64_t peakBytes;
      std::string alive = describePeak(program, peakBytes);
      return function.emitError() << "arena needs " << arenaBytes << " bytes, region 'sram' has " << sramBudget.getValue() << "; "
                                  << peakBytes << " bytes are alive at the peak: " << alive;
    }
    return success(violations.empty());
  }
};

} // namespace
} // namespace mcuform
