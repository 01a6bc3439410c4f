// Instructions of each call of a kernel, where the package is compiled with MCUFORM_PROFILE; does nothing elsewhere.
#ifndef MCUFORM_TARGETS_COMMON_PROFILE_H
#define MCUFORM_TARGETS_COMMON_PROFILE_H

#include <cstdint>

namespace mcuform::target {

/// Takes `number` in; `key` says what it is.
using Record = void (*)(const char *key, uint64_t number);

/// What comes is counted, what came is forgotten.
void start_profile();
/// For each call in the order of the package's table "call_runs" and "call_instructions", without what the hooks took; then
/// "hook_instructions", what all of them took together.
void record_profile(Record record);

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_COMMON_PROFILE_H
