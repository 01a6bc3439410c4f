#include "passes/memory/planner/GreedyPlan.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>
#include <utility>

using namespace mcuform;
using namespace mcuform::planner;

// Rounds of "the item on top goes first next time". Random problems of 10 to 60 items stop improving after some 20.
static constexpr int kRepairRounds = 48;

enum class Rule { FirstFit, BestFit };

std::vector<std::vector<int>> planner::priorityOrders(const Problem &problem) {
  const std::vector<Item> &items = problem.items;
  std::vector<int64_t> neighbourBytes(items.size(), 0);
  for (size_t i = 0; i < items.size(); ++i)
    for (const Item &other : items)
      if (items[i].conflictsWith(other))
        neighbourBytes[i] += other.size;

  const std::function<double(int)> urgencies[] = {
      [&](int i) { return double(items[i].size) * items[i].sectionCount(); },
      [&](int i) { return double(items[i].size); },
      [&](int i) { return double(items[i].sectionCount()); },
      [&](int i) { return double(neighbourBytes[i]); },
      [&](int i) { return -double(items[i].firstSection); },
  };
  std::vector<std::vector<int>> orders;
  for (const auto &urgency : urgencies) {
    std::vector<int> order(items.size());
    std::iota(order.begin(), order.end(), 0);
    // Items stand by size, conflicts, name already: their index decides among equals.
    std::sort(order.begin(), order.end(), [&](int a, int b) { return std::make_pair(-urgency(a), a) < std::make_pair(-urgency(b), b); });
    orders.push_back(std::move(order));
  }
  return orders;
}

/// The place of `item` among the placed items it conflicts with, given as [begin, end) ranges ascending by begin; they do not overlap
/// unless fixed ones do.
static int64_t findPlace(const Item &item, const std::vector<std::pair<int64_t, int64_t>> &taken, Rule rule) {
  int64_t bestOffset = -1, bestSlack = std::numeric_limits<int64_t>::max();
  int64_t holeBegin = 0;
  for (const auto &[begin, end] : taken) {
    int64_t offset = (holeBegin + item.align - 1) & -item.align;
    int64_t slack = begin - holeBegin - item.size;
    if (offset + item.size <= begin && slack < bestSlack) {
      bestOffset = offset;
      bestSlack = slack;
      if (rule == Rule::FirstFit)
        break;
    }
    holeBegin = std::max(holeBegin, end);
  }
  return bestOffset >= 0 ? bestOffset : (holeBegin + item.align - 1) & -item.align;
}

static std::vector<int64_t> placeInOrder(const Problem &problem, const std::vector<int> &order, Rule rule) {
  std::vector<int64_t> offsets(problem.items.size(), 0);
  std::vector<int> placed;
  for (size_t i = 0; i < problem.items.size(); ++i) {
    if (!problem.items[i].fixedOffset)
      continue;
    offsets[i] = *problem.items[i].fixedOffset;
    placed.push_back(static_cast<int>(i));
  }
  std::vector<std::pair<int64_t, int64_t>> taken;
  for (int i : order) {
    const Item &item = problem.items[i];
    if (item.fixedOffset)
      continue;
    taken.clear();
    for (int j : placed)
      if (item.conflictsWith(problem.items[j]))
        taken.emplace_back(offsets[j], offsets[j] + problem.items[j].size);
    std::sort(taken.begin(), taken.end());
    offsets[i] = findPlace(item, taken, rule);
    placed.push_back(i);
  }
  return offsets;
}

std::vector<int64_t> planner::greedyOffsets(const Problem &problem) {
  std::vector<int64_t> best;
  std::vector<int> bestOrder;
  int64_t bestTotal = std::numeric_limits<int64_t>::max();
  auto attempt = [&](const std::vector<int> &order, Rule rule) {
    std::vector<int64_t> offsets = placeInOrder(problem, order, rule);
    int64_t total = problem.totalBytes(offsets);
    if (total < bestTotal) {
      bestTotal = total;
      best = offsets;
      bestOrder = order;
    }
    return offsets;
  };
  for (const std::vector<int> &order : priorityOrders(problem)) {
    attempt(order, Rule::FirstFit);
    attempt(order, Rule::BestFit);
    if (bestTotal == problem.lowerBoundBytes)
      return best;
  }
  std::vector<int> order = bestOrder;
  for (int round = 0; round < kRepairRounds && bestTotal > problem.lowerBoundBytes; ++round) {
    std::vector<int64_t> offsets = attempt(order, Rule::FirstFit);
    auto end = [&](int i) { return offsets[i] + problem.items[i].size; };
    auto top = std::max_element(order.begin(), order.end(), [&](int a, int b) { return end(a) < end(b); });
    std::rotate(order.begin(), top, top + 1);
  }
  return best;
}
