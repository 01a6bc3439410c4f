// The weight pack: builder, reader, and what both share.
//
// Emission collects constants here while it writes calls; each call addresses its constants as pack start + dataOffset + tensor offset.
// Invariant: the same tensors added in the same order give the same bytes; every tensor begins at a multiple of 16 from the pack's start.
#ifndef MCUFORM_COMPILER_EMISSION_PACK_PACK_H
#define MCUFORM_COMPILER_EMISSION_PACK_PACK_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mcuform {

/// Version of the pack's layout, raised when old firmware could misread a new pack.
inline constexpr uint32_t kPackVersion = 1;

/// Bytes; every tensor and the data block itself are aligned to it. The widest access of a kernel is 8 bytes, DMA bursts take 16.
inline constexpr size_t kPackAlignment = 16;

enum class PackType : uint8_t { Int8, UInt8, Int16, UInt16, Int32, UInt32, Int64, Float32 };

size_t packTypeBytes(PackType type);

struct PackTensor {
  std::string name;
  PackType type;
  std::vector<int64_t> shape; ///< as stored, padding of packed weights included
  size_t offset;              ///< bytes from the data's start, a multiple of kPackAlignment
  size_t sizeBytes;           ///< product of shape times bytes of type
};

struct PackImage {
  std::vector<uint8_t> bytes; ///< the whole file
  size_t dataOffset;          ///< of the data's first byte within the file, a multiple of kPackAlignment
  uint32_t crcOfFile;         ///< over all bytes
};

class PackBuilder {
public:
  /// Adds a tensor and returns its offset from the data's start. Equal bytes are stored once, whatever their names and types. Mistakes (a
  /// name twice, a shape that does not match the bytes) are kept for finish(), so that emission stays free of error paths.
  size_t addTensor(llvm::StringRef name, PackType type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<uint8_t> bytes);

  /// Bytes of data so far, after deduplication, padding included.
  size_t dataBytes() const { return data.size(); }
  const std::vector<PackTensor> &tensors() const { return added; }

  /// `modelSha256`: 64 hexadecimal digits of the model file's hash.
  llvm::Expected<PackImage> finish(llvm::StringRef modelName, llvm::StringRef modelSha256) const;

private:
  std::vector<PackTensor> added;
  std::vector<uint8_t> data;
  std::map<std::string, size_t> indexByName;
  /// Where blocks of one size and CRC begin; several, since different bytes may share a CRC.
  std::map<std::pair<size_t, uint32_t>, std::vector<size_t>> offsetsByHash;
  std::string firstMistake; ///< empty: none
};

struct PackContents {
  uint32_t version;
  std::string modelName, modelSha256;
  std::vector<PackTensor> tensors; ///< in the order they were added
  size_t dataOffset;
  llvm::ArrayRef<uint8_t> data; ///< points into the bytes given to readPack()

  llvm::ArrayRef<uint8_t> bytesOf(const PackTensor &tensor) const { return data.slice(tensor.offset, tensor.sizeBytes); }
  const PackTensor *find(llvm::StringRef name) const;
};

/// Reads and verifies a pack: structure, identifier, version, CRC, and that every tensor lies aligned within the data. `bytes` may
/// hold anything, but must begin at a multiple of 8, as all allocated memory does, and outlive the result. `name`, usually the path, begins
/// every message.
llvm::Expected<PackContents> readPack(llvm::ArrayRef<uint8_t> bytes, llvm::StringRef name);

/// CRC-32 of IEEE 802.3, the one of zlib and PNG: that of "123456789" is 0xcbf43926. (Plain crc32 would collide with LLVM's.)
uint32_t packCrc32(llvm::ArrayRef<uint8_t> bytes);

} // namespace mcuform

#endif // MCUFORM_COMPILER_EMISSION_PACK_PACK_H
