#include "passes/memory/planner/PlanCheck.h"
#include "passes/memory/planner/PlanPrinter.h"
#include "passes/memory/planner/Planner.h"
#include "test/unit/PlannerCases.h"

#include <catch2/catch.hpp>

#include <algorithm>
#include <numeric>

using namespace mcuform;
using namespace mcuform::test;

static Plan checkedPlan(const std::vector<Lifetime> &lifetimes, const PlannerOptions &options = {}) {
  Plan plan = planOffsets(lifetimes, options);
  CHECK(checkPlan(lifetimes, plan.offsets, plan.totalBytes) == std::vector<std::string>{});
  CHECK(plan.lowerBoundBytes <= plan.totalBytes);
  return plan;
}

TEST_CASE("no buffers and empty buffers need nothing") {
  CHECK(checkedPlan({}).totalBytes == 0);
  Plan plan = checkedPlan({{"empty", 0, 16, 0, 5}, {"a", 10, 1, 0, 5}, {"empty too", 0, 4, 2, 2}});
  CHECK(plan.totalBytes == 10);
  CHECK(plan.isOptimal);
}

TEST_CASE("buffers alive one after the other share bytes, those alive at one step do not") {
  CHECK(checkedPlan({{"a", 100, 4, 0, 1}, {"b", 60, 4, 2, 3}}).totalBytes == 100);
  CHECK(checkedPlan({{"a", 100, 4, 0, 2}, {"b", 60, 4, 2, 3}}).totalBytes == 160);
}

TEST_CASE("padding between buffers counts, padding behind the last one does not") {
  CHECK(checkedPlan({{"a", 3, 4, 0, 0}}).totalBytes == 3);
  Plan plan = checkedPlan({{"a", 3, 4, 0, 0}, {"b", 5, 4, 0, 0}});
  CHECK(plan.totalBytes == 9); // a at 0 and b at 4; b at 0 and a at 8 would be 11
  CHECK(plan.lowerBoundBytes == 9);
}

TEST_CASE("the search closes gaps that greedy orders leave") {
  // The long buffers a and d have to lie at opposite ends: 4 bytes of c must fit between b's neighbours.
  std::vector<Lifetime> lifetimes = {{"a", 3, 1, 0, 4}, {"b", 2, 1, 0, 1}, {"c", 4, 1, 5, 9}, {"d", 3, 1, 3, 7}, {"e", 1, 1, 1, 8}};
  Plan plan = checkedPlan(lifetimes);
  CHECK(plan.gapBytes() == 0);
  CHECK(plan.isOptimal);
}

TEST_CASE("a problem whose optimum lies above the bound is shown to be optimal") {
  // At every step 4 bytes are alive, but the four buffers of the cycle cannot be arranged in 4.
  std::vector<Lifetime> lifetimes = {{"a", 2, 1, 0, 1}, {"b", 1, 1, 0, 2}, {"c", 1, 1, 0, 0},
                                     {"d", 1, 1, 1, 3}, {"e", 2, 1, 2, 3}, {"f", 1, 1, 3, 3}};
  CHECK(bruteForceTotal(lifetimes) == checkedPlan(lifetimes).totalBytes);
  CHECK(checkedPlan(lifetimes).isOptimal);
}

TEST_CASE("fixed offsets are kept and flowed around") {
  std::vector<Lifetime> lifetimes = {{"input", 100, 4, 0, 1, 52}, {"a", 48, 4, 0, 2}, {"b", 60, 4, 1, 2}, {"empty", 0, 4, 0, 0, 300}};
  Plan plan = checkedPlan(lifetimes);
  CHECK(plan.offsets[0] == 52);
  CHECK(plan.offsets[1] == 0);
  CHECK(plan.offsets[2] == 152);
  CHECK(plan.offsets[3] == 300);
  CHECK(plan.totalBytes == 300);
}

TEST_CASE("fixed buffers that collide are left to the checker") {
  std::vector<Lifetime> lifetimes = {{"a", 100, 4, 0, 1, 0}, {"b", 100, 4, 1, 2, 40}, {"c", 8, 4, 0, 2}};
  Plan plan = planOffsets(lifetimes);
  CHECK(checkPlan(lifetimes, plan.offsets, plan.totalBytes) ==
        std::vector<std::string>{"buffers 'a' at [0, 100) and 'b' at [40, 140) overlap while both are alive"});
}

TEST_CASE("a region that is too small is reported with the best plan there is") {
  std::vector<Lifetime> lifetimes = {{"a", 100, 4, 0, 1}, {"b", 60, 4, 1, 2}};
  PlannerOptions options;
  options.capacityBytes = 160;
  CHECK(checkedPlan(lifetimes, options).fitsRegion);
  options.capacityBytes = 159;
  CHECK_FALSE(checkedPlan(lifetimes, options).fitsRegion);
}

TEST_CASE("vision transformers are planned without a gap") {
  for (const VitShape &shape : vitShapes()) {
    for (bool isUnrolled : {false, true}) {
      std::vector<Lifetime> lifetimes = vitLifetimes(shape, isUnrolled);
      Plan plan = checkedPlan(lifetimes);
      INFO(shape.name << ", " << lifetimes.size() << " buffers, work " << plan.searchWork);
      INFO("total " << plan.totalBytes << ", bound " << plan.lowerBoundBytes);
      CHECK(plan.gapBytes() == 0);
      CHECK(plan.isOptimal);
    }
  }
}

TEST_CASE("a plan depends neither on the order of the list nor on the run") {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Lifetime> lifetimes = randomLifetimes(random, 14);
    PlannerOptions options;
    options.workLimit = 20000;
    Plan plan = planOffsets(lifetimes, options);
    CHECK(planOffsets(lifetimes, options).offsets == plan.offsets);

    std::vector<size_t> order(lifetimes.size());
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random.engine);
    std::vector<Lifetime> shuffled;
    for (size_t i : order)
      shuffled.push_back(lifetimes[i]);
    Plan other = planOffsets(shuffled, options);
    bool isSame = other.totalBytes == plan.totalBytes;
    for (size_t k = 0; k < order.size(); ++k)
      isSame &= other.offsets[k] == plan.offsets[order[k]];
    INFO("round " << round);
    CHECK(isSame);
  }
}

TEST_CASE("the map of a plan shows each buffer where it lies") {
  std::vector<Lifetime> lifetimes = {{"x", 40, 4, 0, 5}, {"k", 20, 4, 1, 2}, {"v", 20, 4, 4, 5}, {"none", 0, 4, 0, 0}};
  Plan plan = checkedPlan(lifetimes);
  PrintOptions options;
  options.rows = 3;
  CHECK(printPlan(lifetimes, plan, options) == "arena 60 bytes, lower bound 60, gap 0\n"
                                               "40 |.B.C|\n"
                                               "20 |AAAA|\n"
                                               " 0 |AAAA|\n"
                                               "    steps 0 to 4\n"
                                               "  A  0 .. 40  40 bytes, steps 0 to 5  x\n"
                                               "  B 40 .. 60  20 bytes, steps 1 to 2  k\n"
                                               "  C 40 .. 60  20 bytes, steps 4 to 5  v\n");
  CHECK(printPlan({}, planOffsets({})) == "arena 0 bytes, lower bound 0, gap 0\n");

  std::vector<Lifetime> many = vitLifetimes(vitShapes().front(), true);
  Plan manyPlan = planOffsets(many);
  options.rows = 24;
  options.columns = 40;
  std::string text = printPlan(many, manyPlan, options);
  size_t begin = text.find('\n') + 1;
  CHECK(text.find('\n', begin) - begin == std::to_string(manyPlan.totalBytes).size() + 2 + 40 + 1);
}
