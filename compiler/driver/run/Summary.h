// What mcuform-run tells: for people on the terminal, for programs as JSON.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_SUMMARY_H
#define MCUFORM_COMPILER_DRIVER_RUN_SUMMARY_H

#include "compiler/driver/run/FitRecord.h"
#include "compiler/driver/run/LayerValues.h"
#include "compiler/driver/run/MemoryMap.h"
#include "compiler/driver/run/PackageRun.h"
#include "compiler/driver/run/Profile.h"
#include "compiler/driver/run/Statistics.h"

#include "llvm/Support/raw_ostream.h"

namespace mcuform {

struct Summary {
  const PackageReport &report;
  const TargetDescription &target;
  int64_t imageCount = 0;
  const RunResult &result;
  Accuracy accuracy;
  std::vector<RegionUse> memory;
  std::optional<LinkedFit> fit; ///< where it can be proved for the target's programs
  std::optional<Profile> profile; ///< where one was asked for
  std::optional<LayerComparison> layers; ///< where one was asked for
  double seconds = 0; ///< that the run took here
};

void printSummary(const Summary &summary, llvm::raw_ostream &os);

/// The same bytes for the same run: nothing that differs from one time to the next is in it. Absent values are null.
std::string summaryJson(const Summary &summary);

/// What printSamples() shows of an image; what is empty is left out.
struct Sample {
  llvm::ArrayRef<uint8_t> image;
  llvm::ArrayRef<float> logits, reference;
  std::optional<int64_t> label;
};

/// A line or, with pictures, a picture for each sample: what was seen, how sure the model is of it, what it is.
void printSamples(llvm::ArrayRef<Sample> samples, const PackageReport &report, llvm::ArrayRef<std::string> classNames, bool withPictures,
                  llvm::raw_ostream &os);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_SUMMARY_H
