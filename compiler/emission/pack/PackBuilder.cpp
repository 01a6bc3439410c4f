#include "compiler/emission/pack/Pack.h"
#include "compiler/emission/pack/pack_generated.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/CRC.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>
#include <utility>

using namespace mcuform;
using llvm::ArrayRef;
using llvm::StringRef;
using llvm::Twine;

static_assert(static_cast<int>(PackType::Float32) == static_cast<int>(pack::ElementType::Float32) &&
                  static_cast<int>(pack::ElementType::MAX) == static_cast<int>(PackType::Float32),
              "PackType and the schema's ElementType list the same types");

// FlatBuffers' own offsets are signed 32-bit numbers. The rest is room for the tables.
static constexpr size_t kMaxDataBytes = FLATBUFFERS_MAX_BUFFER_SIZE - (size_t(64) << 20);

uint32_t mcuform::packCrc32(ArrayRef<uint8_t> bytes) { return llvm::crc32(bytes); }

size_t mcuform::packTypeBytes(PackType type) {
  switch (type) {
  case PackType::Int8:
  case PackType::UInt8:
    return 1;
  case PackType::Int16:
  case PackType::UInt16:
    return 2;
  case PackType::Int32:
  case PackType::UInt32:
  case PackType::Float32:
    return 4;
  case PackType::Int64:
    return 8;
  }
  return 0;
}

/// Whether `shape` has exactly `bytes` bytes; false too if an extent is negative or the product overflows.
static bool matchesShape(PackType type, ArrayRef<int64_t> shape, size_t bytes) {
  uint64_t product = packTypeBytes(type);
  for (int64_t extent : shape) {
    if (extent < 0)
      return false;
    bool overflows = false;
    product = llvm::SaturatingMultiply<uint64_t>(product, static_cast<uint64_t>(extent), &overflows);
    if (overflows)
      return false;
  }
  return product == bytes;
}

size_t PackBuilder::addTensor(StringRef name, PackType type, ArrayRef<int64_t> shape, ArrayRef<uint8_t> bytes) {
  auto noteMistake = [&](const Twine &what) {
    if (firstMistake.empty())
      firstMistake = ("constant '" + name + "' " + what).str();
  };
  if (!indexByName.emplace(name.str(), added.size()).second)
    noteMistake("is added to the weight pack twice");
  if (!matchesShape(type, shape, bytes.size()))
    noteMistake("has " + Twine(bytes.size()) + " bytes, which do not match its shape");
  if (bytes.size() > kMaxDataBytes || data.size() + bytes.size() > kMaxDataBytes) {
    noteMistake("makes the weight pack larger than " + Twine(kMaxDataBytes) + " bytes");
    return 0;
  }

  std::vector<size_t> &candidates = offsetsByHash[{bytes.size(), packCrc32(bytes)}];
  size_t offset = data.size();
  bool isStored = false;
  for (size_t candidate : candidates) {
    if (ArrayRef<uint8_t>(data).slice(candidate, bytes.size()) == bytes) {
      offset = candidate;
      isStored = true;
      break;
    }
  }
  if (!isStored) {
    candidates.push_back(offset);
    data.insert(data.end(), bytes.begin(), bytes.end());
    data.resize(llvm::alignTo(data.size(), kPackAlignment), 0);
  }
  added.push_back({name.str(), type, shape.vec(), offset, bytes.size()});
  return offset;
}

llvm::Expected<PackImage> PackBuilder::finish(StringRef modelName, StringRef modelSha256) const {
  if (!firstMistake.empty())
    return llvm::createStringError(llvm::inconvertibleErrorCode(), firstMistake);
  if (modelSha256.size() != 64 || !llvm::all_of(modelSha256, llvm::isHexDigit))
    return llvm::createStringError(llvm::inconvertibleErrorCode(), "'" + modelSha256 + "' is no sha256 of a model");

  // FlatBuffers does not align an empty vector, so a pack without constants gets a block of zeros.
  std::vector<uint8_t> emptyData(kPackAlignment, 0);
  const std::vector<uint8_t> &storedData = data.empty() ? emptyData : data;

  flatbuffers::FlatBufferBuilder builder(storedData.size() + 4096);
  builder.ForceDefaults(true);
  // FlatBuffers grow towards the front: made first, the data lies at the end of the file, behind the tables.
  builder.ForceVectorAlignment(storedData.size(), 1, kPackAlignment);
  auto dataField = builder.CreateVector(storedData);
  std::vector<flatbuffers::Offset<pack::Tensor>> tensorFields;
  tensorFields.reserve(added.size());
  for (const PackTensor &tensor : added)
    tensorFields.push_back(pack::CreateTensorDirect(builder, tensor.name.c_str(), static_cast<pack::ElementType>(tensor.type),
                                                    &tensor.shape, tensor.offset, tensor.sizeBytes));
  auto tensorsField = builder.CreateVector(tensorFields);
  auto nameField = builder.CreateString(modelName.str());
  auto sha256Field = builder.CreateString(modelSha256.lower());
  auto root = pack::CreatePack(builder, kPackVersion, nameField, sha256Field, tensorsField, packCrc32(storedData), dataField);
  pack::FinishPackBuffer(builder, root);

  PackImage image;
  image.bytes.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  image.dataOffset = pack::GetPack(image.bytes.data())->data()->data() - image.bytes.data();
  image.crcOfFile = packCrc32(image.bytes);
  assert(image.dataOffset % kPackAlignment == 0 && "the data block lost its alignment");
  return image;
}
