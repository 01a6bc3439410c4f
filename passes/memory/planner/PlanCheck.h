// Proof that a plan is safe, by code that shares nothing with the planner but the Lifetime structure.
//
// Run by the memory pass on every plan and by the verify pass on the finished IR. It looks at every pair of buffers and every step in the
// plainest way there is, so that reading it suffices to trust it. Do not make it faster with the planner's ideas.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_PLANCHECK_H
#define MCUFORM_PASSES_MEMORY_PLANNER_PLANCHECK_H

#include "passes/memory/planner/Planner.h"

namespace mcuform {

/// All violations, one sentence each; empty for a safe plan: offsets non-negative, aligned, as fixed, ends within totalBytes, and no two
/// buffers that are alive at one step overlap. Malformed lifetimes are violations too.
std::vector<std::string> checkPlan(const std::vector<Lifetime> &lifetimes, const std::vector<int64_t> &offsets, int64_t totalBytes);

/// What is said of a memory region: how much of it a plan takes, and how much it has.
struct RegionClaim {
  std::string name;
  int64_t totalBytes = 0, capacityBytes = 0;
};

/// The same for a plan in several regions, `regions` naming the one of each buffer: within each region all of the above holds, no buffer
/// reaches beyond its region, no region is larger than it can be, and buffers that belong into one region are in one.
std::vector<std::string> checkRegions(const std::vector<Lifetime> &lifetimes, const std::vector<size_t> &regions,
                                      const std::vector<int64_t> &offsets, const std::vector<RegionClaim> &claims);

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_PLANNER_PLANCHECK_H
