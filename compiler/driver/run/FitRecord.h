// The proof that a package fits its target's memory: made from the program that was linked for it, and written into the package.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_FITRECORD_H
#define MCUFORM_COMPILER_DRIVER_RUN_FITRECORD_H

#include "compiler/driver/run/CodeSize.h"
#include "compiler/driver/run/PackageReport.h"
#include "compiler/driver/run/StackBound.h"
#include "compiler/support/TargetDescription.h"

#include <optional>

namespace mcuform {

struct LinkedFit {
  StackBound stack;
  CodeSize size;
};

/// What the package takes as linked in `program`, built in `buildDirectory`. An error where that is more than the target has or, on the
/// package's own target, than its limits allow. Nothing for a program that is not of a 32-bit Arm.
llvm::Expected<std::optional<LinkedFit>> proveFit(const PackageReport &report, const TargetDescription &target, llvm::StringRef program,
                                                  llvm::StringRef buildDirectory);

/// Writes it to "fit" of the package's report.json and to <name>_fit.h, so that the firmware's build checks it too.
llvm::Error recordFit(const PackageReport &report, const LinkedFit &fit);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_FITRECORD_H
