#include "compiler/support/AtomicOutput.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <utility>
#include <vector>

using namespace mcuform;
using llvm::StringRef;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

namespace {
/// Undoes everything done to the file system, last step first, unless release() is called. What cannot be undone is left.
class Rollback {
public:
  ~Rollback() {
    for (auto step = steps.rbegin(); step != steps.rend(); ++step)
      undo(*step);
  }
  void release() { steps.clear(); }

  /// Creates `directory` and those of its parents that are missing.
  llvm::Error createDirectories(StringRef directory) {
    if (directory.empty() || fs::is_directory(directory))
      return llvm::Error::success();
    if (llvm::Error failure = createDirectories(path::parent_path(directory)))
      return failure;
    std::error_code code = fs::create_directory(directory, /*IgnoreExisting=*/false);
    if (!code)
      steps.push_back({Step::RemoveDirectory, directory.str(), ""});
    // Lost a race against somebody who made the same directory: fine, and theirs to remove.
    if (!code || fs::is_directory(directory))
      return llvm::Error::success();
    return fileError(directory, code);
  }

  /// A new directory whose name begins with `prefix`; undoing removes it with all it holds.
  llvm::Expected<std::string> createStaging(StringRef prefix) {
    std::error_code code;
    for (int attempt = 0; attempt < kMaxTemporaryNames; ++attempt) {
      std::string staging = temporaryName(prefix);
      code = fs::create_directory(staging, /*IgnoreExisting=*/false);
      if (code == std::errc::file_exists)
        continue;
      if (code)
        break;
      steps.push_back({Step::RemoveTree, staging, ""});
      return staging;
    }
    return fileError(prefix, code);
  }

  llvm::Error rename(StringRef from, StringRef to) {
    if (std::error_code code = fs::rename(from, to))
      return fileError(to, code);
    steps.push_back({Step::Rename, from.str(), to.str()});
    return llvm::Error::success();
  }

  /// Gives `target` the second name `aside`, from which it is put back. Where the file system has no hard links it loses the first one.
  llvm::Error setAside(StringRef target, StringRef aside) {
    if (fs::create_hard_link(target, aside))
      return rename(target, aside);
    steps.push_back({Step::Rename, target.str(), aside.str()});
    return llvm::Error::success();
  }

private:
  struct Step {
    enum Kind { RemoveDirectory, RemoveTree, Rename } kind;
    std::string first, second;
  };

  static void undo(const Step &step) {
    switch (step.kind) {
    case Step::RemoveDirectory:
      fs::remove(step.first); // fails if somebody else has put something into it, which is right
      return;
    case Step::RemoveTree:
      fs::remove_directories(step.first);
      return;
    case Step::Rename:
      fs::rename(step.second, step.first);
      return;
    }
  }

  std::vector<Step> steps;
};
} // namespace

llvm::Error AtomicOutput::add(StringRef file, std::string contents) {
  bool isPlain = !file.empty() && !path::is_absolute(file) && !file.contains('\0') && !file.contains("//") && !file.ends_with("/");
  for (StringRef component : llvm::make_range(path::begin(file), path::end(file)))
    isPlain &= component != "." && component != "..";
  if (!isPlain)
    return fileError(directory, "'" + file + "' is no plain relative path");
  if (!files.emplace(file.str(), std::move(contents)).second)
    return fileError(joinPath(directory, file), "two files of the package have this name");
  return llvm::Error::success();
}

static llvm::Error writeAll(StringRef root, const std::map<std::string, std::string> &files, const std::vector<StringRef> &chosen) {
  for (StringRef file : chosen) {
    std::string target = joinPath(root, file);
    if (std::error_code code = fs::create_directories(path::parent_path(target)))
      return fileError(target, code);
    if (llvm::Error failure = writeFile(target, {files.at(file.str())}))
      return failure;
  }
  return llvm::Error::success();
}

static bool hasContents(StringRef file, StringRef contents) {
  uint64_t size = 0;
  if (fs::file_size(file, size) || size != contents.size())
    return false;
  auto buffer = llvm::MemoryBuffer::getFile(file, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  return buffer && (*buffer)->getBuffer() == contents;
}

/// OUT does not exist: build it beside its place and rename it there.
static llvm::Error commitNew(StringRef directory, const std::map<std::string, std::string> &files) {
  Rollback rollback;
  if (llvm::Error failure = rollback.createDirectories(path::parent_path(directory)))
    return failure;
  llvm::Expected<std::string> staging = rollback.createStaging(directory);
  if (!staging)
    return staging.takeError();
  std::vector<StringRef> all;
  for (const auto &file : files)
    all.push_back(file.first);
  if (llvm::Error failure = writeAll(*staging, files, all))
    return failure;
  if (llvm::Error failure = rollback.rename(*staging, directory))
    return failure;
  rollback.release();
  return llvm::Error::success();
}

/// OUT exists: stage inside it, because its parent may be on another file system or not ours to write, then exchange file by file.
static llvm::Error commitInto(StringRef directory, const std::map<std::string, std::string> &files) {
  std::vector<StringRef> changed;
  for (const auto &[file, contents] : files) {
    std::string target = joinPath(directory, file);
    fs::file_status status;
    if (fs::status(target, status) && fs::is_symlink_file(target))
      return fileError(target, "is a link to nowhere, not replaced");
    bool exists = fs::exists(status);
    if (exists && status.type() != fs::file_type::regular_file)
      return fileError(target, "is no regular file, not replaced");
    if (!exists || !hasContents(target, contents))
      changed.push_back(file);
  }
  if (changed.empty())
    return llvm::Error::success();

  // The staging directory is removed on success too, with the replaced files in it.
  Rollback cleanup;
  llvm::Expected<std::string> staging = cleanup.createStaging(joinPath(directory, ".mcuform"));
  if (!staging)
    return staging.takeError();
  std::string fresh = joinPath(*staging, "new"), replaced = joinPath(*staging, "old");
  if (llvm::Error failure = writeAll(fresh, files, changed))
    return failure;

  Rollback exchange;
  for (StringRef file : changed) {
    std::string target = joinPath(directory, file), aside = joinPath(replaced, file);
    if (llvm::Error failure = exchange.createDirectories(path::parent_path(target)))
      return failure;
    if (fs::exists(target)) {
      if (std::error_code code = fs::create_directories(path::parent_path(aside)))
        return fileError(aside, code);
      if (llvm::Error failure = exchange.setAside(target, aside))
        return failure;
    }
    if (llvm::Error failure = exchange.rename(joinPath(fresh, file), target))
      return failure;
  }
  exchange.release();
  return llvm::Error::success();
}

llvm::Error AtomicOutput::commit() {
  llvm::SmallString<256> absolute(directory);
  if (std::error_code code = fs::make_absolute(absolute))
    return fileError(directory, code);
  // "out/" and "out" are one directory; a trailing separator would put the staging directory inside it.
  while (absolute.size() > 1 && absolute.back() == '/')
    absolute.pop_back();

  fs::file_status status;
  std::error_code code = fs::status(absolute, status);
  if (code == std::errc::no_such_file_or_directory)
    return commitNew(absolute, files);
  if (code)
    return fileError(directory, code);
  if (status.type() != fs::file_type::directory_file)
    return fileError(directory, "is no directory");
  return commitInto(absolute, files);
}
