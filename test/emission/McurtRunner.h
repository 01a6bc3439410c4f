// Runs a scheduled function on the host with the runtime's own kernels, without emitting it.
#ifndef MCUFORM_TEST_EMISSION_MCURTRUNNER_H
#define MCUFORM_TEST_EMISSION_MCURTRUNNER_H

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>

namespace mcuform::test {

/// Where buffers are while a function runs.
enum class Placement {
  Planned, ///< at their offsets in one arena
  Apart,   ///< each on the heap for itself, where a sanitizer sees every access beyond it
};

/// The bytes that the function writes to its output. Memory is full of garbage at the start.
std::string runMcurt(mlir::func::FuncOp function, llvm::StringRef image, Placement placement);

} // namespace mcuform::test

#endif
