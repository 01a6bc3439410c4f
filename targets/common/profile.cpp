// The hooks of mcuform/profile.h, by the board's counter of instructions.
//
// What they take is found out by calling them around nothing: how many instructions each count includes beside those of the call, and how
// many a pair of hooks takes as a whole. They have no branches, so that every pair takes the same.
#include "profile.h"
#include "package_binding.h"
#include "platform.h"

#ifdef MCUFORM_PROFILE

namespace mcuform::target {

namespace {

struct Count {
  uint64_t instructions;
  uint32_t runs;
};
Count counts[package::call_count];
uint32_t began;

int no_hooks(void *, int16_t *) { return 0; }
int empty_pair(void *, int16_t *) {
  mcuform_profile_begin(package::calls);
  mcuform_profile_end(package::calls);
  return 0;
}

uint64_t instructions_of(ModelEntry entry) {
  uint64_t instructions = 0;
  call_counted(entry, nullptr, nullptr, &instructions);
  return instructions;
}

} // namespace

void start_profile() {
  for (Count &count : counts)
    count = {};
}

void record_profile(Record record) {
  const Count first = counts[0];
  counts[0] = {};
  const uint64_t pair = instructions_of(empty_pair) - instructions_of(no_hooks), included = counts[0].instructions;
  counts[0] = first;
  uint64_t runs = 0;
  for (const Count &count : counts) {
    record("call_runs", count.runs);
    record("call_instructions", count.instructions - count.runs * included);
    runs += count.runs;
  }
  record("hook_instructions", runs * pair);
}

} // namespace mcuform::target

using namespace mcuform::target;

extern "C" void mcuform_profile_begin(const mcuform_call *) { began = ticks_now(); }

extern "C" void mcuform_profile_end(const mcuform_call *call) {
  const uint32_t ended = ticks_now();
  Count &count = counts[call - package::calls];
  count.instructions += instructions_between(began, ended);
  ++count.runs;
}

#else

namespace mcuform::target {
void start_profile() {}
void record_profile(Record) {}
} // namespace mcuform::target

#endif
