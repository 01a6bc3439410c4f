// Numbers of diagnostics (MCF0101), by which a user finds the page and a script the kind of problem.
//
// A diagnostic carries its number at the beginning of its text until it is shown, since MLIR's diagnostics have no field for one.
#ifndef MCUFORM_COMPILER_SUPPORT_DIAGNOSTICCODES_H
#define MCUFORM_COMPILER_SUPPORT_DIAGNOSTICCODES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>

namespace mcuform {

enum class Code : int {
#define MCUFORM_DIAGNOSTIC(number, name, title, explanation) name = number,
#include "compiler/support/DiagnosticCodes.def"
#undef MCUFORM_DIAGNOSTIC
};

struct CodeInfo {
  Code code;
  llvm::StringRef title;
  llvm::StringRef explanation;
};

/// In the order of their numbers.
llvm::ArrayRef<CodeInfo> getCodes();

/// "MCF0101".
std::string nameOf(Code code);

/// What to put in front of a message: "MCF0101: ".
std::string tag(Code code);

/// Takes the tag off the front of `message`; nothing where there is none.
std::optional<Code> takeTag(llvm::StringRef &message);

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_DIAGNOSTICCODES_H
