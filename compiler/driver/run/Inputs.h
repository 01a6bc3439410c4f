// The files that a person gives to mcuform-run, checked against the package.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_INPUTS_H
#define MCUFORM_COMPILER_DRIVER_RUN_INPUTS_H

#include "compiler/driver/run/PackageReport.h"
#include "compiler/support/Npy.h"

namespace mcuform {

/// uint8 [images][height][width][channels] as the package takes them, at least one.
llvm::Expected<NpyArray> readImages(llvm::StringRef path, const PackageReport &report);

/// One class number for each of the file's images; of these the first `imageCount`. `imagesInFile` is what the images' file holds.
llvm::Expected<std::vector<int64_t>> readLabels(llvm::StringRef path, const PackageReport &report, int64_t imagesInFile,
                                                int64_t imageCount);

/// One name a line, as many as the package has outputs.
llvm::Expected<std::vector<std::string>> readClassNames(llvm::StringRef path, const PackageReport &report);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_INPUTS_H
