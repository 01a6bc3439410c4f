#include "compiler/driver/run/MemoryMap.h"
#include "compiler/support/WriteFile.h"

#include "llvm/Object/ELF.h"
#include "llvm/Object/ELFTypes.h"

namespace mcuform {

llvm::Expected<std::vector<RegionUse>> readMemoryMap(llvm::StringRef program, const TargetDescription &target) {
  using Elf = llvm::object::ELF32LE;
  llvm::Expected<std::string> bytes = readFile(program);
  if (!bytes)
    return bytes.takeError();
  auto [elfClass, encoding] = llvm::object::getElfArchType(*bytes);
  if (elfClass != llvm::ELF::ELFCLASS32 || encoding != llvm::ELF::ELFDATA2LSB)
    return std::vector<RegionUse>();
  llvm::Expected<llvm::object::ELFFile<Elf>> file = llvm::object::ELFFile<Elf>::create(*bytes);
  if (!file)
    return file.takeError();
  auto sections = file->sections();
  if (!sections)
    return sections.takeError();
  auto segments = file->program_headers();
  if (!segments)
    return segments.takeError();

  std::vector<RegionUse> uses;
  for (const MemoryRegion &region : target.regions)
    uses.push_back({region, 0});
  auto add = [&uses](uint64_t address, uint64_t sizeBytes) {
    for (RegionUse &use : uses)
      if (address >= use.region.origin && address - use.region.origin < use.region.sizeBytes)
        use.usedBytes += sizeBytes;
  };
  for (const Elf::Shdr &section : *sections)
    if (section.sh_flags & llvm::ELF::SHF_ALLOC)
      add(section.sh_addr, section.sh_size);
  // Initialized data are also in flash, from where they are copied.
  for (const Elf::Phdr &segment : *segments)
    if (segment.p_type == llvm::ELF::PT_LOAD && segment.p_paddr != segment.p_vaddr)
      add(segment.p_paddr, segment.p_filesz);
  return uses;
}

} // namespace mcuform
