// The portable kernels against their definition: one test per line of kernels.def.
#include "mcuform/kernels.h"
#include "naive.h"
#include "support.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <vector>

namespace mcuform::test {
namespace {

std::vector<void *> blocks;

} // namespace

void *allocate_memory(size_t bytes) {
  blocks.push_back(std::malloc(bytes));
  return blocks.back();
}

void *allocate_guarded_memory(size_t bytes) { return allocate_memory(bytes); }

void release_memory() {
  for (void *block : blocks)
    std::free(block);
  blocks.clear();
}

namespace {

template <class Kernel> void hold_to_definition(Verdict (*check)(Kernel *, Kernel *, Random &), Kernel *definition, Kernel *kernel) {
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    Random random(seed);
    const Verdict verdict = check(definition, kernel, random);
    INFO("seed " << seed << ", case " << verdict.case_number << ", run " << verdict.run << ", " << verdict.output << "[" << verdict.index
                 << "]: expected " << verdict.expected << ", got " << verdict.actual);
    CHECK(verdict.equal);
  }
}

} // namespace

#define MCUFORM_KERNEL(name, params)                                                                                                       \
  TEST_CASE("kernel " #name " equals its definition", "[kernel]") { hold_to_definition<name##_type>(check_##name, naive::name, rt::name); }
#include "../../runtime/kernels.def"

} // namespace mcuform::test
