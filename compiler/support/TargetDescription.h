// What the compiler and mcuform-run know of a board: the contents of targets/<name>/target.yaml.
//
// Invariant of a loaded description: it has the name of its folder, one region of kind flash and one of kind sram at least, regions do not
// overlap, the stack reserve fits the first SRAM, and of several SRAMs each has a name that can be part of C's.
#ifndef MCUFORM_COMPILER_SUPPORT_TARGETDESCRIPTION_H
#define MCUFORM_COMPILER_SUPPORT_TARGETDESCRIPTION_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mcuform {

enum class MemoryKind { Flash, Sram, ExternalFlash, CodeRam };

struct MemoryRegion {
  std::string name;
  uint64_t origin = 0;
  uint64_t sizeBytes = 0;
  MemoryKind kind = MemoryKind::Sram;
  /// What the core waits for a byte of it, in cycles, on top of the instruction that loads it; for choosing schedules.
  double readCyclesPerByte = 0;
};

struct TargetDescription {
  std::string name;
  std::string cpu;                   ///< as -mcpu names it; "native" for the machine that compiles
  std::vector<std::string> features; ///< e.g. "dsp"
  std::vector<MemoryRegion> regions;
  uint64_t stackReserveBytes = 0; ///< of the first region of kind sram
  /// Bytes of fast memory through which weights are copied panel by panel; 0: the core reads them in place.
  uint64_t weightPanelBytes = 0;
  /// How a program is run, word by word. Placeholders: {program}, {images}, {logits}, {statistics}. Empty: it cannot be run from here.
  std::vector<std::string> runCommand;
  std::string directory; ///< the board's folder

  bool hasFeature(llvm::StringRef feature) const;
  /// The first region of that kind, or null.
  const MemoryRegion *findRegion(MemoryKind kind) const;
  /// Those that arenas can stand in, the fastest first. With more than one of them, a package has an arena in each that it uses.
  std::vector<MemoryRegion> sramRegions() const;
  /// What arenas and static data may take of a region of kind sram: of the first one all but the stack reserve.
  uint64_t budgetBytesOf(const MemoryRegion &region) const;
  /// The same of all of them together.
  uint64_t sramBudgetBytes() const;
};

/// Error if there is no such target (the known ones are listed) or its description is at fault (with file and line).
llvm::Expected<TargetDescription> loadTarget(llvm::StringRef name);

/// The same from a file's text; `path` stands in messages and its folder's name must be the target's.
llvm::Expected<TargetDescription> parseTarget(llvm::StringRef text, llvm::StringRef path);

/// Names of all targets, sorted.
std::vector<std::string> listTargets();

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_TARGETDESCRIPTION_H
