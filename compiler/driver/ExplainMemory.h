// The memory plan as text, for --explain=memory.
#ifndef MCUFORM_COMPILER_DRIVER_EXPLAINMEMORY_H
#define MCUFORM_COMPILER_DRIVER_EXPLAINMEMORY_H

#include "mlir/IR/BuiltinOps.h"

#include <string>

namespace mcuform {

/// Of a module that has been scheduled and planned: totals, what is alive at the peak, a map of the arena over time, all buffers; then what
/// one inference reads of the weights in `flashRegion`, by layer.
std::string explainMemory(mlir::ModuleOp module, llvm::StringRef flashRegion);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_EXPLAINMEMORY_H
