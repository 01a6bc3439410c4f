// A program run to its end, watched meanwhile.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_PROCESS_H
#define MCUFORM_COMPILER_DRIVER_RUN_PROCESS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mcuform {

/// Runs words[0] with the other words as arguments in `directory`; its standard output and error are added to the file `logPath`.
/// `watch` is called some twenty times a second; as soon as it returns an error, or a person interrupts us, the program and its children
/// are killed and the error is returned. Returns the exit status, or 128 + the signal that ended the program.
llvm::Expected<int> runProcess(llvm::ArrayRef<std::string> words, llvm::StringRef directory, llvm::StringRef logPath,
                               llvm::function_ref<llvm::Error()> watch);

/// A directory of its own for files that nobody wants to keep, removed with the object.
class TemporaryDirectory {
public:
  static llvm::Expected<TemporaryDirectory> create();
  TemporaryDirectory(TemporaryDirectory &&other) : path_(std::move(other.path_)) { other.path_.clear(); }
  TemporaryDirectory &operator=(TemporaryDirectory &&) = delete;
  ~TemporaryDirectory();

  const std::string &path() const { return path_; }
  std::string file(llvm::StringRef name) const;

private:
  explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_PROCESS_H
