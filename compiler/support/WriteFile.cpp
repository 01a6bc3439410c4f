#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mcuform;
using llvm::StringRef;
namespace fs = llvm::sys::fs;

llvm::Error mcuform::fileError(StringRef path, const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), (path + ": " + message).str());
}

llvm::Error mcuform::fileError(StringRef path, std::error_code code) {
  // strerror's texts begin with a capital ("No such file or directory"), diagnostics do not.
  std::string text = code.message();
  if (text.size() > 1 && llvm::isLower(text[1]))
    text[0] = llvm::toLower(text[0]);
  return llvm::createStringError(code, (path + ": " + text).str());
}

std::string mcuform::joinPath(StringRef directory, StringRef file) {
  llvm::SmallString<256> path(directory);
  llvm::sys::path::append(path, file);
  return std::string(path);
}

std::string mcuform::temporaryName(StringRef path) {
  llvm::SmallString<16> suffix;
  fs::createUniquePath(".tmp-%%%%%%%%", suffix, /*MakeAbsolute=*/false);
  return (path + suffix).str();
}

/// Writes to an open descriptor and closes it. raw_fd_ostream aborts the process when an error is left uncollected, hence clear_error().
static std::error_code writePieces(int descriptor, llvm::ArrayRef<StringRef> pieces) {
  llvm::raw_fd_ostream stream(descriptor, /*shouldClose=*/true);
  for (StringRef piece : pieces)
    stream << piece;
  stream.close();
  std::error_code code = stream.error();
  stream.clear_error();
  return code;
}

llvm::Error mcuform::writeFile(StringRef path, llvm::ArrayRef<StringRef> pieces) {
  int descriptor = -1;
  fs::file_status status;
  bool isDevice = !fs::status(path, status) && status.type() != fs::file_type::regular_file;
  if (isDevice) {
    if (std::error_code code = fs::openFileForWrite(path, descriptor, fs::CD_OpenExisting))
      return fileError(path, code);
    if (std::error_code code = writePieces(descriptor, pieces))
      return fileError(path, code);
    return llvm::Error::success();
  }

  std::string temporary;
  std::error_code code;
  for (int attempt = 0; attempt < kMaxTemporaryNames; ++attempt) {
    temporary = temporaryName(path);
    code = fs::openFileForWrite(temporary, descriptor, fs::CD_CreateNew);
    if (code != std::errc::file_exists)
      break;
  }
  if (code)
    return fileError(path, code);
  code = writePieces(descriptor, pieces);
  if (!code)
    code = fs::rename(temporary, path);
  if (!code)
    return llvm::Error::success();
  fs::remove(temporary);
  return fileError(path, code);
}

llvm::Expected<std::string> mcuform::readFile(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fileError(path, buffer.getError());
  return (*buffer)->getBuffer().str();
}
