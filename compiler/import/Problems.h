/// Where the parts of the importer report what is wrong with a file.
#ifndef MCUFORM_COMPILER_IMPORT_PROBLEMS_H
#define MCUFORM_COMPILER_IMPORT_PROBLEMS_H

#include "compiler/support/DiagnosticCodes.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"

#include <optional>
#include <string>

namespace mcuform {

/// `name` made safe to print: names come from the file and may hold control characters or megabytes.
std::string printable(llvm::StringRef name);

/// The same in single quotes.
std::string quoted(llvm::StringRef name);

/// An error being written; it is emitted at the end of the statement. Unlike a bare InFlightDiagnostic it may be one that is not shown.
class Report {
public:
  Report() = default;
  explicit Report(mlir::InFlightDiagnostic diagnostic) : diagnostic(std::move(diagnostic)) {}

  template <typename T> Report &operator<<(T &&part) {
    if (diagnostic)
      *diagnostic << std::forward<T>(part);
    return *this;
  }

private:
  std::optional<mlir::InFlightDiagnostic> diagnostic;
};

/// Counts and emits the errors of one import. A damaged file can have one per byte, so that only the first are shown and finish() says how
/// many were not.
class Problems {
public:
  Problems(mlir::MLIRContext &context, llvm::StringRef path);

  /// An error about the node, tensor or value of that name. Not shown once enough have been.
  Report report(Code code, llvm::StringRef name);

  /// An error about the file as a whole.
  Report reportFile(Code code);

  /// A warning, which does not count.
  mlir::InFlightDiagnostic warn();

  void finish();
  bool any() const { return count != 0; }
  /// Whether the graph makes sense in spite of its problems, so that more of them can be looked for in what is readable of it.
  bool leaveGraph() const { return !isBroken; }
  mlir::Location getFileLocation() const { return fileLocation; }

private:
  Report report(Code code, mlir::Location location);

  mlir::Location fileLocation;
  size_t count = 0;
  bool isBroken = false;
};

} // namespace mcuform

#endif
