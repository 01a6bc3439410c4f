#include "compiler/import/ExternalData.h"

#include "compiler/import/Problems.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <onnx/onnx_pb.h>

using namespace mcuform;
using llvm::StringRef;
namespace path = llvm::sys::path;

ExternalData::ExternalData(StringRef modelPath, Problems &problems) : problems(problems), directory(path::parent_path(modelPath)) {
  if (directory.empty())
    directory = ".";
}

/// Whether `file`, with all links resolved, lies below `directory`.
static bool isInside(StringRef file, StringRef directory) {
  llvm::SmallString<256> realFile, realDirectory;
  if (llvm::sys::fs::real_path(file, realFile) || llvm::sys::fs::real_path(directory, realDirectory))
    return false;
  if (!realDirectory.ends_with("/"))
    realDirectory += "/";
  return realFile.starts_with(realDirectory);
}

const llvm::MemoryBuffer *ExternalData::open(StringRef location, StringRef what, StringRef name) {
  auto known = files.find(location);
  if (known != files.end())
    return known->second.get();
  std::unique_ptr<llvm::MemoryBuffer> &file = files[location.str()];

  bool climbs = std::any_of(path::begin(location), path::end(location), [](StringRef component) { return component == ".."; });
  // A NUL would end the name early for the system, after the checks here have read on.
  if (location.empty() || location.contains('\0') || path::is_absolute(location) || climbs) {
    problems.report(Code::ExternalData, name) << what << " has its data in " << quoted(location)
                                              << ", which is not a path inside the model's directory";
    return nullptr;
  }
  llvm::SmallString<256> fullPath(directory);
  path::append(fullPath, location);
  llvm::sys::fs::file_status status;
  std::error_code error = llvm::sys::fs::status(fullPath, status);
  if (error) {
    problems.report(Code::ExternalData, name) << what << " has its data in " << quoted(fullPath)
                                              << ", which cannot be read: " << StringRef(error.message()).lower();
    return nullptr;
  }
  if (!isInside(fullPath, directory)) {
    problems.report(Code::ExternalData, name) << what << " has its data in " << quoted(location)
                                              << ", which is a link out of the model's directory";
    return nullptr;
  }
  if (!llvm::sys::fs::is_regular_file(status)) {
    problems.report(Code::ExternalData, name) << what << " has its data in " << quoted(fullPath) << ", which is not a regular file";
    return nullptr;
  }
  auto buffer = llvm::MemoryBuffer::getFile(fullPath, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer) {
    problems.report(Code::ExternalData, name) << what << " has its data in " << quoted(fullPath)
                                              << ", which cannot be read: " << StringRef(buffer.getError().message()).lower();
    return nullptr;
  }
  file = std::move(*buffer);
  return file.get();
}

std::optional<StringRef> ExternalData::find(const onnx::TensorProto &tensor, uint64_t byteCount, StringRef what, StringRef name) {
  StringRef location;
  uint64_t offset = 0, length = byteCount;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    StringRef value = entry.value();
    bool isOffset = entry.key() == "offset";
    if (entry.key() == "location") {
      location = value;
    } else if (isOffset || entry.key() == "length") {
      if (value.getAsInteger(10, isOffset ? offset : length)) {
        problems.report(Code::ExternalData, name)
            << what << " has external data with " << entry.key() << " " << quoted(value) << ", which is not a size in bytes";
        return std::nullopt;
      }
    }
  }
  if (length != byteCount) {
    problems.report(Code::ExternalData, name) << what << " has " << length << " bytes of external data, its shape and type need "
                                              << byteCount;
    return std::nullopt;
  }
  const llvm::MemoryBuffer *file = open(location, what, name);
  if (!file)
    return std::nullopt;
  uint64_t fileBytes = file->getBufferSize();
  if (offset > fileBytes || byteCount > fileBytes - offset) {
    problems.report(Code::ExternalData, name) << what << " has " << byteCount << " bytes of data at offset " << offset << " of "
                                              << quoted(location) << ", which has " << fileBytes;
    return std::nullopt;
  }
  return file->getBuffer().substr(offset, byteCount);
}
