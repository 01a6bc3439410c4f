// Whose fault an error is: the tool's exit status depends on it.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_FAULTS_H
#define MCUFORM_COMPILER_DRIVER_RUN_FAULTS_H

#include "llvm/ADT/Twine.h"
#include "llvm/Support/Error.h"

#include <string>

namespace mcuform {

/// Ours: a package that does not build, faults or oversteps its memory. Errors of no class of this file are those of the input or the
/// machine.
class BugError : public llvm::ErrorInfo<BugError> {
public:
  static char ID;
  explicit BugError(std::string message) : message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

private:
  std::string message;
};

/// A command line that cannot be meant.
class UsageError : public llvm::ErrorInfo<UsageError> {
public:
  static char ID;
  explicit UsageError(std::string message) : message(std::move(message)) {}
  void log(llvm::raw_ostream &os) const override { os << message; }
  std::error_code convertToErrorCode() const override { return llvm::inconvertibleErrorCode(); }

private:
  std::string message;
};

inline llvm::Error bug(const llvm::Twine &message) { return llvm::make_error<BugError>(message.str()); }
inline llvm::Error fault(const llvm::Twine &message) { return llvm::createStringError(llvm::inconvertibleErrorCode(), message); }

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_FAULTS_H
