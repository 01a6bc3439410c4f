// What a linked program takes of each of a board's memories.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_MEMORYMAP_H
#define MCUFORM_COMPILER_DRIVER_RUN_MEMORYMAP_H

#include "compiler/support/TargetDescription.h"

namespace mcuform {

struct RegionUse {
  MemoryRegion region;
  uint64_t usedBytes = 0; ///< in SRAM, the stack's reserve included
};

/// By the program's section table. Empty for a program that is not of the board's kind: one of the machine that compiles has no such map.
llvm::Expected<std::vector<RegionUse>> readMemoryMap(llvm::StringRef program, const TargetDescription &target);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_MEMORYMAP_H
