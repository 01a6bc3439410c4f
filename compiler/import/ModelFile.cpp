/// Reads the file once, through a mapping that is gone before any IR is built, and says in words what is wrong with a file that is no ONNX
/// model.
#include "compiler/import/ModelFile.h"

#include "compiler/import/Problems.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ConvertUTF.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SHA256.h"

#include <google/protobuf/io/coded_stream.h>
#include <onnx/onnx_pb.h>

#include <climits>

using namespace mcuform;
using llvm::StringRef;

ModelFile::ModelFile() = default;
ModelFile::~ModelFile() = default;

static std::unique_ptr<llvm::MemoryBuffer> readBytes(StringRef path, Problems &problems) {
  llvm::sys::fs::file_status status;
  std::error_code error = llvm::sys::fs::status(path, status);
  if (!error && llvm::sys::fs::is_directory(status)) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " is a directory, not an ONNX model";
    return nullptr;
  }
  if (!error && !llvm::sys::fs::is_regular_file(status)) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " is not a regular file";
    return nullptr;
  }
  if (!error) {
    auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
    if (buffer)
      return std::move(*buffer);
    error = buffer.getError();
  }
  problems.reportFile(Code::NotAModel) << "cannot read " << quoted(path) << ": " << llvm::StringRef(error.message()).lower();
  return nullptr;
}

/// Whether the file begins like text. An ONNX file does not: the tags of its first fields and their lengths are control characters.
static bool looksLikeText(StringRef bytes) {
  StringRef beginning = bytes.take_front(512);
  bool isPrintable = llvm::all_of(beginning, [](unsigned char c) { return c >= 0x20 ? c != 0x7f : (c >= '\t' && c <= '\r'); });
  // In UTF-8, of which the last character may be cut off.
  const llvm::UTF8 *position = beginning.bytes_begin();
  bool isWhole = llvm::isLegalUTF8String(&position, beginning.bytes_end());
  return isPrintable && (isWhole || beginning.bytes_end() - position < 4);
}

namespace {
/// Steps over the fields of the outermost message, to tell a file that ends too early from one that is something else.
class FieldScan {
public:
  enum class Outcome { Complete, Truncated, Foreign };

  explicit FieldScan(StringRef bytes) : bytes(bytes) {}

  Outcome run() {
    while (position < bytes.size()) {
      uint64_t tag;
      if (!readVarint(tag))
        return outcomeOfVarint();
      uint64_t field = tag >> 3;
      if (field == 0 || field > kLastModelField)
        return Outcome::Foreign;
      uint64_t length = 0;
      switch (tag & 7) {
      case 0:
        if (uint64_t value; !readVarint(value))
          return outcomeOfVarint();
        break;
      case 1:
        length = 8;
        break;
      case 2:
        if (!readVarint(length))
          return outcomeOfVarint();
        break;
      case 5:
        length = 4;
        break;
      default:
        return Outcome::Foreign;
      }
      if (length > bytes.size() - position) {
        neededBytes = length > UINT64_MAX - position ? UINT64_MAX : position + length;
        return Outcome::Truncated;
      }
      position += length;
    }
    return Outcome::Complete;
  }

  uint64_t neededBytes = 0;

private:
  /// Field numbers of ModelProto end at 26; a few more leave room for newer schemas.
  static constexpr uint64_t kLastModelField = 32;

  bool readVarint(uint64_t &value) {
    value = 0;
    for (varintBytes = 0; varintBytes < 10; ++varintBytes) {
      if (position == bytes.size())
        return false;
      unsigned char byte = bytes[position++];
      value |= uint64_t(byte & 0x7f) << (7 * varintBytes);
      if (!(byte & 0x80))
        return true;
    }
    return false;
  }

  Outcome outcomeOfVarint() {
    if (varintBytes == 10)
      return Outcome::Foreign;
    neededBytes = bytes.size() + 1;
    return Outcome::Truncated;
  }

  StringRef bytes;
  size_t position = 0;
  unsigned varintBytes = 0;
};
} // namespace

/// Says what the file is, given that it is no model.
static void reportForeign(StringRef path, StringRef bytes, Problems &problems) {
  if (bytes.starts_with("version https://git-lfs")) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " is a Git LFS pointer, not the model itself: fetch it with 'git lfs pull'";
    return;
  }
  if (looksLikeText(bytes)) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " is a text file, not an ONNX model";
    return;
  }
  if (bytes.starts_with("PK\x03\x04")) {
    problems.reportFile(Code::NotAModel)
        << quoted(path) << " is a zip archive (PyTorch saves checkpoints so), not an ONNX model: export it with torch.onnx.export";
    return;
  }
  FieldScan scan(bytes);
  switch (scan.run()) {
  case FieldScan::Outcome::Truncated:
    problems.reportFile(Code::NotAModel) << quoted(path) << " is truncated: the file has " << bytes.size() << " bytes, the model at least "
                                         << scan.neededBytes;
    return;
  case FieldScan::Outcome::Complete:
    problems.reportFile(Code::NotAModel) << quoted(path) << " is damaged: its protobuf encoding is not valid";
    return;
  case FieldScan::Outcome::Foreign:
    problems.reportFile(Code::NotAModel) << quoted(path) << " is not an ONNX model";
    return;
  }
}

ModelFile mcuform::readModelFile(StringRef path, Problems &problems) {
  ModelFile file;
  std::unique_ptr<llvm::MemoryBuffer> buffer = readBytes(path, problems);
  if (!buffer)
    return file;
  StringRef bytes = buffer->getBuffer();
  if (bytes.empty()) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " is empty";
    return file;
  }
  if (bytes.size() > size_t(INT_MAX)) {
    problems.reportFile(Code::NotAModel) << quoted(path) << " has " << bytes.size() << " bytes, a protobuf file at most " << INT_MAX
                                         << ": export the weights as external data";
    return file;
  }

  auto model = std::make_unique<onnx::ModelProto>();
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t *>(bytes.data()), int(bytes.size()));
  // Text can pass for a model: to protobuf, "\n" and " " are tags of fields as good as any.
  bool parsed = model->ParseFromCodedStream(&stream) && stream.ConsumedEntireMessage();
  if (!parsed || (!model->has_graph() && looksLikeText(bytes))) {
    reportForeign(path, bytes, problems);
    return file;
  }
  file.sha256 = llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(bytes)), /*LowerCase=*/true);
  file.model = std::move(model);
  return file;
}
