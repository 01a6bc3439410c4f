// Small pictures made of characters, for people who want to see what a model saw.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_PICTURES_H
#define MCUFORM_COMPILER_DRIVER_RUN_PICTURES_H

#include "llvm/ADT/ArrayRef.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace mcuform {

/// Draws a uint8 HWC image of 1 or 3 channels (others: the first alone) at most `columns` characters wide: one line of text for two rows of
/// pixels, upper half blocks in 24-bit ANSI colours. Larger images are shrunk by averaging.
std::vector<std::string> drawPicture(llvm::ArrayRef<uint8_t> image, std::array<int64_t, 3> shape, int64_t columns);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_PICTURES_H
