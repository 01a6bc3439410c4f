// What a package may take of its target's memory, and what its code, linked for that target, was proved to take.
//
// The limits are known to mcuformc, the proof needs a linked program and comes from mcuform-run: both write <name>_fit.h, here.
#ifndef MCUFORM_COMPILER_SUPPORT_FIT_H
#define MCUFORM_COMPILER_SUPPORT_FIT_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mcuform {

/// In bytes.
struct FitLimits {
  uint64_t arena = 0; ///< of all arenas together
  uint64_t sram = 0;  ///< of arenas, static data and stack together
  uint64_t flash = 0; ///< of weights, code and tables together, in all kinds of flash
};

/// In bytes.
struct FitProof {
  uint64_t stack = 0;  ///< the most that a call of the package's functions takes, without the frames of interrupts
  uint64_t code = 0;   ///< that is linked, with what the compiler's own library adds to it
  uint64_t tables = 0; ///< constants beside the weights
};

/// The text of <name>_fit.h, which <name>.h includes behind its own constants: what is known, each sum held to its limit by a static_assert.
std::string fitHeader(llvm::StringRef name, llvm::StringRef targetName, const FitLimits &limits, const std::optional<FitProof> &proof);

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_FIT_H
