// A directory of output files, written completely or not at all.
//
// The emitter hands every file of a package over before the first byte is written; only then commit() touches the file system.
// Invariant: after a failed commit() the file system is as before, and no file that the package does not name is ever touched.
#ifndef MCUFORM_COMPILER_SUPPORT_ATOMICOUTPUT_H
#define MCUFORM_COMPILER_SUPPORT_ATOMICOUTPUT_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <map>
#include <string>

namespace mcuform {

class AtomicOutput {
public:
  /// Files go to `directory`, which commit() creates if need be, parents included.
  explicit AtomicOutput(llvm::StringRef directory) : directory(directory.str()) {}

  /// Takes a file. `path` is relative to the directory, with '/' between components; no component may be "." or "..".
  /// Adding a path twice is an error.
  llvm::Error add(llvm::StringRef path, std::string contents);

  /// Writes all files. A new directory appears in one step; in an existing one the files are written aside and then renamed over
  /// those of the same name, and put back if a rename fails. A file that already has the right bytes keeps its time stamp, so that a
  /// user's build does not recompile it. May be called again after a failure.
  llvm::Error commit();

  const std::map<std::string, std::string> &fileContents() const { return files; }

private:
  std::string directory;
  std::map<std::string, std::string> files; ///< by path; sorted, hence a fixed order of all operations
};

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_ATOMICOUTPUT_H
