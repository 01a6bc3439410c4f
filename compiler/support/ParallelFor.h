// A parallel loop whose result does not depend on the number of threads.
//
// Used where the compiler works on many independent items: calibration images, weight tensors, layers of the reference.
// Invariant: fn(i) writes to slots of index i only; then outputs are the same bytes for every thread count.
#ifndef MCUFORM_COMPILER_SUPPORT_PARALLELFOR_H
#define MCUFORM_COMPILER_SUPPORT_PARALLELFOR_H

#include "llvm/ADT/STLFunctionalExtras.h"

#include <cstddef>

namespace mcuform {

/// Threads a loop uses unless told otherwise: the last setDefaultThreadCount(), else the environment's MCUFORM_THREADS, else the machine's.
unsigned defaultThreadCount();

/// Sets the process-wide default, for a command line option; 0 takes it back.
void setDefaultThreadCount(unsigned threadCount);

/// Calls fn(0) ... fn(n - 1), each once, and returns when all are done. A loop inside a loop runs on its caller's thread alone.
/// If calls throw, no further ones are begun and the exception of the lowest throwing index is rethrown, which is the same one every time.
void parallelFor(size_t n, llvm::function_ref<void(size_t)> fn, unsigned threadCount = 0);

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_PARALLELFOR_H
