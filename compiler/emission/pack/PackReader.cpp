#include "compiler/emission/pack/Pack.h"
#include "compiler/emission/pack/pack_generated.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <cassert>

using namespace mcuform;
using llvm::ArrayRef;
using llvm::StringRef;
using llvm::Twine;

const PackTensor *PackContents::find(StringRef name) const {
  for (const PackTensor &tensor : tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

/// What is wrong with a tensor's entry, or an empty text.
static std::string tensorMistake(const pack::Tensor &entry, size_t dataBytes) {
  if (entry.type() > pack::ElementType::MAX)
    return "has the unknown element type " + std::to_string(static_cast<int>(entry.type()));
  if (entry.offset() % kPackAlignment != 0)
    return "has the misaligned offset " + std::to_string(entry.offset());
  if (entry.offset() > dataBytes || entry.size() > dataBytes - entry.offset())
    return "at offset " + std::to_string(entry.offset()) + " with " + std::to_string(entry.size()) + " bytes exceeds the data of " +
           std::to_string(dataBytes);
  // FlatBuffers' verifier looks at a vector's length only, not at where its elements begin.
  if (reinterpret_cast<uintptr_t>(entry.shape()->Data()) % alignof(int64_t) != 0)
    return "has a misaligned shape";
  uint64_t product = packTypeBytes(static_cast<PackType>(entry.type()));
  bool overflows = false;
  for (int64_t extent : *entry.shape()) {
    bool stepOverflows = false;
    product = llvm::SaturatingMultiply<uint64_t>(product, static_cast<uint64_t>(std::max<int64_t>(extent, 0)), &stepOverflows);
    overflows |= stepOverflows || extent < 0;
  }
  if (overflows || product != entry.size())
    return "has " + std::to_string(entry.size()) + " bytes, which do not match its shape";
  return "";
}

llvm::Expected<PackContents> mcuform::readPack(ArrayRef<uint8_t> bytes, StringRef name) {
  auto error = [&](const Twine &what) { return llvm::createStringError(llvm::inconvertibleErrorCode(), (name + ": " + what).str()); };
  assert(reinterpret_cast<uintptr_t>(bytes.data()) % 8 == 0 && "a pack in memory begins at a multiple of 8");
  constexpr size_t kIdentifierEnd = 8;
  if (bytes.size() < kIdentifierEnd || !pack::PackBufferHasIdentifier(bytes.data()))
    return error("not a weight pack");
  flatbuffers::Verifier verifier(bytes.data(), bytes.size());
  if (!pack::VerifyPackBuffer(verifier))
    return error("damaged or truncated weight pack");
  const pack::Pack &root = *pack::GetPack(bytes.data());
  if (root.version() != kPackVersion)
    return error("weight pack of version " + Twine(root.version()) + ", expected " + Twine(kPackVersion));

  PackContents contents{root.version(), root.model_name()->str(), root.model_sha256()->str(), {}, 0, {}};
  contents.data = ArrayRef<uint8_t>(root.data()->data(), root.data()->size());
  contents.dataOffset = contents.data.data() - bytes.data();
  if (contents.dataOffset % kPackAlignment != 0)
    return error("data at the misaligned offset " + Twine(contents.dataOffset));
  uint32_t crc = packCrc32(contents.data);
  if (crc != root.data_crc32())
    return error("damaged data: crc32 is 0x" + Twine::utohexstr(crc) + ", expected 0x" + Twine::utohexstr(root.data_crc32()));
  for (const pack::Tensor *entry : *root.tensors()) {
    std::string mistake = tensorMistake(*entry, contents.data.size());
    if (!mistake.empty())
      return error("tensor '" + entry->name()->str() + "' " + mistake);
    contents.tensors.push_back({entry->name()->str(), static_cast<PackType>(entry->type()),
                                std::vector<int64_t>(entry->shape()->begin(), entry->shape()->end()), static_cast<size_t>(entry->offset()),
                                static_cast<size_t>(entry->size())});
  }
  return contents;
}
