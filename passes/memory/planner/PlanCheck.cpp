#include "passes/memory/planner/PlanCheck.h"

#include <limits>

using namespace mcuform;

static std::string text(int64_t number) { return std::to_string(number); }

static std::string range(int64_t first, int64_t second) { return "[" + text(first) + ", " + text(second) + ")"; }

static void checkAlone(const Lifetime &buffer, int64_t offset, int64_t totalBytes, std::vector<std::string> &violations) {
  const std::string who = "buffer '" + buffer.name + "' ";
  if (buffer.sizeBytes < 0)
    violations.push_back(who + "has a size of " + text(buffer.sizeBytes) + " bytes");
  if (buffer.firstStep > buffer.lastStep)
    violations.push_back(who + "ends at step " + text(buffer.lastStep) + " before it begins at " + text(buffer.firstStep));
  if (offset < 0)
    violations.push_back(who + "has the negative offset " + text(offset));
  if (buffer.alignBytes <= 0)
    violations.push_back(who + "asks for an alignment of " + text(buffer.alignBytes) + " bytes");
  else if (offset % buffer.alignBytes != 0)
    violations.push_back(who + "at offset " + text(offset) + " is not aligned to " + text(buffer.alignBytes) + " bytes");
  if (buffer.fixedOffset && *buffer.fixedOffset != offset)
    violations.push_back(who + "is at offset " + text(offset) + ", fixed at " + text(*buffer.fixedOffset));
  // offset + size may overflow for a broken plan, the difference may not.
  if (offset >= 0 && buffer.sizeBytes >= 0 && (offset > totalBytes || buffer.sizeBytes > totalBytes - offset))
    violations.push_back(who + "at offset " + text(offset) + " with " + text(buffer.sizeBytes) +
                         " bytes exceeds the total of " + text(totalBytes));
}

/// offset + size, or the largest number there is where a broken plan makes that overflow.
static int64_t endOf(int64_t offset, int64_t size) {
  constexpr int64_t kLargest = std::numeric_limits<int64_t>::max();
  return offset > kLargest - size ? kLargest : offset + size;
}

static bool areAliveTogether(const Lifetime &a, const Lifetime &b) {
  bool endsBefore = a.lastStep < b.firstStep;
  bool beginsAfter = a.firstStep > b.lastStep;
  return !endsBefore && !beginsAfter;
}

std::vector<std::string> mcuform::checkPlan(const std::vector<Lifetime> &lifetimes, const std::vector<int64_t> &offsets,
                                            int64_t totalBytes) {
  std::vector<std::string> violations;
  if (offsets.size() != lifetimes.size()) {
    violations.push_back("plan has " + text(offsets.size()) + " offsets for " + text(lifetimes.size()) + " buffers");
    return violations;
  }
  for (size_t i = 0; i < lifetimes.size(); ++i)
    checkAlone(lifetimes[i], offsets[i], totalBytes, violations);

  for (size_t i = 0; i < lifetimes.size(); ++i) {
    for (size_t j = i + 1; j < lifetimes.size(); ++j) {
      const Lifetime &a = lifetimes[i], &b = lifetimes[j];
      if (a.sizeBytes <= 0 || b.sizeBytes <= 0 || !areAliveTogether(a, b))
        continue;
      int64_t aEnd = endOf(offsets[i], a.sizeBytes), bEnd = endOf(offsets[j], b.sizeBytes);
      if (offsets[i] < bEnd && offsets[j] < aEnd)
        violations.push_back("buffers '" + a.name + "' at " + range(offsets[i], aEnd) + " and '" + b.name + "' at " +
                             range(offsets[j], bEnd) + " overlap while both are alive");
    }
  }
  return violations;
}

std::vector<std::string> mcuform::checkRegions(const std::vector<Lifetime> &lifetimes, const std::vector<size_t> &regions,
                                               const std::vector<int64_t> &offsets, const std::vector<RegionClaim> &claims) {
  std::vector<std::string> violations;
  if (offsets.size() != lifetimes.size() || regions.size() != lifetimes.size()) {
    violations.push_back("plan has " + text(offsets.size()) + " offsets and " + text(regions.size()) + " regions for " +
                         text(lifetimes.size()) + " buffers");
    return violations;
  }
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    const Lifetime &buffer = lifetimes[i];
    if (regions[i] >= claims.size())
      violations.push_back("buffer '" + buffer.name + "' is in region " + text(regions[i]) + " of " + text(claims.size()));
    if (buffer.sameRegionAs && regions[i] != regions[*buffer.sameRegionAs])
      violations.push_back("buffers '" + buffer.name + "' and '" + lifetimes[*buffer.sameRegionAs].name + "' are not in one region");
  }
  for (size_t region = 0; region < claims.size(); ++region) {
    const RegionClaim &claim = claims[region];
    std::vector<Lifetime> inside;
    std::vector<int64_t> offsetsInside;
    for (size_t i = 0; i < lifetimes.size(); ++i) {
      if (regions[i] != region)
        continue;
      inside.push_back(lifetimes[i]);
      offsetsInside.push_back(offsets[i]);
    }
    for (const std::string &violation : checkPlan(inside, offsetsInside, claim.totalBytes))
      violations.push_back("in region '" + claim.name + "': " + violation);
    if (claim.totalBytes > claim.capacityBytes)
      violations.push_back("region '" + claim.name + "' has " + text(claim.capacityBytes) + " bytes, the plan takes " +
                           text(claim.totalBytes));
  }
  return violations;
}
