// Proof that an input may lie over the buffer that overwrites it.
//
// The calls are followed in the order in which they run, with the values of their indices; bytes of the input are marked as they are
// overwritten, and no call may read a marked one. Shares no code with the choice of the lead in passes/schedule.
#ifndef MCUFORM_PASSES_MEMORY_OVERWRITECHECK_H
#define MCUFORM_PASSES_MEMORY_OVERWRITECHECK_H

#include "dialects/mcurt/McurtDialect.h"

#include <string>
#include <vector>

namespace mcuform {

/// All kinds of violations, one sentence each; empty where `input`, which lies over a buffer, is read before it is overwritten. Both have
/// offsets.
std::vector<std::string> checkOverwrite(mcurt::BufferOp input);

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_OVERWRITECHECK_H
