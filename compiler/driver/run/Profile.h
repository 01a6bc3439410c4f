// Where a package's instructions go: the harness's counts of each call (targets/common/profile.cpp), added up by kernel and by layer.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_PROFILE_H
#define MCUFORM_COMPILER_DRIVER_RUN_PROFILE_H

#include "compiler/driver/run/PackageReport.h"
#include "compiler/driver/run/PackageRun.h"

#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json_fwd.hpp>

namespace mcuform {

/// A layer's or a kernel's share. All numbers are sums over all images.
struct ProfileEntry {
  std::string name;
  std::string kind; ///< of a layer; empty for kernels
  uint64_t runs = 0;
  uint64_t instructions = 0; ///< of its calls, arguments included
  uint64_t macs = 0;         ///< 0 where it has none
};

/// kernels, as well as layers, and `between` add up to all instructions of the run but those of the hooks.
struct Profile {
  uint64_t images = 0;
  std::vector<ProfileEntry> layers, kernels; ///< the most instructions first; calls that belong to no layer are one of their own
  uint64_t between = 0;                      ///< outside of all calls: loops, and the call sites of the hooks
  uint64_t hooks = 0;                        ///< what the hooks took, and no entry includes

  uint64_t instructions() const;
};

/// A BugError where the counts are not those of the report's calls.
llvm::Expected<Profile> computeProfile(const PackageReport &report, const RunResult &result);

/// Tables of all kernels and of the layers that take the most.
void printProfile(const Profile &profile, llvm::raw_ostream &os);

nlohmann::ordered_json profileJson(const Profile &profile);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_PROFILE_H
