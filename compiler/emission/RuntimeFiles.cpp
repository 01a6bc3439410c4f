// Which files of the runtime a package needs: those of its kernels and all that they include.
//
// A kernel is src/<kernel>.cpp; a header X.h that is reached brings src/X.cpp along where there is one. So the list follows from the
// sources themselves.
#include "compiler/emission/Contents.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <map>

using namespace mlir;

namespace mcuform::emission {
namespace {

namespace path = llvm::sys::path;

class Collector {
public:
  explicit Collector(StringRef resourceDir) : root(resourceDir) {}

  /// Takes the file with this path below the resource directory, and what it includes.
  llvm::Error add(StringRef file) {
    if (files.count(file.str()))
      return llvm::Error::success();
    auto contents = readFile(onDisk(file));
    if (!contents)
      return contents.takeError();
    files[file.str()] = *contents;
    for (StringRef line : llvm::split(*contents, '\n')) {
      line = line.ltrim();
      if (!line.consume_front("#include \""))
        continue;
      if (llvm::Error error = addIncluded(file, line.take_until([](char c) { return c == '"'; })))
        return error;
    }
    return llvm::Error::success();
  }

  std::map<std::string, std::string> files;

private:
  std::string onDisk(StringRef file) const {
    llvm::SmallString<128> full(root);
    path::append(full, file);
    return std::string(full);
  }

  llvm::Error addIncluded(StringRef from, StringRef name) {
    for (StringRef directory : {path::parent_path(from), StringRef("runtime/include"), StringRef("runtime/src")}) {
      llvm::SmallString<128> candidate(directory);
      path::append(candidate, path::Style::posix, name);
      path::remove_dots(candidate, /*remove_dot_dot=*/true, path::Style::posix);
      if (!llvm::sys::fs::exists(onDisk(candidate)))
        continue;
      if (llvm::Error error = add(candidate))
        return error;
      std::string companion = ("runtime/src/" + path::stem(name) + ".cpp").str();
      return llvm::sys::fs::exists(onDisk(companion)) ? add(companion) : llvm::Error::success();
    }
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "%s includes \"%s\", which is nowhere in the runtime",
                                   from.str().c_str(), name.str().c_str());
  }

  std::string root;
};

} // namespace

llvm::Expected<std::vector<std::pair<std::string, std::string>>> collectRuntimeFiles(const Package &package, StringRef resourceDir) {
  Collector collector(resourceDir);
  // What the emitted source itself includes, the table that softmax reads, and those of the activations there are.
  std::vector<std::string> roots = {"runtime/include/mcuform/kernels.h", "runtime/include/mcuform/crc32.h",
                                    "runtime/include/mcuform/profile.h", "runtime/include/mcuform/observe.h", "runtime/src/crc32.cpp", "runtime/src/tables.cpp"};
  func::FuncOp(package.function).walk([&](mcurt::CallOp call) { roots.push_back(("runtime/src/" + call.getKernel() + ".cpp").str()); });
  func::FuncOp(package.function).walk([&](mcurt::TableOp table) {
    if (table.getName() != "none")
      roots.push_back(("runtime/src/delta_" + table.getName() + ".cpp").str());
  });
  for (const std::string &file : roots)
    if (llvm::Error error = collector.add(file))
      return std::move(error);
  return std::vector<std::pair<std::string, std::string>>(collector.files.begin(), collector.files.end());
}

} // namespace mcuform::emission
