// Plans made in one sweep: buffers in some order, each to the lowest or tightest place that is free.
//
// They give the exact search an upper bound, and are the result where the search runs out of its limit.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_GREEDYPLAN_H
#define MCUFORM_PASSES_MEMORY_PLANNER_GREEDYPLAN_H

#include "passes/memory/planner/Problem.h"

namespace mcuform::planner {

/// Static priorities of items, most urgent first. The exact search prefers items in these orders too.
std::vector<std::vector<int>> priorityOrders(const Problem &problem);

/// The best offsets, one per item, of several orders and placement rules; stops early at the lower bound.
std::vector<int64_t> greedyOffsets(const Problem &problem);

} // namespace mcuform::planner

#endif // MCUFORM_PASSES_MEMORY_PLANNER_GREEDYPLAN_H
