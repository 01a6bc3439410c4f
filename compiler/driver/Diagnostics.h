// MLIR diagnostics as a command-line tool shows them: severity, where in the ONNX graph, what and what to do.
#ifndef MCUFORM_COMPILER_DRIVER_DIAGNOSTICS_H
#define MCUFORM_COMPILER_DRIVER_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

#include <string>

namespace mcuform {

/// The ONNX node names of a location, at most three of a fused one ("a, b, c and 4 more"); a file where there is no name; empty if unknown.
std::string describeLocation(mlir::Location location);

/// "error: node 'x': message" and one line per note.
std::string renderDiagnostic(mlir::Diagnostic &diagnostic);

/// Collects what is reported in its lifetime, in order, and counts the errors.
class DiagnosticCollector {
public:
  explicit DiagnosticCollector(mlir::MLIRContext *context);
  const std::string &text() const { return collected; }
  unsigned errorCount() const { return errors; }
  void clear() { collected.clear(); }

private:
  std::string collected;
  unsigned errors = 0;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace mcuform

#endif
