// How many bytes of code and constants a package adds to a linked program, from the map that the linker wrote.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_CODESIZE_H
#define MCUFORM_COMPILER_DRIVER_RUN_CODESIZE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>

namespace mcuform {

/// In bytes; weights are in none.
struct CodeSize {
  uint64_t code = 0;
  uint64_t tables = 0; ///< constants
  uint64_t runtime = 0; ///< what of both is not the network's own, <name>.cpp: kernels, their tables, the compiler's library
  uint64_t data = 0;   ///< variables, initialized or not
};

/// `map` is what GNU ld writes for -Map. Counts the package's library, lib<name>.a, and the compiler's own, libgcc.a. An error where it is no
/// such map.
llvm::Expected<CodeSize> computeCodeSize(llvm::StringRef map, llvm::StringRef packageName);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_CODESIZE_H
