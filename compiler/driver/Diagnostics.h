// MLIR diagnostics as a command-line tool shows them: severity, where in the ONNX graph, what and what to do.
#ifndef MCUFORM_COMPILER_DRIVER_DIAGNOSTICS_H
#define MCUFORM_COMPILER_DRIVER_DIAGNOSTICS_H

#include "compiler/support/DiagnosticCodes.h"

#include "mlir/IR/Diagnostics.h"

#include <string>
#include <vector>

namespace mcuform {

/// The ONNX node names of a location, at most three of a fused one ("a, b, c and 4 more"); a file where there is no name; empty if unknown.
std::string describeLocation(mlir::Location location);

/// "error: node 'x': message [MCF0103]" and one line per note. An error without a number gets `otherwise`.
std::string renderDiagnostic(mlir::Diagnostic &diagnostic, Code otherwise = Code::Internal);

/// Collects what is reported in its lifetime, in order, and counts the errors.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);
  /// The number of errors that come without one from now on: that of the phase.
  void setPhaseCode(Code code) { phaseCode = code; }
  const std::string &text() const { return collected; }
  unsigned errorCount() const { return errors; }
  void clear() {
    collected.clear();
    entries.clear();
  }

  /// An error that has no place in the IR, e.g. "cannot write 'x'".
  void addError(Code code, llvm::StringRef message);

  /// All of it as JSON: {"model": ..., "diagnostics": [{"severity", "code", "message", "nodes", "page", "notes"}]}.
  std::string json(llvm::StringRef model) const;

private:
  struct Entry {
    std::string severity, code, message;
    std::vector<std::string> nodes, notes;
  };
  static Entry entryOf(mlir::Diagnostic &diagnostic, Code otherwise);

  std::string collected;
  std::vector<Entry> entries;
  unsigned errors = 0;
  Code phaseCode = Code::Internal;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace mcuform

#endif
