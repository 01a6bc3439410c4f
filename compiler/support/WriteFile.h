// One output file, written completely or not at all.
//
// Every tool of the compiler that writes a single file goes through here; packages of several files use AtomicOutput.
// Invariant: under the final name there is the old content or the new one, never a part of it.
#ifndef MCUFORM_COMPILER_SUPPORT_WRITEFILE_H
#define MCUFORM_COMPILER_SUPPORT_WRITEFILE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>
#include <system_error>

namespace mcuform {

/// Writes the concatenation of `pieces` to `path`, replacing what is there. The bytes go to a temporary sibling first, which is removed on
/// failure. A `path` that exists and is no regular file (a pipe, /dev/stdout) is written directly, since a rename would replace the device
/// itself.
llvm::Error writeFile(llvm::StringRef path, llvm::ArrayRef<llvm::StringRef> pieces);

/// Reads a whole file; the error carries the path. Works on pipes too.
llvm::Expected<std::string> readFile(llvm::StringRef path);

/// The path of `file` in `directory`.
std::string joinPath(llvm::StringRef directory, llvm::StringRef file);

/// path.tmp-<random>: a name for a temporary sibling. (LLVM's createUniqueFile would also replace every '%' of the user's path.)
/// Another process may choose the same one, so create it exclusively and try up to kMaxTemporaryNames times.
std::string temporaryName(llvm::StringRef path);
inline constexpr int kMaxTemporaryNames = 64;

/// An error whose text is "path: message", the form of all file diagnostics.
llvm::Error fileError(llvm::StringRef path, const llvm::Twine &message);
llvm::Error fileError(llvm::StringRef path, std::error_code code);

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_WRITEFILE_H
