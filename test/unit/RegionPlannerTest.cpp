// Plans in several regions: where buffers go, and that the checker finds what is wrong with them.
#include "passes/memory/planner/RegionPlanner.h"
#include "passes/memory/planner/PlanCheck.h"
#include "test/unit/PlannerCases.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <numeric>

using namespace mcuform;
using namespace mcuform::test;

using Violations = std::vector<std::string>;

static std::vector<RegionClaim> claimsOf(const RegionPlan &plan, const std::vector<Region> &regions) {
  std::vector<RegionClaim> claims;
  for (size_t i = 0; i < regions.size(); ++i)
    claims.push_back({regions[i].name, plan.plans[i].totalBytes, regions[i].capacityBytes});
  return claims;
}

static Violations check(const std::vector<Lifetime> &lifetimes, const RegionPlan &plan, const std::vector<Region> &regions) {
  return checkRegions(lifetimes, plan.regions, plan.offsets, claimsOf(plan, regions));
}

TEST_CASE("what is touched most, byte for byte, goes to the fastest region") {
  const std::vector<Lifetime> lifetimes = {{"x", 600, 8, 0, 9}, {"keys", 300, 8, 2, 9}, {"hidden", 80, 8, 4, 9}, {"q", 40, 8, 3, 9}};
  const std::vector<Region> regions = {{"dtcm", 128}, {"sram", 1000}};
  RegionPlan plan = planRegions(lifetimes, {6000, 4000, 8000, 2000}, regions);
  REQUIRE(plan.fits);
  CHECK(plan.regions == std::vector<size_t>{1, 1, 0, 0});
  CHECK(check(lifetimes, plan, regions) == Violations{});
  CHECK(plan.plans[0].totalBytes == 120);
  CHECK(plan.plans[1].totalBytes == 900);
  // The larger one of two that do not fit together stays out, whatever its traffic in all.
  plan = planRegions(lifetimes, {6000, 90000, 8000, 2000}, regions);
  CHECK(plan.regions == std::vector<size_t>{1, 1, 0, 0});
  // Buffers that are not alive together share a region's bytes.
  const std::vector<Lifetime> oneAfterTheOther = {{"a", 100, 8, 0, 1}, {"b", 100, 8, 2, 3}, {"c", 100, 8, 4, 5}};
  plan = planRegions(oneAfterTheOther, {1, 1, 1}, {{"dtcm", 100}, {"sram", 1000}});
  CHECK(plan.regions == std::vector<size_t>{0, 0, 0});
}

TEST_CASE("where hot buffers leave no room for large ones, the large ones go first") {
  // The hottest two would take the fast region, and "large" would fit nowhere.
  const std::vector<Lifetime> lifetimes = {{"hot", 50, 1, 0, 9}, {"warm", 40, 1, 0, 9}, {"large", 100, 1, 0, 9}, {"other", 90, 1, 0, 9}};
  const std::vector<Region> regions = {{"fast", 150}, {"slow", 130}};
  RegionPlan plan = planRegions(lifetimes, {5000, 100, 10, 9}, regions);
  REQUIRE(plan.fits);
  CHECK(check(lifetimes, plan, regions) == Violations{});
  CHECK(plan.regions[0] == 0);
  CHECK(plan.regions[2] != plan.regions[3]);
}

TEST_CASE("what fits nowhere is planned all the same, for the message") {
  const std::vector<Lifetime> lifetimes = {{"a", 100, 1, 0, 9}, {"b", 100, 1, 0, 9}, {"c", 100, 1, 0, 9}};
  const std::vector<Region> regions = {{"fast", 120}, {"slow", 150}};
  RegionPlan plan = planRegions(lifetimes, {3, 2, 1}, regions);
  CHECK_FALSE(plan.fits);
  CHECK(plan.plans[0].totalBytes == 100);
  CHECK(plan.plans[1].totalBytes == 200);
  CHECK(check(lifetimes, plan, regions) == Violations{"region 'slow' has 150 bytes, the plan takes 200"});
}

TEST_CASE("buffers that belong together stay together") {
  std::vector<Lifetime> lifetimes = {{"x", 100, 8, 0, 9, 0}, {"image", 20, 1, 0, 3, 100}, {"hot", 100, 8, 0, 9}};
  lifetimes[1].sameRegionAs = 0;
  const std::vector<Region> regions = {{"fast", 110}, {"slow", 200}};
  // The image alone would be hot enough for the fast region.
  RegionPlan plan = planRegions(lifetimes, {10, 5000, 1000}, regions);
  REQUIRE(plan.fits);
  CHECK(plan.regions == std::vector<size_t>{1, 1, 0});
  CHECK(check(lifetimes, plan, regions) == Violations{});
}

TEST_CASE("10,000 random plans in several regions are safe") {
  const char *text = std::getenv("MCUFORM_TEST_SEED");
  const unsigned seed = text ? unsigned(std::strtoul(text, nullptr, 10)) : 20250211u;
  Random random(seed);
  PlannerOptions options;
  options.workLimit = 10000;
  int fitting = 0, atBound = 0, planted = 0, severalUsed = 0;
  constexpr int kRounds = 10000;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<Lifetime> lifetimes = randomLifetimes(random, 30);
    std::vector<int64_t> traffic;
    for (size_t i = 0; i < lifetimes.size(); ++i) {
      // Fixed offsets belong to one plan; here a few buffers are bound to others instead.
      lifetimes[i].fixedOffset.reset();
      if (i > 0 && random.oneIn(8))
        lifetimes[i].sameRegionAs = size_t(random.between(0, int64_t(i) - 1));
      traffic.push_back(random.between(0, 100000));
    }
    const int64_t inOne = planOffsets(lifetimes, options).totalBytes;
    std::vector<Region> regions;
    for (int64_t count = random.between(2, 4); int64_t(regions.size()) < count;)
      regions.push_back({"r" + std::to_string(regions.size()), random.between(0, inOne)});
    RegionPlan plan = planRegions(lifetimes, traffic, regions, options);
    INFO("seed " << seed << ", round " << round);
    std::vector<RegionClaim> claims = claimsOf(plan, regions);
    Violations violations = checkRegions(lifetimes, plan.regions, plan.offsets, claims);
    // One that does not fit is sound but for the capacity of its regions.
    std::vector<RegionClaim> asLargeAsNeeded = claims;
    for (RegionClaim &claim : asLargeAsNeeded)
      claim.capacityBytes = claim.totalBytes;
    REQUIRE(checkRegions(lifetimes, plan.regions, plan.offsets, asLargeAsNeeded) == Violations{});
    REQUIRE(violations.empty() == plan.fits);
    // A region that holds everything is always found, whatever the others are.
    if (std::any_of(regions.begin(), regions.end(), [&](const Region &region) { return region.capacityBytes >= inOne; }))
      REQUIRE(plan.fits);
    int64_t total = 0, bound = 0;
    for (const Plan &each : plan.plans) {
      total += each.totalBytes;
      bound += each.lowerBoundBytes;
      REQUIRE(each.lowerBoundBytes <= each.totalBytes);
    }
    fitting += plan.fits;
    atBound += plan.fits && total == bound;
    severalUsed += std::count_if(plan.plans.begin(), plan.plans.end(), [](const Plan &each) { return each.totalBytes > 0; }) > 1;

    // Planted: a buffer is said to be in another region than it was planned for, or at the end of its own, or bound ones are torn apart.
    auto victim = std::find_if(lifetimes.begin(), lifetimes.end(), [](const Lifetime &l) { return l.sizeBytes > 0; });
    if (!plan.fits || victim == lifetimes.end())
      continue;
    ++planted;
    const size_t i = size_t(victim - lifetimes.begin());
    std::vector<int64_t> offsets = plan.offsets;
    offsets[i] = claims[plan.regions[i]].totalBytes - victim->sizeBytes + victim->alignBytes;
    REQUIRE_FALSE(checkRegions(lifetimes, plan.regions, offsets, claims).empty());
    std::vector<size_t> places = plan.regions;
    places[i] = regions.size();
    REQUIRE_FALSE(checkRegions(lifetimes, places, plan.offsets, claims).empty());
    claims[plan.regions[i]].capacityBytes = claims[plan.regions[i]].totalBytes - 1;
    REQUIRE_FALSE(checkRegions(lifetimes, plan.regions, plan.offsets, claims).empty());
  }
  std::printf("seed %u: %d of %d fit, %d of them at the bound of each region, %d use several regions\n", seed, fitting, kRounds, atBound,
              severalUsed);
  CHECK(fitting > kRounds / 2);
  CHECK(planted > kRounds / 2);
  CHECK(severalUsed > kRounds / 2);
}

// What a planner with a mistake would make: it takes buffers of another region for no neighbours of its own.
TEST_CASE("a planner that forgets which buffers share a region is caught") {
  Random random(7);
  PlannerOptions options;
  options.workLimit = 10000;
  int caught = 0, tried = 0;
  for (int round = 0; round < 500; ++round) {
    std::vector<Lifetime> lifetimes = randomLifetimes(random, 20);
    for (Lifetime &lifetime : lifetimes)
      lifetime.fixedOffset.reset();
    const std::vector<Region> regions = {{"fast", 200}, {"slow", int64_t(1) << 40}};
    RegionPlan plan = planRegions(lifetimes, std::vector<int64_t>(lifetimes.size(), 1), regions, options);
    REQUIRE(plan.fits);
    // All of the fast region's buffers are put into the slow one at their old offsets.
    bool hasConflict = false;
    std::vector<size_t> merged(plan.regions.size(), 1);
    for (size_t a = 0; a < lifetimes.size(); ++a)
      for (size_t b = 0; b < lifetimes.size(); ++b)
        hasConflict |= plan.regions[a] == 0 && plan.regions[b] == 1 && lifetimes[a].sizeBytes > 0 && lifetimes[b].sizeBytes > 0 &&
                       lifetimes[a].firstStep <= lifetimes[b].lastStep && lifetimes[b].firstStep <= lifetimes[a].lastStep &&
                       plan.offsets[a] < plan.offsets[b] + lifetimes[b].sizeBytes &&
                       plan.offsets[b] < plan.offsets[a] + lifetimes[a].sizeBytes;
    tried += hasConflict;
    std::vector<RegionClaim> claims = claimsOf(plan, regions);
    claims[1].totalBytes = std::max(claims[0].totalBytes, claims[1].totalBytes);
    caught += hasConflict && !checkRegions(lifetimes, merged, plan.offsets, claims).empty();
  }
  CHECK(tried > 100);
  CHECK(caught == tried);
}

TEST_CASE("the checker says which region is wrong") {
  std::vector<Lifetime> lifetimes = {{"a", 16, 8, 0, 2}, {"b", 16, 8, 0, 2}, {"c", 16, 8, 0, 2}};
  CHECK(checkRegions(lifetimes, {0, 1, 1}, {0, 0, 16}, {{"fast", 16, 20}, {"slow", 32, 32}}) == Violations{});
  CHECK(checkRegions(lifetimes, {0, 1, 1}, {0, 0, 8}, {{"fast", 16, 20}, {"slow", 32, 32}}) ==
        Violations{"in region 'slow': buffers 'b' at [0, 16) and 'c' at [8, 24) overlap while both are alive"});
  CHECK(checkRegions(lifetimes, {0, 1, 1}, {8, 0, 16}, {{"fast", 16, 20}, {"slow", 32, 32}}) ==
        Violations{"in region 'fast': buffer 'a' at offset 8 with 16 bytes exceeds the total of 16"});
  CHECK(checkRegions(lifetimes, {0, 1, 1}, {0, 0, 16}, {{"fast", 16, 20}, {"slow", 32, 31}}) ==
        Violations{"region 'slow' has 31 bytes, the plan takes 32"});
  CHECK(checkRegions(lifetimes, {2, 1, 1}, {0, 0, 16}, {{"fast", 16, 20}, {"slow", 32, 32}}) ==
        Violations{"buffer 'a' is in region 2 of 2"});
  lifetimes[2].sameRegionAs = 0;
  CHECK(checkRegions(lifetimes, {0, 1, 1}, {0, 0, 16}, {{"fast", 16, 20}, {"slow", 32, 32}}) ==
        Violations{"buffers 'c' and 'a' are not in one region"});
}
