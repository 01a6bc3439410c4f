#include "compiler/driver/run/CodeSize.h"
#include "compiler/driver/run/Faults.h"

#include "llvm/ADT/Twine.h"

namespace mcuform {

llvm::Expected<CodeSize> computeCodeSize(llvm::StringRef map, llvm::StringRef packageName) {
  const std::string library = ("lib" + packageName + ".a").str(), compilerLibrary = "libgcc.a";
  const std::string ownObject = (packageName + ".cpp.").str();
  // Before it stand sections that were left out.
  const size_t begin = map.find("\nLinker script and memory map\n");
  if (begin == llvm::StringRef::npos)
    return bug("the linker wrote no map of the program, from which the size of the code is read");
  CodeSize size;
  bool hasLibrary = false;
  llvm::StringRef section;
  for (llvm::StringRef text = map.drop_front(begin), line; !text.empty();) {
    // " .text.name   0xaddress   0xsize file", or in two lines where the name is long
    std::tie(line, text) = text.split('\n');
    if (line.starts_with(" ."))
      std::tie(section, line) = line.drop_front().split(' ');
    else if (!line.starts_with("                "))
      section = {};
    line = line.ltrim();
    if (section.empty() || line.empty())
      continue;
    uint64_t address = 0, bytes = 0;
    bool isPlace = !line.consumeInteger(0, address);
    line = line.ltrim();
    isPlace = isPlace && !line.consumeInteger(0, bytes);
    const auto [path, object] = line.trim().split('(');
    const llvm::StringRef archive = path.substr(path.rfind('/') + 1);
    if (isPlace && (archive == library || archive == compilerLibrary)) {
      hasLibrary |= archive == library;
      const bool isCode = section.starts_with(".text"), isTable = section.starts_with(".rodata") || section.starts_with(".ARM.ex");
      if (isCode || isTable)
        (isCode ? size.code : size.tables) += bytes;
      if ((isCode || isTable) && !object.starts_with(ownObject))
        size.runtime += bytes;
      if (section.starts_with(".data") || section.starts_with(".bss"))
        size.data += bytes;
    }
    section = {};
  }
  if (!hasLibrary)
    return bug("the linker's map has nothing of " + library);
  return size;
}

} // namespace mcuform
