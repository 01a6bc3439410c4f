// Lifetimes for planner tests: small vision transformers, random graphs, and the optimum of small problems by trying everything.
#ifndef MCUFORM_TEST_UNIT_PLANNERCASES_H
#define MCUFORM_TEST_UNIT_PLANNERCASES_H

#include "passes/memory/planner/Planner.h"

#include <random>

namespace mcuform::test {

/// Numbers that are the same on every platform; the standard's distributions are not.
struct Random {
  explicit Random(unsigned seed) : engine(seed) {}
  int64_t between(int64_t low, int64_t high) { return low + static_cast<int64_t>(engine() % static_cast<uint64_t>(high - low + 1)); }
  bool oneIn(int n) { return between(1, n) == 1; }
  std::mt19937_64 engine;
};

/// A vision transformer as the scheduler lays it out: residual stream in place, K and V for all tokens, the rest per token block.
struct VitShape {
  const char *name;
  int64_t tokens, width, heads, hidden, patchRowBytes, imageBytes, blockTokens;
  int blocks, residualBytesPerElement;
  bool isImageResident; ///< the whole image is in memory while its tokens are made
};

std::vector<VitShape> vitShapes();

/// Steps of a token loop get lifetimes of their own for each block; `isUnrolled` repeats the transients for three turns of each loop.
std::vector<Lifetime> vitLifetimes(const VitShape &shape, bool isUnrolled);

/// A random problem of 1 to maxCount buffers. Some are all alike, some have mixed alignments, some odd sizes, some fixed buffers.
std::vector<Lifetime> randomLifetimes(Random &random, int maxCount);

/// The smallest total there is, by placing the buffers in every order at the lowest place; for up to 8 movable buffers.
int64_t bruteForceTotal(const std::vector<Lifetime> &lifetimes);

} // namespace mcuform::test

#endif // MCUFORM_TEST_UNIT_PLANNERCASES_H
