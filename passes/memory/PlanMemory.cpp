// Offsets of all buffers in the arena, or in one arena for each memory.
#include "dialects/mcurt/Traffic.h"
#include "passes/Passes.h"
#include "passes/memory/Lifetimes.h"
#include "passes/memory/planner/RegionPlanner.h"

#include <limits>
#include <numeric>

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
    placed[i].sameRegionAs = program.indexOf(buffer.getOverBuffer());
    placed[i].sizeBytes = std::max<int64_t>(0, int64_t(*buffer.getLead()) + buffer.getSizeBytes() - over.sizeBytes);
  }
  return placed;
}

struct PlanMemory : impl::PlanMemoryBase<PlanMemory> {
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    std::vector<Region> memories;
    for (StringRef text : regions) {
      auto [name, size] = text.split(':');
      Region region{name.str(), 0};
      if (name.empty() || size.getAsInteger(10, region.capacityBytes) || region.capacityBytes < 0) {
        getOperation().emitError() << "'" << text << "' is no region; a name and a number of bytes such as dtcm:65536 are wanted";
        return signalPassFailure();
      }
      memories.push_back(region);
    }
    const bool isOne = memories.empty();
    if (isOne)
      memories.push_back({"sram", std::numeric_limits<int64_t>::max()});

    // Functions of one module run one after another.
    std::vector<int64_t> bytes(memories.size(), 0), bounds(memories.size(), 0);
    bool fits = true;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      BufferLifetimes program = computeLifetimes(function);
      RegionPlan plan = planRegions(placeInputs(program), mcurt::bufferTrafficOf(function, program.buffers), memories);
      fits &= plan.fits;
      for (auto [i, buffer] : llvm::enumerate(program.buffers))
        if (buffer.getOver())
          plan.offsets[i] = plan.offsets[program.indexOf(buffer.getOverBuffer())] + int64_t(*buffer.getLead());
      for (auto [i, buffer] : llvm::enumerate(program.buffers)) {
        buffer.setRegion(memories[plan.regions[i]].name);
        buffer.setOffset(plan.offsets[i]);
        buffer.setSteps(ArrayRef<int64_t>{program.lifetimes[i].firstStep, program.lifetimes[i].lastStep});
      }
      for (auto [region, each] : llvm::enumerate(plan.plans)) {
        bytes[region] = std::max(bytes[region], each.totalBytes);
        bounds[region] = std::max(bounds[region], each.lowerBoundBytes);
      }
    }
    Builder builder(&getContext());
    getOperation()->setAttr("mcurt.arena_bytes", builder.getI64IntegerAttr(std::accumulate(bytes.begin(), bytes.end(), int64_t(0))));
    getOperation()->setAttr("mcurt.lower_bound_bytes",
                            builder.getI64IntegerAttr(std::accumulate(bounds.begin(), bounds.end(), int64_t(0))));
    if (isOne)
      return;
    SmallVector<Attribute> entries;
    for (auto [region, memory] : llvm::enumerate(memories))
      entries.push_back(
          builder.getDictionaryAttr({builder.getNamedAttr("name", builder.getStringAttr(memory.name)),
                                     builder.getNamedAttr("bytes", builder.getI64IntegerAttr(bytes[region])),
                                     builder.getNamedAttr("lower_bound_bytes", builder.getI64IntegerAttr(bounds[region])),
                                     builder.getNamedAttr("capacity_bytes", builder.getI64IntegerAttr(memory.capacityBytes))}));
    getOperation()->setAttr("mcurt.regions", builder.getArrayAttr(entries));
    if (!fits)
      getOperation()->setAttr("mcurt.exceeds_regions", builder.getUnitAttr());
  }
};

} // namespace
} // namespace mcuform
