#include "compiler/support/TargetDescription.h"
#include "compiler/support/Resources.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/YAMLTraits.h"
#include "llvm/Support/raw_ostream.h"

namespace {

/// A number of bytes, written plain or in KiB, MiB or GiB.
struct ByteSize {
  uint64_t bytes = 0;
};

} // namespace

LLVM_YAML_IS_SEQUENCE_VECTOR(mcuform::MemoryRegion)

namespace llvm::yaml {

template <> struct ScalarTraits<ByteSize> {
  static void output(const ByteSize &size, void *, raw_ostream &os) { os << size.bytes; }
  static StringRef input(StringRef text, void *, ByteSize &size) {
    unsigned shift = 0;
    StringRef number = text;
    if (number.consume_back("KiB"))
      shift = 10;
    else if (number.consume_back("MiB"))
      shift = 20;
    else if (number.consume_back("GiB"))
      shift = 30;
    uint64_t value = 0;
    if (number.trim().getAsInteger(0, value) || value > (UINT64_MAX >> shift))
      return "not a number of bytes such as 65536, 64 KiB or 1 MiB";
    size.bytes = value << shift;
    return {};
  }
  static QuotingType mustQuote(StringRef) { return QuotingType::None; }
};

template <> struct ScalarEnumerationTraits<mcuform::MemoryKind> {
  static void enumeration(IO &io, mcuform::MemoryKind &kind) {
    io.enumCase(kind, "flash", mcuform::MemoryKind::Flash);
    io.enumCase(kind, "sram", mcuform::MemoryKind::Sram);
    io.enumCase(kind, "external_flash", mcuform::MemoryKind::ExternalFlash);
    io.enumCase(kind, "code_ram", mcuform::MemoryKind::CodeRam);
  }
};

template <> struct MappingTraits<mcuform::MemoryRegion> {
  static void mapping(IO &io, mcuform::MemoryRegion &region) {
    ByteSize size{region.sizeBytes};
    io.mapRequired("name", region.name);
    io.mapRequired("origin", region.origin);
    io.mapRequired("size", size);
    io.mapRequired("kind", region.kind);
    io.mapOptional("read_cycles_per_byte", region.readCyclesPerByte, 0.0);
    region.sizeBytes = size.bytes;
  }
};

template <> struct MappingTraits<mcuform::TargetDescription> {
  static void mapping(IO &io, mcuform::TargetDescription &target) {
    ByteSize stack{target.stackReserveBytes};
    io.mapRequired("name", target.name);
    io.mapRequired("cpu", target.cpu);
    io.mapOptional("features", target.features);
    io.mapRequired("memory", target.regions);
    io.mapRequired("stack_reserve", stack);
    ByteSize panel{target.weightPanelBytes};
    io.mapOptional("weight_panel", panel);
    target.weightPanelBytes = panel.bytes;
    io.mapOptional("run", target.runCommand);
    target.stackReserveBytes = stack.bytes;
  }
};

} // namespace llvm::yaml

namespace mcuform {

namespace {

bool isCName(llvm::StringRef name) {
  return !name.empty() && !llvm::isDigit(name[0]) &&
         llvm::all_of(name, [](char c) { return (c >= 'a' && c <= 'z') || llvm::isDigit(c) || c == '_'; });
}

/// Empty if the description keeps the invariant.
std::string findFault(const TargetDescription &target, llvm::StringRef folder) {
  if (target.name != folder)
    return "target is named '" + target.name + "', its folder '" + folder.str() + "'";
  for (const auto &[at, region] : llvm::enumerate(target.regions)) {
    if (region.sizeBytes == 0 || region.origin + region.sizeBytes < region.origin)
      return "region '" + region.name + "' is empty or exceeds the address space";
    for (const MemoryRegion &other : llvm::ArrayRef(target.regions).take_front(at)) {
      if (region.name == other.name)
        return "two regions are named '" + region.name + "'";
      if (region.origin < other.origin + other.sizeBytes && other.origin < region.origin + region.sizeBytes)
        return "regions '" + other.name + "' and '" + region.name + "' overlap";
    }
  }
  const MemoryRegion *sram = target.findRegion(MemoryKind::Sram);
  if (!sram || !target.findRegion(MemoryKind::Flash))
    return "a region of kind flash and one of kind sram are needed";
  for (const MemoryRegion &region : target.sramRegions())
    if (!isCName(region.name))
      return "region '" + region.name + "' has a name that is no identifier of small letters, digits and '_'; arenas are named after it";
  if (target.stackReserveBytes >= sram->sizeBytes)
    return "stack reserve of " + std::to_string(target.stackReserveBytes) + " bytes leaves nothing of region '" + sram->name + "' with " +
           std::to_string(sram->sizeBytes);
  if (target.weightPanelBytes >= sram->sizeBytes - target.stackReserveBytes)
    return "weight panels of " + std::to_string(target.weightPanelBytes) + " bytes leave nothing of region '" + sram->name + "' beside the stack";
  return {};
}

std::string targetsDir() {
  llvm::SmallString<256> path(resourceDir());
  llvm::sys::path::append(path, "targets");
  return std::string(path);
}

std::string descriptionPath(llvm::StringRef name) {
  llvm::SmallString<256> path(targetsDir());
  llvm::sys::path::append(path, name, "target.yaml");
  return std::string(path);
}

} // namespace

bool TargetDescription::hasFeature(llvm::StringRef feature) const { return llvm::is_contained(features, feature); }

const MemoryRegion *TargetDescription::findRegion(MemoryKind kind) const {
  auto found = llvm::find_if(regions, [kind](const MemoryRegion &region) { return region.kind == kind; });
  return found == regions.end() ? nullptr : &*found;
}

std::vector<MemoryRegion> TargetDescription::sramRegions() const {
  std::vector<MemoryRegion> found;
  llvm::copy_if(regions, std::back_inserter(found), [](const MemoryRegion &region) { return region.kind == MemoryKind::Sram; });
  return found;
}

uint64_t TargetDescription::budgetBytesOf(const MemoryRegion &region) const {
  return region.name == findRegion(MemoryKind::Sram)->name ? region.sizeBytes - stackReserveBytes : region.sizeBytes;
}

uint64_t TargetDescription::sramBudgetBytes() const {
  uint64_t bytes = 0;
  for (const MemoryRegion &region : sramRegions())
    bytes += budgetBytesOf(region);
  return bytes;
}

llvm::Expected<TargetDescription> parseTarget(llvm::StringRef text, llvm::StringRef path) {
  TargetDescription target;
  std::string faults;
  auto collect = [](const llvm::SMDiagnostic &diagnostic, void *context) {
    llvm::raw_string_ostream os(*static_cast<std::string *>(context));
    diagnostic.print(nullptr, os, /*ShowColors=*/false);
  };
  llvm::yaml::Input input(llvm::MemoryBufferRef(text, path), nullptr, collect, &faults);
  input >> target;
  if (input.error())
    return llvm::createStringError(input.error(), "%s", llvm::StringRef(faults).trim().str().c_str());
  llvm::StringRef directory = llvm::sys::path::parent_path(path);
  if (std::string fault = findFault(target, llvm::sys::path::filename(directory)); !fault.empty())
    return fileError(path, fault);
  target.directory = directory.str();
  return target;
}

llvm::Expected<TargetDescription> loadTarget(llvm::StringRef name) {
  std::vector<std::string> known = listTargets();
  if (!llvm::is_contained(known, name)) {
    std::string list = known.empty() ? "none in " + targetsDir() : llvm::join(known, ", ");
    return llvm::createStringError("unknown target '%s'; known: %s", name.str().c_str(), list.c_str());
  }
  std::string path = descriptionPath(name);
  llvm::Expected<std::string> text = readFile(path);
  if (!text)
    return text.takeError();
  return parseTarget(*text, path);
}

std::vector<std::string> listTargets() {
  std::vector<std::string> names;
  std::error_code code;
  for (llvm::sys::fs::directory_iterator entry(targetsDir(), code), end; !code && entry != end; entry.increment(code)) {
    llvm::StringRef name = llvm::sys::path::filename(entry->path());
    if (llvm::sys::fs::exists(descriptionPath(name)))
      names.push_back(name.str());
  }
  llvm::sort(names);
  return names;
}

} // namespace mcuform
