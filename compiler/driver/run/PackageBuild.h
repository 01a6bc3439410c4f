// From a package to a program that runs it on a target.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_PACKAGEBUILD_H
#define MCUFORM_COMPILER_DRIVER_RUN_PACKAGEBUILD_H

#include "compiler/driver/run/PackageReport.h"
#include "compiler/support/TargetDescription.h"

namespace mcuform {

/// What the package tells the harness while it runs.
enum class Hooks {
  None,
  Profile, ///< mcuform/profile.h
  Observe, ///< mcuform/observe.h
};

/// Builds the target's harness with the package in it, by CMake, in `buildDirectory` (created if need be; what an earlier call left there
/// is used again). Returns the program's path. Errors carry what the tools wrote.
llvm::Expected<std::string> buildHarness(const PackageReport &report, const TargetDescription &target, llvm::StringRef buildDirectory,
                                         Hooks hooks = Hooks::None);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_PACKAGEBUILD_H
