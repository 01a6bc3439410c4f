// The most stack that a function and all that it calls can take, proved from the instructions of the linked program.
//
// Works on what objdump prints for a Cortex-M: assembly written by hand and the compiler's own library are covered like everything else,
// and no compiler option is needed. docs/memory.md says what is proved.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_STACKBOUND_H
#define MCUFORM_COMPILER_DRIVER_RUN_STACKBOUND_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mcuform {

struct StackUse {
  std::string function; ///< as the program's symbols spell it
  uint64_t bytes = 0;   ///< that it has taken when it calls the next one; of the last one, all that it takes
};

struct StackBound {
  uint64_t bytes = 0;           ///< below the caller's stack pointer, without the frames of interrupts
  std::vector<StackUse> deepest; ///< from the entry to the function where the stack is deepest
};

/// `disassembly` is the output of "objdump -d --no-show-raw-insn". An error names the function and the instruction that stand against a
/// bound: recursion, a call or jump by way of a register, a stack pointer that is computed.
llvm::Expected<StackBound> computeStackBound(llvm::StringRef disassembly, llvm::StringRef entry);

/// Of the one of `entries` in a linked program that takes most, by the objdump of the toolchain that built it in `buildDirectory`. Nothing
/// for a program that is not of a 32-bit Arm. `withMve`: the core has the vector instructions of ARMv8.1-M.
llvm::Expected<std::optional<StackBound>> readStackBound(llvm::StringRef program, llvm::StringRef buildDirectory,
                                                       llvm::ArrayRef<std::string> entries, bool withMve);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_STACKBOUND_H
