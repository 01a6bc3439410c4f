// Runs a built package over all images, in one start of the board or of QEMU, and collects what the harness measured.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_PACKAGERUN_H
#define MCUFORM_COMPILER_DRIVER_RUN_PACKAGERUN_H

#include "compiler/driver/run/PackageReport.h"
#include "compiler/support/TargetDescription.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <optional>

namespace mcuform {

struct RunRequest {
  std::string program;         ///< what buildHarness() built
  llvm::ArrayRef<char> images; ///< uint8 NHWC or sequences of int16, a multiple of the report's inputBytes()
  double secondsPerImage = 0;  ///< the run is given up when none is finished for so long
};

struct RunResult {
  std::vector<int16_t> logits;        ///< [images][outputCount]
  std::vector<uint64_t> instructions; ///< per image, exact; empty where the target does not count them
  std::optional<uint64_t> arenaHighWaterBytes; ///< of all arenas together
  std::vector<uint64_t> arenaHighWater;        ///< of each
  std::optional<uint64_t> stackHighWaterBytes; ///< below the caller's frame
  // Of a package built with profile, over all images: each of the report's calls without the hooks, and all hooks together.
  std::vector<uint64_t> callRuns, callInstructions;
  std::optional<uint64_t> hookInstructions;
  std::vector<char> layerValues; ///< of a package built to observe: what targets/common/observe.cpp wrote
};

/// `progress` is called with the number of images finished. A model that faults, oversteps its memory or does not give the same logits
/// twice is a BugError with the harness's words.
llvm::Expected<RunResult> runPackage(const PackageReport &report, const TargetDescription &target, const RunRequest &request,
                                     llvm::function_ref<void(uint64_t done)> progress);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_PACKAGERUN_H
