#include "test/unit/PlannerCases.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace mcuform;
using namespace mcuform::test;

std::vector<VitShape> test::vitShapes() {
  return {
      {"DeiT-Tiny, int16 residual, block 4", 197, 192, 3, 768, 10752, 150528, 4, 12, 2, false},
      {"DeiT-Tiny, int16 residual, block 12, image resident", 197, 192, 3, 768, 10752, 150528, 12, 12, 2, true},
      {"DeiT-Tiny, int8 residual, block 33", 197, 192, 3, 768, 10752, 150528, 33, 12, 1, false},
      {"P16 D192 H4 at 240 px", 226, 192, 4, 768, 11520, 172800, 8, 14, 2, true},
      {"P22 D216 H4", 122, 216, 4, 864, 15972, 174240, 5, 13, 2, false},
      {"DeiT-Small, block 7", 197, 384, 6, 1536, 10752, 150528, 7, 12, 2, false},
      {"odd sizes", 50, 33, 3, 131, 1521, 7605, 3, 3, 1, true},
  };
}

std::vector<Lifetime> test::vitLifetimes(const VitShape &shape, bool isUnrolled) {
  std::vector<Lifetime> lifetimes;
  int32_t step = 0;
  const int turns = isUnrolled ? 3 : 1;
  const int64_t t = shape.tokens, d = shape.width, b = shape.blockTokens;
  auto add = [&](const std::string &name, int64_t bytes, int32_t first, int32_t last) {
    lifetimes.push_back({name, bytes, 16, first, last});
  };

  for (int turn = 0; turn < turns; ++turn, ++step) {
    std::string suffix = "." + std::to_string(turn);
    if (!shape.isImageResident)
      add("strip" + suffix, shape.patchRowBytes, step, step);
    add("unfold" + suffix, shape.patchRowBytes / 14 * 2, step, step);
  }
  if (shape.isImageResident)
    add("image", shape.imageBytes, 0, step - 1);
  for (int block = 0; block < shape.blocks; ++block) {
    std::string prefix = "block" + std::to_string(block) + ".";
    int32_t begin = step;
    for (int turn = 0; turn < turns; ++turn, step += 2) {
      std::string suffix = "." + std::to_string(turn);
      add(prefix + "y1" + suffix, b * d * 2, step, step + 1);
    }
    for (int turn = 0; turn < turns; ++turn, step += 6) {
      std::string suffix = "." + std::to_string(turn);
      add(prefix + "y2" + suffix, b * d * 2, step, step);
      add(prefix + "q" + suffix, b * d * 2, step, step + 1);
      add(prefix + "scores" + suffix, b * t * 2, step + 1, step + 2);
      add(prefix + "sums" + suffix, b * 4, step + 1, step + 2);
      add(prefix + "ctx" + suffix, b * d * 2, step + 1, step + 3);
      add(prefix + "y3" + suffix, b * d * 2, step + 4, step + 5);
      add(prefix + "hidden" + suffix, b * shape.hidden * 2, step + 5, step + 5);
    }
    // K and V die after the last turn of the attention, whose MLP follows in the same turn.
    int64_t keyBytes = (t + 1) / 2 * 2 * d;
    add(prefix + "k", keyBytes, begin, step - 3);
    add(prefix + "v", keyBytes, begin, step - 3);
  }
  add("logits", 4000, step, step);
  add("x", t * d * shape.residualBytesPerElement, 0, step);
  return lifetimes;
}

std::vector<Lifetime> test::randomLifetimes(Random &random, int maxCount) {
  const int count = static_cast<int>(random.between(1, maxCount));
  const int steps = static_cast<int>(random.between(1, 2 * count + 2));
  const int64_t maxSize = random.oneIn(3) ? 8 : random.oneIn(2) ? 1000 : 200000;
  const bool hasMixedAlignment = random.oneIn(3), hasOddSizes = random.oneIn(3), hasFixed = random.oneIn(5), isLongLived = random.oneIn(3);
  const int64_t align = int64_t(1) << random.between(0, 5);
  std::vector<Lifetime> lifetimes;
  int64_t fixedEnd = 0;
  for (int i = 0; i < count; ++i) {
    Lifetime lifetime;
    lifetime.name = "b" + std::to_string(i);
    lifetime.alignBytes = hasMixedAlignment ? int64_t(1) << random.between(0, 6) : align;
    lifetime.sizeBytes = random.oneIn(30) ? 0 : random.between(1, maxSize);
    if (!hasOddSizes)
      lifetime.sizeBytes = (lifetime.sizeBytes + lifetime.alignBytes - 1) / lifetime.alignBytes * lifetime.alignBytes;
    lifetime.firstStep = static_cast<int32_t>(random.between(0, steps - 1));
    int64_t longest = isLongLived ? steps : std::max(1, steps / 4);
    lifetime.lastStep = static_cast<int32_t>(std::min<int64_t>(steps - 1, lifetime.firstStep + random.between(0, longest)));
    // Fixed buffers lie above each other, so that none of them collide.
    if (hasFixed && random.oneIn(4)) {
      int64_t gap = random.oneIn(2) ? 0 : random.between(0, maxSize);
      lifetime.fixedOffset = (fixedEnd + gap + lifetime.alignBytes - 1) / lifetime.alignBytes * lifetime.alignBytes;
      fixedEnd = *lifetime.fixedOffset + lifetime.sizeBytes;
    }
    lifetimes.push_back(std::move(lifetime));
  }
  return lifetimes;
}

/// The lowest aligned offset at which buffer `i` overlaps none of `placed` that lives with it: either 0 or just above one of them.
static int64_t lowestPlace(const std::vector<Lifetime> &lifetimes, const std::vector<int64_t> &offsets, const std::vector<int> &placed,
                           int i) {
  const Lifetime &buffer = lifetimes[i];
  auto livesWith = [&](int j) { return lifetimes[j].firstStep <= buffer.lastStep && buffer.firstStep <= lifetimes[j].lastStep; };
  int64_t best = std::numeric_limits<int64_t>::max();
  std::vector<int64_t> starts = {0};
  for (int j : placed)
    if (livesWith(j))
      starts.push_back((offsets[j] + lifetimes[j].sizeBytes + buffer.alignBytes - 1) / buffer.alignBytes * buffer.alignBytes);
  for (int64_t start : starts) {
    bool isFree = true;
    for (int j : placed)
      isFree &= !livesWith(j) || start + buffer.sizeBytes <= offsets[j] || offsets[j] + lifetimes[j].sizeBytes <= start;
    if (isFree)
      best = std::min(best, start);
  }
  return best;
}

int64_t test::bruteForceTotal(const std::vector<Lifetime> &lifetimes) {
  std::vector<int> movable, fixed;
  std::vector<int64_t> offsets(lifetimes.size(), 0);
  int64_t fixedEnd = 0;
  for (size_t i = 0; i < lifetimes.size(); ++i) {
    if (lifetimes[i].sizeBytes == 0) {
      fixedEnd = std::max(fixedEnd, lifetimes[i].fixedOffset.value_or(0));
      continue;
    }
    if (!lifetimes[i].fixedOffset) {
      movable.push_back(static_cast<int>(i));
      continue;
    }
    fixed.push_back(static_cast<int>(i));
    offsets[i] = *lifetimes[i].fixedOffset;
    fixedEnd = std::max(fixedEnd, offsets[i] + lifetimes[i].sizeBytes);
  }
  int64_t best = std::numeric_limits<int64_t>::max();
  do {
    std::vector<int> placed = fixed;
    int64_t total = fixedEnd;
    for (int i : movable) {
      offsets[i] = lowestPlace(lifetimes, offsets, placed, i);
      total = std::max(total, offsets[i] + lifetimes[i].sizeBytes);
      placed.push_back(i);
      if (total >= best)
        break;
    }
    best = std::min(best, total);
  } while (std::next_permutation(movable.begin(), movable.end()));
  return best;
}
