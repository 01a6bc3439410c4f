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

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_PLANNER_PLANCHECK_H
