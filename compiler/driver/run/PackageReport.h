// What a package says of itself: the part of its report.json that running it needs.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_PACKAGEREPORT_H
#define MCUFORM_COMPILER_DRIVER_RUN_PACKAGEREPORT_H

#include "compiler/support/Fit.h"
#include "compiler/support/TargetDescription.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mcuform {

struct PackageLayer {
  std::string name, kind;
};

/// A call of a kernel in the package's source.
struct PackageCall {
  std::string kernel;
  std::optional<size_t> layer; ///< of PackageReport::layers
  uint64_t macs = 0;           ///< per image, in all turns of the loops around it
};

/// An arena of a package that has one in each of several memories.
struct PackageRegion {
  std::string name; ///< the memory's
  uint64_t arenaBytes = 0;
};

struct PackageReport {
  std::string directory;
  std::string name;   ///< a C identifier: the prefix of the package's functions
  std::string target; ///< what it was compiled for
  std::string modelName;
  std::map<std::string, int64_t> dims; ///< that the ONNX file leaves open, as the package was compiled
  std::string modelSha256;          ///< of the ONNX file; empty where the report does not say
  std::vector<int64_t> absorbedAttentions; ///< whose projections were absorbed, in the order of the network
  uint64_t macs = 0;                   ///< per image
  std::array<int64_t, 3> inputShape{}; ///< height, width, channels; of a sequence 1, rows, features
  float inputScale = 0;                ///< of a sequence: value = scale * int16; 0 for an image of uint8
  std::string inputMode;               ///< as mcuformc's --input-mode spells it
  std::vector<float> mean, std;        ///< per channel
  int64_t outputCount = 0;
  float outputScale = 0; ///< logit = scale * int16
  uint64_t arenaBytes = 0, staticBytes = 0;
  uint64_t packBytes = 0;               ///< the weights, as they lie in flash
  FitLimits limits;
  std::vector<PackageRegion> regions; ///< arenaBytes by memory; empty where there is one arena
  std::vector<PackageLayer> layers;
  std::vector<PackageCall> calls; ///< in the order of MCUFORM_CALL's numbers

  /// What of the arenas stands in a target's first memory of kind sram, with the stack and static data.
  uint64_t arenaBytesBesideStack(const TargetDescription &target) const;
  bool takesSequence() const { return inputScale != 0; }
  bool isStreamed() const { return inputMode == "stream"; }
  /// The functions that an inference calls.
  std::vector<std::string> entries() const;
  uint64_t lineBytes() const { return static_cast<uint64_t>(inputShape[1] * inputShape[2]); } ///< of an image
  uint64_t inputBytes() const { return static_cast<uint64_t>(inputShape[0] * inputShape[1] * inputShape[2]) * (takesSequence() ? 2 : 1); }
};

/// Error where `target` has no room for the package's arenas.
llvm::Error checkArenas(const PackageReport &report, const TargetDescription &target);

/// Refuses, naming the file and the key, what is no report or one of another kind of package.
llvm::Expected<PackageReport> readPackageReport(llvm::StringRef packageDirectory);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_PACKAGEREPORT_H
