#include "passes/memory/planner/Problem.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <tuple>

using namespace mcuform;
using namespace mcuform::planner;

int64_t Item::lowestFit(int64_t from) const {
  int64_t offset = (from + align - 1) & -align;
  for (const auto &[begin, end] : obstacles) {
    if (begin >= offset + size)
      break;
    if (end > offset)
      offset = (end + align - 1) & -align;
  }
  return offset;
}

int64_t Problem::totalBytes(const std::vector<int64_t> &offsets) const {
  int64_t total = fixedEmptyBytes;
  for (size_t i = 0; i < items.size(); ++i)
    total = std::max(total, offsets[i] + items[i].size);
  return total;
}

/// Indices of the buffers with bytes: large ones first, then those with many conflicts, then by name.
static std::vector<int> canonicalOrder(const std::vector<Lifetime> &lifetimes) {
  std::vector<int> order;
  for (size_t i = 0; i < lifetimes.size(); ++i)
    if (lifetimes[i].sizeBytes > 0)
      order.push_back(static_cast<int>(i));
  std::vector<int> conflicts(lifetimes.size(), 0);
  for (int i : order)
    for (int j : order)
      conflicts[i] += lifetimes[i].firstStep <= lifetimes[j].lastStep && lifetimes[j].firstStep <= lifetimes[i].lastStep;
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    auto key = [&](int i) {
      const Lifetime &l = lifetimes[i];
      return std::make_tuple(-l.sizeBytes, -conflicts[i], std::cref(l.name), l.firstStep, l.lastStep, l.alignBytes, l.fixedOffset, i);
    };
    return key(a) < key(b);
  });
  return order;
}

/// The steps that become sections. The live set grows only at first steps; such a step counts if some buffer ends before the next one,
/// since otherwise the next one's set contains its set.
static std::vector<int32_t> sectionSteps(const std::vector<Lifetime> &lifetimes, const std::vector<int> &order) {
  std::vector<int32_t> firsts, lasts;
  for (int i : order) {
    firsts.push_back(lifetimes[i].firstStep);
    lasts.push_back(lifetimes[i].lastStep);
  }
  std::sort(firsts.begin(), firsts.end());
  firsts.erase(std::unique(firsts.begin(), firsts.end()), firsts.end());
  std::sort(lasts.begin(), lasts.end());
  std::vector<int32_t> steps;
  for (size_t i = 0; i < firsts.size(); ++i) {
    auto nextEnd = std::lower_bound(lasts.begin(), lasts.end(), firsts[i]);
    bool isLast = i + 1 == firsts.size();
    if (isLast || (nextEnd != lasts.end() && *nextEnd < firsts[i + 1]))
      steps.push_back(firsts[i]);
  }
  return steps;
}

/// The power of two that every possible offset of the item is a multiple of.
static int64_t offsetGranule(const Item &item) {
  int64_t offset = item.fixedOffset.value_or(0);
  return offset ? std::min(item.align, offset & -offset) : item.align;
}

/// Bytes that `live` items need side by side. Items whose offsets are multiples of a granule stand that far apart, so each but the topmost
/// one is followed by padding up to it; which one is topmost is open, hence the item with the most padding is excused. Items of smaller
/// granules may fill that padding: they count only where their own granule is looked at.
static int64_t bytesSideBySide(const std::vector<const Item *> &live) {
  int64_t bytes = 0;
  for (const Item *level : live) {
    const int64_t granule = offsetGranule(*level);
    int64_t sum = 0, largestPadding = 0;
    for (const Item *item : live) {
      if (offsetGranule(*item) < granule)
        continue;
      int64_t padding = (granule - item->size % granule) % granule;
      sum += item->size + padding;
      largestPadding = std::max(largestPadding, padding);
    }
    bytes = std::max(bytes, sum - largestPadding);
  }
  return bytes;
}

static int64_t lowerBound(const Problem &problem) {
  int64_t bound = problem.fixedEmptyBytes;
  std::vector<const Item *> live;
  for (int section = 0; section < problem.sectionCount; ++section) {
    live.clear();
    for (const Item &item : problem.items)
      if (item.firstSection <= section && section <= item.lastSection)
        live.push_back(&item);
    bound = std::max(bound, bytesSideBySide(live));
  }
  for (const Item &item : problem.items)
    if (item.fixedOffset)
      bound = std::max(bound, *item.fixedOffset + item.size);
  return bound;
}

Problem::Problem(const std::vector<Lifetime> &lifetimes) {
  std::vector<int> order = canonicalOrder(lifetimes);
  std::vector<int32_t> steps = sectionSteps(lifetimes, order);
  sectionCount = static_cast<int>(steps.size());
  for (int input : order) {
    const Lifetime &lifetime = lifetimes[input];
    assert(lifetime.alignBytes > 0 && (lifetime.alignBytes & (lifetime.alignBytes - 1)) == 0 && "alignment is no power of two");
    assert(lifetime.firstStep <= lifetime.lastStep && "lifetime ends before it begins");
    // A first step that is no section is contained in the section after it.
    auto first = std::lower_bound(steps.begin(), steps.end(), lifetime.firstStep);
    auto end = std::upper_bound(first, steps.end(), lifetime.lastStep);
    items.push_back({lifetime.sizeBytes, lifetime.alignBytes, static_cast<int>(first - steps.begin()),
                     static_cast<int>(end - steps.begin()) - 1, lifetime.fixedOffset, input, {}});
  }
  for (Item &item : items) {
    if (item.fixedOffset)
      continue;
    for (const Item &other : items)
      if (other.fixedOffset && item.conflictsWith(other))
        item.obstacles.emplace_back(*other.fixedOffset, *other.fixedOffset + other.size);
    std::sort(item.obstacles.begin(), item.obstacles.end());
  }
  for (const Lifetime &lifetime : lifetimes)
    if (lifetime.sizeBytes == 0)
      fixedEmptyBytes = std::max(fixedEmptyBytes, lifetime.fixedOffset.value_or(0));
  if (!items.empty()) {
    granule = offsetGranule(items.front());
    for (const Item &item : items)
      granule = std::min(granule, offsetGranule(item));
  }
  lowerBoundBytes = lowerBound(*this);
}
