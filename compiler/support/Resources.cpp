#include "compiler/support/Resources.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <cstdlib>

namespace mcuform {

std::string resourceDir() {
  if (const char *directory = std::getenv("MCUFORM_RESOURCE_DIR"); directory && *directory)
    return directory;
  // Any address in the executable's image serves to find it where the system offers no better way.
  static const char inThisImage = 0;
  llvm::SmallString<256> path(llvm::sys::fs::getMainExecutable(nullptr, const_cast<char *>(&inThisImage)));
  llvm::sys::path::remove_filename(path);
  llvm::sys::path::append(path, "..", "share", "mcuform");
  llvm::sys::path::remove_dots(path, /*remove_dot_dot=*/true);
  return std::string(path);
}

} // namespace mcuform
