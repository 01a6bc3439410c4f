#include "passes/memory/planner/PlanPrinter.h"

#include <algorithm>
#include <tuple>

using namespace mcuform;

static constexpr const char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
static constexpr size_t kLetterCount = sizeof(kLetters) - 1;

static std::string rightAligned(const std::string &text, size_t width) {
  return text.size() < width ? std::string(width - text.size(), ' ') + text : text;
}

static bool isLive(const Lifetime &buffer, int32_t step) { return buffer.firstStep <= step && step <= buffer.lastStep; }

/// The steps that get a column: those at which a buffer begins or has just ended. If they are too many, the fullest one of each of
/// `columns` groups.
static std::vector<int32_t> shownSteps(const std::vector<Lifetime> &lifetimes, int columns) {
  std::vector<int32_t> steps;
  int32_t lastStep = 0;
  for (const Lifetime &buffer : lifetimes)
    lastStep = std::max(lastStep, buffer.lastStep);
  for (const Lifetime &buffer : lifetimes) {
    steps.push_back(buffer.firstStep);
    if (buffer.lastStep < lastStep)
      steps.push_back(buffer.lastStep + 1);
  }
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  size_t groups = static_cast<size_t>(std::max(columns, 1));
  if (steps.size() <= groups)
    return steps;

  auto liveBytes = [&](int32_t step) {
    int64_t sum = 0;
    for (const Lifetime &buffer : lifetimes)
      sum += isLive(buffer, step) ? buffer.sizeBytes : 0;
    return sum;
  };
  std::vector<int32_t> shown;
  for (size_t group = 0; group < groups; ++group) {
    auto begin = steps.begin() + steps.size() * group / groups, end = steps.begin() + steps.size() * (group + 1) / groups;
    shown.push_back(*std::max_element(begin, end, [&](int32_t a, int32_t b) { return liveBytes(a) < liveBytes(b); }));
  }
  return shown;
}

/// Indices of the buffers with bytes as the list shows them: by offset, then by time.
static std::vector<size_t> listedBuffers(const std::vector<Lifetime> &lifetimes, const Plan &plan) {
  std::vector<size_t> listed;
  for (size_t i = 0; i < lifetimes.size(); ++i)
    if (lifetimes[i].sizeBytes > 0)
      listed.push_back(i);
  std::sort(listed.begin(), listed.end(), [&](size_t a, size_t b) {
    return std::make_tuple(plan.offsets[a], lifetimes[a].firstStep, a) < std::make_tuple(plan.offsets[b], lifetimes[b].firstStep, b);
  });
  return listed;
}

std::string mcuform::printPlan(const std::vector<Lifetime> &lifetimes, const Plan &plan, const PrintOptions &options) {
  std::string text = "arena " + std::to_string(plan.totalBytes) + " bytes, lower bound " + std::to_string(plan.lowerBoundBytes) + ", gap " +
                     std::to_string(plan.gapBytes()) + (plan.isOptimal && plan.gapBytes() > 0 ? " (no smaller plan exists)" : "") + "\n";
  std::vector<size_t> listed = listedBuffers(lifetimes, plan);
  if (listed.empty())
    return text;

  const std::vector<int32_t> steps = shownSteps(lifetimes, options.columns);
  const int64_t rows = std::min<int64_t>(std::max(options.rows, 1), plan.totalBytes);
  const size_t width = std::to_string(plan.totalBytes).size();
  for (int64_t row = rows - 1; row >= 0; --row) {
    int64_t cellBegin = plan.totalBytes * row / rows, cellEnd = plan.totalBytes * (row + 1) / rows;
    text += rightAligned(std::to_string(cellBegin), width) + " |";
    for (int32_t step : steps) {
      char shown = '.';
      int64_t most = 0;
      for (size_t k = 0; k < listed.size(); ++k) {
        const Lifetime &buffer = lifetimes[listed[k]];
        int64_t begin = plan.offsets[listed[k]], end = begin + buffer.sizeBytes;
        int64_t covered = std::min(end, cellEnd) - std::max(begin, cellBegin);
        if (!isLive(buffer, step) || covered <= most)
          continue;
        most = covered;
        shown = kLetters[k % kLetterCount];
      }
      text += shown;
    }
    text += "|\n";
  }
  text += std::string(width, ' ') + "  steps " + std::to_string(steps.front()) + " to " + std::to_string(steps.back()) + "\n";

  for (size_t k = 0; k < listed.size(); ++k) {
    const Lifetime &buffer = lifetimes[listed[k]];
    int64_t begin = plan.offsets[listed[k]];
    text += std::string("  ") + kLetters[k % kLetterCount] + " " + rightAligned(std::to_string(begin), width) + " .. " +
            rightAligned(std::to_string(begin + buffer.sizeBytes), width) + "  " + rightAligned(std::to_string(buffer.sizeBytes), width) +
            " bytes, steps " + std::to_string(buffer.firstStep) + " to " + std::to_string(buffer.lastStep) + "  " + buffer.name + "\n";
  }
  return text;
}
