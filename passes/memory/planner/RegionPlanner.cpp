#include "passes/memory/planner/RegionPlanner.h"

#include <algorithm>
#include <cassert>
#include <numeric>
#include <tuple>

using namespace mcuform;

namespace {

/// Steps of the search for places by size, each a buffer tried in a region; and how many of its results are planned.
constexpr int64_t kSearchLimit = 20000;
constexpr int kPlansTried = 8;
/// Moves to faster regions are tried with this fraction of the work that a plan may take.
constexpr int64_t kQuickFraction = 64;

/// Buffers that stand in one region together.
struct Unit {
  std::vector<size_t> members;
  int64_t bytes = 0, traffic = 0;

  double trafficPerByte() const { return bytes > 0 ? double(traffic) / double(bytes) : 0; }
};

class Distribution {
public:
  Distribution(const std::vector<Lifetime> &lifetimes, const std::vector<int64_t> &trafficBytes, const std::vector<Region> &regions,
               const PlannerOptions &options)
      : lifetimes(lifetimes), regions(regions), options(options) {
    assert(!regions.empty() && trafficBytes.size() == lifetimes.size());
    makeUnits(trafficBytes);
    for (const Lifetime &lifetime : lifetimes)
      if (lifetime.sizeBytes > 0)
        sections.push_back(lifetime.firstStep);
    std::sort(sections.begin(), sections.end());
    sections.erase(std::unique(sections.begin(), sections.end()), sections.end());
  }

  RegionPlan run() {
    RegionPlan plan;
    if (!placeHottestFirst(plan) && !placeLargestFirst(plan))
      placeAnyhow(plan);
    return plan;
  }

private:
  void makeUnits(const std::vector<int64_t> &trafficBytes) {
    std::vector<size_t> leader(lifetimes.size());
    std::iota(leader.begin(), leader.end(), size_t(0));
    auto leaderOf = [&](size_t i) {
      while (leader[i] != i)
        i = leader[i];
      return i;
    };
    for (size_t i = 0; i < lifetimes.size(); ++i)
      if (lifetimes[i].sameRegionAs) {
        size_t a = leaderOf(i), b = leaderOf(*lifetimes[i].sameRegionAs);
        leader[std::max(a, b)] = std::min(a, b);
      }
    std::vector<size_t> unitOf(lifetimes.size());
    for (size_t i = 0; i < lifetimes.size(); ++i) {
      if (leaderOf(i) == i) {
        unitOf[i] = units.size();
        units.emplace_back();
      }
      Unit &unit = units[unitOf[leaderOf(i)]];
      unit.members.push_back(i);
      unit.bytes += lifetimes[i].sizeBytes;
      unit.traffic += trafficBytes[i];
    }
  }

  std::vector<size_t> unitsByTraffic() const {
    std::vector<size_t> order(units.size());
    std::iota(order.begin(), order.end(), size_t(0));
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      return std::make_tuple(-units[a].trafficPerByte(), units[a].bytes, a) <
             std::make_tuple(-units[b].trafficPerByte(), units[b].bytes, b);
    });
    return order;
  }

  //===--- what is alive in each region --------------------------------------===//

  void clear() {
    live.assign(regions.size(), std::vector<int64_t>(sections.size(), 0));
    place.assign(units.size(), regions.size());
  }

  void put(size_t unit, size_t region) {
    change(unit, region, 1);
    place[unit] = region;
  }
  void take(size_t unit) {
    change(unit, place[unit], -1);
    place[unit] = regions.size();
  }
  void change(size_t unit, size_t region, int64_t sign) {
    for (size_t member : units[unit].members)
      forSections(lifetimes[member], [&](size_t section) { live[region][section] += sign * lifetimes[member].sizeBytes; });
  }
  template <typename Visit> void forSections(const Lifetime &lifetime, Visit visit) const {
    auto first = std::lower_bound(sections.begin(), sections.end(), lifetime.firstStep);
    for (; first != sections.end() && *first <= lifetime.lastStep; ++first)
      visit(size_t(first - sections.begin()));
  }

  /// Whether no step then has more live bytes than the region; a plan may still need more.
  bool hasRoom(size_t unit, size_t region) {
    const int64_t capacity = regions[region].capacityBytes;
    bool fits = true;
    for (size_t member : units[unit].members) {
      const Lifetime &lifetime = lifetimes[member];
      fits &= lifetime.fixedOffset.value_or(0) <= capacity && lifetime.sizeBytes <= capacity - lifetime.fixedOffset.value_or(0);
    }
    if (!fits)
      return false;
    change(unit, region, 1);
    for (size_t member : units[unit].members)
      forSections(lifetimes[member], [&](size_t section) { fits &= live[region][section] <= capacity; });
    change(unit, region, -1);
    return fits;
  }

  //===--- plans -------------------------------------------------------------===//

  Plan planOf(size_t region, int64_t workLimit) const {
    std::vector<Lifetime> inside;
    for (size_t unit = 0; unit < units.size(); ++unit)
      if (place[unit] == region)
        for (size_t member : units[unit].members)
          inside.push_back(lifetimes[member]);
    PlannerOptions each = options;
    each.capacityBytes = regions[region].capacityBytes;
    each.workLimit = workLimit;
    return planOffsets(inside, each);
  }

  void planAll(RegionPlan &plan) const {
    plan.plans.clear();
    plan.fits = true;
    for (size_t region = 0; region < regions.size(); ++region) {
      plan.plans.push_back(planOf(region, options.workLimit));
      plan.fits &= plan.plans.back().fitsRegion;
    }
    scatter(plan);
  }

  /// From each region's plan to the whole list.
  void scatter(RegionPlan &plan) const {
    plan.regions.assign(lifetimes.size(), 0);
    plan.offsets.assign(lifetimes.size(), 0);
    std::vector<size_t> next(regions.size(), 0);
    for (size_t unit = 0; unit < units.size(); ++unit)
      for (size_t member : units[unit].members) {
        plan.regions[member] = place[unit];
        plan.offsets[member] = plan.plans[place[unit]].offsets[next[place[unit]]++];
      }
  }

  //===--- ways to distribute ------------------------------------------------===//

  bool placeHottestFirst(RegionPlan &plan) {
    const std::vector<size_t> order = unitsByTraffic();
    // Where live bytes fit a region but no plan does, its coldest buffer goes elsewhere.
    std::vector<std::vector<bool>> isBarred(units.size(), std::vector<bool>(regions.size(), false));
    for (;;) {
      clear();
      for (size_t unit : order) {
        size_t region = 0;
        while (region < regions.size() && (isBarred[unit][region] || !hasRoom(unit, region)))
          ++region;
        if (region == regions.size())
          return false;
        put(unit, region);
      }
      planAll(plan);
      if (plan.fits)
        return true;
      for (size_t region = 0; region < regions.size(); ++region) {
        if (plan.plans[region].fitsRegion)
          continue;
        auto coldest =
            std::find_if(order.rbegin(), order.rend(), [&](size_t unit) { return place[unit] == region && units[unit].bytes > 0; });
        if (coldest == order.rend())
          return false;
        isBarred[*coldest][region] = true;
      }
    }
  }

  bool placeLargestFirst(RegionPlan &plan) {
    bySize.resize(units.size());
    std::iota(bySize.begin(), bySize.end(), size_t(0));
    std::sort(bySize.begin(), bySize.end(),
              [&](size_t a, size_t b) { return std::make_tuple(-units[a].bytes, a) < std::make_tuple(-units[b].bytes, b); });
    byCapacity.resize(regions.size());
    std::iota(byCapacity.begin(), byCapacity.end(), size_t(0));
    std::sort(byCapacity.begin(), byCapacity.end(), [&](size_t a, size_t b) {
      return std::make_tuple(-regions[a].capacityBytes, a) < std::make_tuple(-regions[b].capacityBytes, b);
    });
    clear();
    stepsLeft = kSearchLimit;
    plansLeft = kPlansTried;
    if (!placeRest(0, plan))
      return false;
    moveToFasterRegions(plan);
    return true;
  }

  /// Depth first over places for bySize[from] and all behind it.
  bool placeRest(size_t from, RegionPlan &plan) {
    if (from == bySize.size()) {
      --plansLeft;
      planAll(plan);
      return plan.fits;
    }
    for (size_t region : byCapacity) {
      if (--stepsLeft < 0 || plansLeft == 0)
        return false;
      if (!hasRoom(bySize[from], region))
        continue;
      put(bySize[from], region);
      if (placeRest(from + 1, plan))
        return true;
      take(bySize[from]);
    }
    return false;
  }

  void moveToFasterRegions(RegionPlan &plan) {
    for (size_t unit : unitsByTraffic()) {
      const size_t from = place[unit];
      for (size_t to = 0; to < from && units[unit].bytes > 0; ++to) {
        if (!hasRoom(unit, to))
          continue;
        take(unit);
        put(unit, to);
        Plan there = planOf(to, options.workLimit / kQuickFraction), here = planOf(from, options.workLimit / kQuickFraction);
        if (there.fitsRegion && here.fitsRegion) {
          plan.plans[to] = std::move(there);
          plan.plans[from] = std::move(here);
          break;
        }
        take(unit);
        put(unit, from);
      }
    }
    for (size_t region = 0; region < regions.size(); ++region) {
      Plan thorough = planOf(region, options.workLimit);
      if (thorough.totalBytes <= plan.plans[region].totalBytes)
        plan.plans[region] = std::move(thorough);
    }
    scatter(plan);
  }

  void placeAnyhow(RegionPlan &plan) {
    size_t largest = 0;
    for (size_t region = 1; region < regions.size(); ++region)
      if (regions[region].capacityBytes > regions[largest].capacityBytes)
        largest = region;
    clear();
    for (size_t unit : unitsByTraffic()) {
      size_t region = 0;
      while (region < regions.size() && !hasRoom(unit, region))
        ++region;
      put(unit, region < regions.size() ? region : largest);
    }
    planAll(plan);
    plan.fits = false;
  }

  const std::vector<Lifetime> &lifetimes;
  const std::vector<Region> &regions;
  const PlannerOptions &options;
  std::vector<Unit> units;
  std::vector<int32_t> sections;          ///< steps at which the bytes that are alive can be most
  std::vector<std::vector<int64_t>> live; ///< by region and section
  std::vector<size_t> place;              ///< the region of each unit; their number: none yet
  std::vector<size_t> bySize, byCapacity;
  int64_t stepsLeft = 0;
  int plansLeft = 0;
};

} // namespace

RegionPlan mcuform::planRegions(const std::vector<Lifetime> &lifetimes, const std::vector<int64_t> &trafficBytes,
                                const std::vector<Region> &regions, const PlannerOptions &options) {
  return Distribution(lifetimes, trafficBytes, regions, options).run();
}
