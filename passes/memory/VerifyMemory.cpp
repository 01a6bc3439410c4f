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
std::string describePeak(const std::vector<Lifetime> &lifetimes, int64_t &peakBytes) {
  int32_t peakStep = 0, stepCount = 0;
  peakBytes = 0;
  auto isAlive = [](const Lifetime &lifetime, int32_t step) { return lifetime.firstStep <= step && step <= lifetime.lastStep; };
  for (const Lifetime &lifetime : lifetimes)
    stepCount = std::max(stepCount, lifetime.lastStep + 1);
  for (int32_t step = 0; step < stepCount; ++step) {
    int64_t bytes = 0;
    for (const Lifetime &lifetime : lifetimes)
      bytes += isAlive(lifetime, step) ? lifetime.sizeBytes : 0;
    if (bytes > peakBytes) {
      peakBytes = bytes;
      peakStep = step;
    }
  }
  std::vector<const Lifetime *> alive;
  for (const Lifetime &lifetime : lifetimes)
    if (isAlive(lifetime, peakStep))
      alive.push_back(&lifetime);
  llvm::sort(alive, [](const Lifetime *a, const Lifetime *b) { return std::tie(b->sizeBytes, a->name) < std::tie(a->sizeBytes, b->name); });
  std::string text;
  for (const Lifetime *lifetime : alive)
    text += (text.empty() ? "" : ", ") + lifetime->name + " (" + std::to_string(lifetime->sizeBytes) + ")";
  return text;
}

/// What the module says of its memories; one that says nothing has one, of any size.
FailureOr<std::vector<RegionClaim>> claimsOf(ModuleOp module) {
  auto arena = module->getAttrOfType<IntegerAttr>("mcurt.arena_bytes");
  if (!arena)
    return module.emitOpError() << "has no attribute mcurt.arena_bytes";
  auto regions = module->getAttrOfType<ArrayAttr>("mcurt.regions");
  if (!regions)
    return std::vector<RegionClaim>{{"", arena.getInt(), arena.getInt()}};
  std::vector<RegionClaim> claims;
  int64_t sum = 0;
  for (Attribute entry : regions) {
    auto region = dyn_cast<DictionaryAttr>(entry);
    auto name = region ? region.getAs<StringAttr>("name") : StringAttr();
    auto bytes = region ? region.getAs<IntegerAttr>("bytes") : IntegerAttr(),
         capacity = region ? region.getAs<IntegerAttr>("capacity_bytes") : IntegerAttr();
    if (!name || !bytes || !capacity)
      return module.emitOpError() << "has an entry of mcurt.regions without name, bytes or capacity_bytes";
    claims.push_back({name.str(), bytes.getInt(), capacity.getInt()});
    sum += bytes.getInt();
  }
  if (sum != arena.getInt())
    return module.emitOpError() << "takes " << sum << " bytes of its regions, but says " << arena.getInt();
  return claims;
}

struct VerifyMemory : impl::VerifyMemoryBase<VerifyMemory> {
  using VerifyMemoryBase::VerifyMemoryBase;

  void runOnOperation() override {
    FailureOr<std::vector<RegionClaim>> claims = claimsOf(getOperation());
    if (failed(claims))
      return signalPassFailure();
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(verifyFunction(function, *claims)))
        signalPassFailure();
  }

  LogicalResult verifyFunction(func::FuncOp function, std::vector<RegionClaim> claims) {
    const bool isOne = claims.size() == 1 && claims[0].name.empty();
    BufferLifetimes program = computeLifetimes(function);
    std::vector<int64_t> offsets;
    std::vector<size_t> regions;
    for (mcurt::BufferOp buffer : program.buffers) {
      auto claim = llvm::find_if(claims, [&](const RegionClaim &claim) { return isOne || claim.name == buffer.getRegion(); });
      if (!buffer.getRegion() || !buffer.getOffset())
        buffer.emitOpError() << "has no region and offset";
      else if (claim == claims.end())
        buffer.emitOpError() << "is in region '" << *buffer.getRegion() << "', which the module does not have";
      else {
        regions.push_back(claim - claims.begin());
        offsets.push_back(*buffer.getOffset());
      }
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
      rest.sameRegionAs = over;
      offsets[i] = end;
    }
    const bool saysItExceeds = getOperation()->hasAttr("mcurt.exceeds_regions");
    for (RegionClaim &claim : claims)
      if (saysItExceeds && sramBudget == 0)
        claim.capacityBytes = std::max(claim.capacityBytes, claim.totalBytes);
    if (isOne) {
      llvm::append_range(violations, checkPlan(program.lifetimes, offsets, claims[0].totalBytes));
    } else if (!saysItExceeds || sramBudget == 0) {
      llvm::append_range(violations, checkRegions(program.lifetimes, regions, offsets, claims));
    }
    for (const std::string &violation : violations)
      function.emitOpError() << "has an unsafe memory plan: " << violation;
    if (sramBudget > 0 && failed(verifyBudget(function, program.lifetimes, regions, claims)))
      return failure();
    return success(violations.empty());
  }

  LogicalResult verifyBudget(func::FuncOp function, const std::vector<Lifetime> &lifetimes, ArrayRef<size_t> regions,
                             ArrayRef<RegionClaim> claims) {
    int64_t peakBytes, arenaBytes = 0;
    for (auto [region, claim] : llvm::enumerate(claims)) {
      arenaBytes += claim.totalBytes;
      if (claim.totalBytes <= claim.capacityBytes)
        continue;
      std::vector<Lifetime> inside;
      for (auto [lifetime, of] : llvm::zip_equal(lifetimes, regions))
        if (of == region)
          inside.push_back(lifetime);
      std::string alive = describePeak(inside, peakBytes);
      return function.emitError() << "region '" << claim.name << "' needs " << claim.totalBytes << " bytes, it has " << claim.capacityBytes
                                  << " for buffers; " << peakBytes << " bytes are alive at the peak: " << alive;
    }
    if (arenaBytes <= sramBudget)
      return success();
    std::string alive = describePeak(lifetimes, peakBytes);
    return function.emitError() << (claims.size() == 1 ? "arena needs " : "arenas need ") << arenaBytes << " bytes"
                                << (claims.size() == 1 ? ", region 'sram' has " : " together, the budget is ") << sramBudget.getValue()
                                << "; " << peakBytes << " bytes are alive at the peak: " << alive;
  }
};

} // namespace
} // namespace mcuform
