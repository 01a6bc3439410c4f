// The planner's inner form of a list of lifetimes: canonical order, compressed time, no empty buffers.
//
// Built once by planOffsets(); greedy plans and the exact search work on it.
// Invariant: items of one problem stand in an order that depends on their properties alone; an item's index breaks every tie.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_PROBLEM_H
#define MCUFORM_PASSES_MEMORY_PLANNER_PROBLEM_H

#include "passes/memory/planner/Planner.h"

namespace mcuform::planner {

/// A buffer with bytes. Time is counted in sections: steps at which the set of live buffers is not contained in a neighbour's. Two buffers
/// conflict exactly if their section ranges meet.
struct Item {
  int64_t size;
  int64_t align;
  int firstSection;
  int lastSection; ///< inclusive
  std::optional<int64_t> fixedOffset;
  int input; ///< index in the caller's list
  /// The movable item's fixed neighbours, as [begin, end) byte ranges ascending by begin.
  std::vector<std::pair<int64_t, int64_t>> obstacles;

  int sectionCount() const { return lastSection - firstSection + 1; }
  bool conflictsWith(const Item &other) const { return firstSection <= other.lastSection && other.firstSection <= lastSection; }

  /// The lowest aligned offset >= from at which the item touches no fixed neighbour.
  int64_t lowestFit(int64_t from) const;
};

struct Problem {
  std::vector<Item> items;
  int sectionCount = 0;
  /// All offsets are multiples of this power of two.
  int64_t granule = 1;
  /// Where the highest fixed buffer without bytes stands; it takes no room, but lies in the region too.
  int64_t fixedEmptyBytes = 0;
  int64_t lowerBoundBytes = 0;

  explicit Problem(const std::vector<Lifetime> &lifetimes);

  int64_t roundToGranule(int64_t bytes) const { return (bytes + granule - 1) & -granule; }
  /// The end of the highest buffer.
  int64_t totalBytes(const std::vector<int64_t> &offsets) const;
};

} // namespace mcuform::planner

#endif // MCUFORM_PASSES_MEMORY_PLANNER_PROBLEM_H
