// Decides whether all buffers fit into a given number of bytes.
//
// Depth first over plans in which no buffer can move down, built from the bottom up: buffers are placed in ascending order of their
// offsets, each directly on top of what lies below it. Every plan can be pushed down into such a one, so nothing is missed.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_EXACTSEARCH_H
#define MCUFORM_PASSES_MEMORY_PLANNER_EXACTSEARCH_H

#include "passes/memory/planner/Problem.h"

namespace mcuform::planner {

enum class Verdict { Fits, Impossible, GaveUp };

struct SearchResult {
  Verdict verdict;
  std::vector<int64_t> offsets; ///< one per item if it fits
  int64_t work;                 ///< buffer sections looked at
};

/// Tries several orders within `workLimit` in all. Impossible is a proof.
SearchResult searchOffsets(const Problem &problem, int64_t capacityBytes, int64_t workLimit);

} // namespace mcuform::planner

#endif // MCUFORM_PASSES_MEMORY_PLANNER_EXACTSEARCH_H
