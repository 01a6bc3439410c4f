// A plan as text for the memory report: a map of the arena over time and the list of buffers.
#ifndef MCUFORM_PASSES_MEMORY_PLANNER_PLANPRINTER_H
#define MCUFORM_PASSES_MEMORY_PLANNER_PLANPRINTER_H

#include "passes/memory/planner/Planner.h"

namespace mcuform {

struct PrintOptions {
  int columns = 72; ///< at most so many moments of time side by side
  int rows = 24;    ///< the arena's bytes are divided among so many lines
};

/// Time runs to the right, addresses upwards. A cell shows the letter of the buffer with the most bytes in it, '.' where none has any; the
/// list below explains the letters. Ends in a newline.
std::string printPlan(const std::vector<Lifetime> &lifetimes, const Plan &plan, const PrintOptions &options = {});

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_PLANNER_PLANPRINTER_H
