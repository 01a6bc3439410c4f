// Which of several memories each buffer stands in, and where.
//
// Memories differ in speed, so that it pays to keep what is touched most often, byte for byte, in the fastest one; each buffer lies within
// one of them, even where two adjoin. Plans are verified by PlanCheck, which shares no code with this.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_REGIONPLANNER_H
#define MCUFORM_PASSES_MEMORY_PLANNER_REGIONPLANNER_H

#include "passes/memory/planner/Planner.h"

namespace mcuform {

/// A memory, as far as buffers may take it.
struct Region {
  std::string name;
  int64_t capacityBytes = 0;
};

struct RegionPlan {
  std::vector<size_t> regions;  ///< one per lifetime
  std::vector<int64_t> offsets; ///< bytes from the start of its region, one per lifetime
  std::vector<Plan> plans;      ///< one per region, of the buffers in it, in their order
  bool fits = true;             ///< each plan is within its region's capacity
};

/// `regions`: the fastest first, one at least. `trafficBytes`, one per lifetime: what is read and written of it in all its time.
///
/// Buffers go in descending order of traffic per byte of size, each into the fastest region that still has room. Where that leaves a buffer
/// over, the largest buffers get their places first, in the largest region that has room, by a search with a limit; then those with the
/// most traffic per byte move to faster regions as far as there is room. Where nothing fits, the first way's plan with what is left over in
/// the largest region.
RegionPlan planRegions(const std::vector<Lifetime> &lifetimes, const std::vector<int64_t> &trafficBytes, const std::vector<Region> &regions,
                       const PlannerOptions &options = {});

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_PLANNER_REGIONPLANNER_H
