// Offsets in one memory region for buffers with known sizes and lifetimes, with the smallest total that can be found.
//
// Fed by the memory pass with the buffers of an mcurt function; its plans are verified by PlanCheck, which shares no code with it.
// Invariant: the result depends on the set of lifetimes and the options alone, not on time, addresses or, if names are unique, on the
// order of the list.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_PLANNER_H
#define MCUFORM_PASSES_MEMORY_PLANNER_PLANNER_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mcuform {

/// One buffer. Two buffers conflict if both have bytes and their step ranges meet; conflicting buffers may not overlap in memory.
struct Lifetime {
  std::string name;
  int64_t sizeBytes = 0;  ///< >= 0; the sum over all buffers fits int64
  int64_t alignBytes = 1; ///< a power of two
  int32_t firstStep = 0;
  int32_t lastStep = 0; ///< inclusive, >= firstStep
  /// Where the buffer has to be, e.g. the model's input. Taken as it is: if two of them collide, PlanCheck reports it.
  std::optional<int64_t> fixedOffset = std::nullopt;
  /// Index of a buffer that stands in the same region, whichever that is.
  std::optional<size_t> sameRegionAs = std::nullopt;
};

struct Plan {
  std::vector<int64_t> offsets; ///< bytes from the region's start, one per lifetime
  int64_t totalBytes = 0;       ///< the largest end of a buffer
  int64_t lowerBoundBytes = 0;  ///< no plan at all is smaller
  int64_t searchWork = 0;       ///< what the exact search spent, in the unit of PlannerOptions::workLimit
  bool isOptimal = false;       ///< no smaller plan exists: the bound is met, or the search has shown it

  bool fitsRegion = true;       ///< totalBytes is within PlannerOptions::capacityBytes

  int64_t gapBytes() const { return totalBytes - lowerBoundBytes; }
};

struct PlannerOptions {
  /// Bytes of the region. A plan that fits is still made as small as possible; one that cannot fit is returned all the same, for the
  /// diagnostic to name both numbers.
  std::optional<int64_t> capacityBytes = std::nullopt;
  /// Limit of the exact search, in buffer sections looked at (10 to 100 per node of the search tree). Never in seconds, so that a slow
  /// machine makes the same plan. The default takes about a second; for vision transformers the greedy plans mostly meet the bound already.
  int64_t workLimit = 20000000;
};

Plan planOffsets(const std::vector<Lifetime> &lifetimes, const PlannerOptions &options = {});

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_PLANNER_PLANNER_H
