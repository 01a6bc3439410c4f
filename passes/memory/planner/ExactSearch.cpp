#include "passes/memory/planner/ExactSearch.h"
#include "passes/memory/planner/GreedyPlan.h"

#include <algorithm>
#include <limits>
#include <utility>

using namespace mcuform;
using namespace mcuform::planner;

namespace {
/// One run of the search with one order of preference.
class Search {
public:
  Search(const Problem &problem, const std::vector<int> &order, int64_t capacity, int64_t workLimit)
      : items(problem.items), problem(problem), capacity(capacity), roundedCapacity(problem.roundToGranule(capacity)), workLimit(workLimit),
        offsets(items.size(), 0), lowest(items.size(), 0), sectionBytes(problem.sectionCount), sectionLowest(problem.sectionCount),
        fixedInSection(problem.sectionCount) {
    for (int i : order) {
      if (items[i].fixedOffset) {
        offsets[i] = *items[i].fixedOffset;
        for (int s = items[i].firstSection; s <= items[i].lastSection; ++s)
          fixedInSection[s].emplace_back(offsets[i], offsets[i] + items[i].size);
        continue;
      }
      lowest[i] = items[i].lowestFit(0);
      movable.push_back(i);
    }
  }

  Verdict run() {
    bool fits = place(movable, 0, -1);
    return fits ? Verdict::Fits : isOverLimit ? Verdict::GaveUp : Verdict::Impossible;
  }

  const std::vector<int64_t> &result() const { return offsets; }
  int64_t workDone() const { return work; }

private:
  /// Places all `open` items at offsets >= floor; those at floor itself have indices > floorIndex (items at one offset do not conflict, so
  /// one order of them is enough). On failure `lowest` is as before.
  bool place(const std::vector<int> &open, int64_t floor, int floorIndex) {
    if (open.empty())
      return true;
    std::vector<std::vector<int>> groups = splitByTime(open);
    if (groups.size() == 1)
      return placeGroup(open, floor, floorIndex);
    // No buffer lives across the seam between two groups: they are problems of their own, and one that fails cannot be helped by another.
    std::vector<int64_t> saved = save(open);
    for (const std::vector<int> &group : groups) {
      if (placeGroup(group, floor, floorIndex))
        continue;
      restore(open, saved);
      return false;
    }
    return true;
  }

  bool placeGroup(const std::vector<int> &open, int64_t floor, int floorIndex) {
    if (!canFit(open, floor))
      return false;
    // An item could move down to its lowest place unless something still to come begins below that place's end. So nothing may be placed
    // at or above the lowest of these ends: the item would be left hanging.
    int64_t ceiling = std::numeric_limits<int64_t>::max();
    for (int i : open)
      ceiling = std::min(ceiling, lowest[i] + items[i].size);
    // Low places first; `open` is in the order of preference, so its positions decide among equals.
    std::vector<std::pair<int64_t, int>> candidates;
    for (size_t k = 0; k < open.size(); ++k) {
      int64_t offset = lowest[open[k]];
      if (offset < ceiling && (offset > floor || (offset == floor && open[k] > floorIndex)))
        candidates.emplace_back(offset, static_cast<int>(k));
    }
    std::sort(candidates.begin(), candidates.end());

    std::vector<int64_t> saved = save(open);
    std::vector<int> rest(open.size() - 1);
    for (const auto &[offset, position] : candidates) {
      const int chosen = open[position];
      offsets[chosen] = offset;
      std::copy_if(open.begin(), open.end(), rest.begin(), [chosen](int i) { return i != chosen; });
      for (int i : rest)
        if (items[i].conflictsWith(items[chosen]))
          lowest[i] = std::max(lowest[i], items[i].lowestFit(offset + items[chosen].size));
      if (place(rest, offset, chosen))
        return true;
      restore(open, saved);
      if (isOverLimit)
        return false;
    }
    return false;
  }

  /// False if an item alone, or the items of a section together, cannot end below the capacity. Also where work is counted.
  bool canFit(const std::vector<int> &open, int64_t floor) {
    int firstSection = std::numeric_limits<int>::max(), lastSection = -1;
    for (int i : open) {
      work += items[i].sectionCount();
      firstSection = std::min(firstSection, items[i].firstSection);
      lastSection = std::max(lastSection, items[i].lastSection);
    }
    isOverLimit |= work > workLimit;
    if (isOverLimit)
      return false;
    std::fill(sectionBytes.begin() + firstSection, sectionBytes.begin() + lastSection + 1, 0);
    std::fill(sectionLowest.begin() + firstSection, sectionLowest.begin() + lastSection + 1, std::numeric_limits<int64_t>::max());
    for (int i : open) {
      const Item &item = items[i];
      int64_t begin = lowest[i] >= floor ? lowest[i] : item.lowestFit(floor);
      if (begin + item.size > capacity)
        return false;
      int64_t bytes = problem.roundToGranule(item.size);
      for (int s = item.firstSection; s <= item.lastSection; ++s) {
        sectionBytes[s] += bytes;
        sectionLowest[s] = std::min(sectionLowest[s], begin);
      }
    }
    for (int s = firstSection; s <= lastSection; ++s) {
      if (sectionBytes[s] == 0)
        continue;
      int64_t needed = sectionLowest[s] + sectionBytes[s];
      for (const auto &[begin, end] : fixedInSection[s])
        needed += std::max<int64_t>(0, end - std::max(begin, sectionLowest[s]));
      // Both sides count padding behind every item; rounding the capacity excuses that of the topmost one.
      if (needed > roundedCapacity)
        return false;
    }
    return true;
  }

  /// Groups of items with no common section between two groups, in the order of time; within a group the order of `open` is kept.
  std::vector<std::vector<int>> splitByTime(const std::vector<int> &open) {
    // seam[s]: a running item crosses from section s - 1 to s.
    crossings.assign(problem.sectionCount + 1, 0);
    for (int i : open) {
      ++crossings[items[i].firstSection + 1];
      --crossings[items[i].lastSection + 1];
    }
    groupOfSection.assign(problem.sectionCount, 0);
    int group = 0, running = 0;
    for (int s = 0; s < problem.sectionCount; ++s) {
      running += crossings[s];
      if (s > 0 && running == 0)
        ++group;
      groupOfSection[s] = group;
    }
    std::vector<std::vector<int>> bySeam(group + 1), groups;
    for (int i : open)
      bySeam[groupOfSection[items[i].firstSection]].push_back(i);
    for (std::vector<int> &members : bySeam)
      if (!members.empty())
        groups.push_back(std::move(members));
    return groups;
  }

  std::vector<int64_t> save(const std::vector<int> &open) const {
    std::vector<int64_t> saved;
    saved.reserve(open.size());
    for (int i : open)
      saved.push_back(lowest[i]);
    return saved;
  }
  void restore(const std::vector<int> &open, const std::vector<int64_t> &saved) {
    for (size_t k = 0; k < open.size(); ++k)
      lowest[open[k]] = saved[k];
  }

  const std::vector<Item> &items;
  const Problem &problem;
  const int64_t capacity, roundedCapacity, workLimit;
  std::vector<int> movable; ///< in the order of preference
  std::vector<int64_t> offsets;
  /// Per open item: the lowest fit on top of the placed items it conflicts with.
  std::vector<int64_t> lowest;
  std::vector<int64_t> sectionBytes, sectionLowest; ///< scratch of canFit()
  std::vector<std::vector<std::pair<int64_t, int64_t>>> fixedInSection;
  std::vector<int> crossings, groupOfSection; ///< scratch of splitByTime()
  int64_t work = 0;
  bool isOverLimit = false;
};
} // namespace

SearchResult planner::searchOffsets(const Problem &problem, int64_t capacityBytes, int64_t workLimit) {
  SearchResult result{Verdict::GaveUp, {}, 0};
  if (capacityBytes < problem.lowerBoundBytes)
    return {Verdict::Impossible, {}, 0};
  std::vector<std::vector<int>> orders = priorityOrders(problem);
  // An unlucky first choice costs a whole subtree, and which order is lucky differs: short runs of all before long runs of all.
  const int64_t shares = 4 * static_cast<int64_t>(orders.size());
  for (int64_t share : {1, 3}) {
    for (const std::vector<int> &order : orders) {
      Search search(problem, order, capacityBytes, workLimit / shares * share);
      result.verdict = search.run();
      result.work += search.workDone();
      if (result.verdict == Verdict::GaveUp)
        continue;
      if (result.verdict == Verdict::Fits)
        result.offsets = search.result();
      return result;
    }
  }
  return result;
}
