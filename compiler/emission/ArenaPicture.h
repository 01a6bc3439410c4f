// The arena over time as SVG (ArenaPicture.cpp), and what the page says of buffers elsewhere.
#ifndef MCUFORM_COMPILER_EMISSION_ARENAPICTURE_H
#define MCUFORM_COMPILER_EMISSION_ARENAPICTURE_H

#include "compiler/emission/Contents.h"

namespace mcuform::emission {

/// Text for XML: markup escaped, bytes that XML cannot hold replaced by '?'.
std::string escapeXml(llvm::StringRef text);
/// 1234567 as "1 234 567", with spaces that do not break.
std::string groupedDigits(int64_t value);

/// What a buffer is for; the picture's colours follow it.
enum class BufferKind { Image, Tokens, KeysValues, Scratch };
BufferKind kindOf(mcurt::BufferOp buffer);
llvm::StringRef cssClassOf(BufferKind kind);
llvm::StringRef describe(BufferKind kind);
/// "int16[197][192]"
std::string elementsOf(mcurt::BufferOp buffer);

/// The first call at which most bytes are alive.
int64_t peakStepOf(const Package &package, const RegionArena *region = nullptr);

/// Calls firstStep to lastStep, drawn 1150 units wide. `id` tells the pictures of one page apart. `region`: which of several arenas, else
/// null.
std::string drawArena(const Package &package, llvm::StringRef id, int64_t firstStep, int64_t lastStep, const RegionArena *region = nullptr);

} // namespace mcuform::emission

#endif // MCUFORM_COMPILER_EMISSION_ARENAPICTURE_H
