// From a planned mcurt module to a package: sources, weights, build file and report that need nothing of the compiler.
//
// All decisions were made before; emission writes them down. Same module and options, same bytes: no dates, no paths, no addresses.
#ifndef MCUFORM_COMPILER_EMISSION_PACKAGE_H
#define MCUFORM_COMPILER_EMISSION_PACKAGE_H

#include "compiler/support/AtomicOutput.h"
#include "compiler/support/Fit.h"

#include "mlir/IR/BuiltinOps.h"

#include <map>

namespace mcuform {

struct EmissionOptions {
  std::string name;        ///< of the package, an identifier of C; prefix of everything that it defines
  std::string resourceDir; ///< holds runtime/
  std::string targetName;  ///< for the report
  std::string flashRegion; ///< of the target, where the weights lie; for the report
  FitLimits limits;
  std::map<std::string, int64_t> dims; ///< of the input, that the model leaves open; for the report
};

/// Adds all files of the package to `output`; the caller commits them. `module` has passed mcuf-verify-memory.
llvm::Error emitPackage(mlir::ModuleOp module, const EmissionOptions &options, AtomicOutput &output);

} // namespace mcuform

#endif // MCUFORM_COMPILER_EMISSION_PACKAGE_H
