#include "passes/memory/planner/Planner.h"
#include "passes/memory/planner/ExactSearch.h"
#include "passes/memory/planner/GreedyPlan.h"
#include "passes/memory/planner/Problem.h"

#include <algorithm>

using namespace mcuform;
using namespace mcuform::planner;

/// Lowers `offsets` as far as the work limit allows. First the lower bound itself is tried, since it can be met nearly always and pruning
/// is sharpest there; if not, bisection between the bound and the best plan known.
static void improve(const Problem &problem, const PlannerOptions &options, std::vector<int64_t> &offsets, Plan &plan) {
  int64_t provenBytes = problem.lowerBoundBytes; // no plan is smaller
  int64_t nextBytes = problem.lowerBoundBytes;   // capacities below were tried without success
  int64_t bestBytes = problem.totalBytes(offsets);
  while (nextBytes < bestBytes && plan.searchWork < options.workLimit) {
    bool isFirst = plan.searchWork == 0;
    int64_t capacity = isFirst ? nextBytes : nextBytes + (bestBytes - 1 - nextBytes) / 2;
    int64_t remaining = options.workLimit - plan.searchWork;
    SearchResult result = searchOffsets(problem, capacity, isFirst ? remaining / 2 : remaining / 4);
    plan.searchWork += std::max<int64_t>(result.work, 1);
    if (result.verdict == Verdict::Fits) {
      offsets = result.offsets;
      bestBytes = problem.totalBytes(offsets);
      continue;
    }
    nextBytes = capacity + 1;
    if (result.verdict == Verdict::Impossible)
      provenBytes = nextBytes;
  }
  plan.isOptimal = bestBytes == provenBytes;
}

Plan mcuform::planOffsets(const std::vector<Lifetime> &lifetimes, const PlannerOptions &options) {
  Problem problem(lifetimes);
  Plan plan;
  plan.lowerBoundBytes = problem.lowerBoundBytes;
  std::vector<int64_t> offsets = greedyOffsets(problem);
  improve(problem, options, offsets, plan);

  plan.totalBytes = problem.totalBytes(offsets);
  plan.fitsRegion = !options.capacityBytes || plan.totalBytes <= *options.capacityBytes;
  plan.offsets.reserve(lifetimes.size());
  for (const Lifetime &lifetime : lifetimes)
    plan.offsets.push_back(lifetime.fixedOffset.value_or(0));
  for (size_t i = 0; i < offsets.size(); ++i)
    plan.offsets[problem.items[i].input] = offsets[i];
  return plan;
}
