// When each buffer of a scheduled function is alive.
//
// A step is a call, numbered in the order of the text. A buffer that is defined outside of a loop and touched inside is alive for the whole
// loop: what one iteration leaves, the next may read. One that is defined inside holds nothing from one iteration to the next, which
// mcuf-verify-scheduled proves.
#ifndef MCUFORM_PASSES_MEMORY_LIFETIMES_H
#define MCUFORM_PASSES_MEMORY_LIFETIMES_H

#include "dialects/mcurt/McurtDialect.h"
#include "passes/memory/planner/Planner.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform {

struct BufferLifetimes {
  llvm::SmallVector<mcurt::BufferOp> buffers; ///< in the order of the text
  std::vector<Lifetime> lifetimes;            ///< one a buffer
  int32_t stepCount = 0;

  size_t indexOf(mcurt::BufferOp buffer) const { return llvm::find(buffers, buffer) - buffers.begin(); }
};

BufferLifetimes computeLifetimes(mlir::func::FuncOp function);

} // namespace mcuform

#endif // MCUFORM_PASSES_MEMORY_LIFETIMES_H
