// The files that a person gives to mcuform-run, checked against the package.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_INPUTS_H
#define MCUFORM_COMPILER_DRIVER_RUN_INPUTS_H

#include "compiler/driver/run/PackageReport.h"
#include "compiler/support/Npy.h"

namespace mcuform {

/// At least one input as people have them: uint8 [images][height][width][channels], or float32 [sequences][rows][features].
llvm::Expected<NpyArray> readImages(llvm::StringRef path, const PackageReport &report);

/// float32 sequences as the package takes them: int16, divided by its input scale, rounded to nearest and saturated.
llvm::Expected<std::vector<char>> quantizeSequences(llvm::StringRef path, const NpyArray &sequences, const PackageReport &report);

/// One class number for each of the file's images; of these the first `imageCount`. `imagesInFile` is what the images' file holds.
llvm::Expected<std::vector<int64_t>> readLabels(llvm::StringRef path, const PackageReport &report, int64_t imagesInFile,
                                                int64_t imageCount);

/// One name a line, as many as the package has outputs.
llvm::Expected<std::vector<std::string>> readClassNames(llvm::StringRef path, const PackageReport &report);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_INPUTS_H
