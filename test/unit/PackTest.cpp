#include "compiler/emission/pack/Pack.h"
#include "compiler/emission/pack/pack_generated.h"
#include "test/unit/TestFiles.h"

#include "llvm/ADT/StringExtras.h"

#include <random>

using namespace mcuform;
using namespace mcuform::test;

static const std::string kSha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

static std::vector<uint8_t> sequence(size_t count, uint8_t start) {
  std::vector<uint8_t> bytes(count);
  for (size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<uint8_t>(start + 7 * i);
  return bytes;
}

/// A pack of three tensors, two of which hold the same bytes.
static PackBuilder smallPack() {
  PackBuilder builder;
  CHECK(builder.addTensor("block0.q.weight", PackType::Int8, {3, 7}, sequence(21, 1)) == 0);
  CHECK(builder.addTensor("block0.q.bias", PackType::Int32, {3}, sequence(12, 9)) == 32);
  CHECK(builder.addTensor("block1.q.bias", PackType::Float32, {1, 3}, sequence(12, 9)) == 32);
  CHECK(builder.addTensor("empty", PackType::Int16, {0, 4}, {}) == 48);
  CHECK(builder.dataBytes() == 48);
  return builder;
}

static PackImage finished(const PackBuilder &builder) {
  llvm::Expected<PackImage> image = builder.finish("deit_tiny", kSha256);
  REQUIRE(static_cast<bool>(image));
  return std::move(*image);
}

TEST_CASE("crc32 is the one of IEEE 802.3") {
  CHECK(packCrc32(llvm::arrayRefFromStringRef("123456789")) == 0xcbf43926u);
  CHECK(packCrc32({}) == 0);
}

TEST_CASE("a pack survives a round trip") {
  PackImage image = finished(smallPack());
  CHECK(image.crcOfFile == packCrc32(image.bytes));
  CHECK(image.dataOffset % kPackAlignment == 0);
  // What the emitted code does: pack start + dataOffset + offset.
  std::vector<uint8_t> bias = sequence(12, 9);
  CHECK(std::equal(bias.begin(), bias.end(), image.bytes.begin() + image.dataOffset + 32));

  llvm::Expected<PackContents> contents = readPack(image.bytes, "m.mcuf");
  REQUIRE(static_cast<bool>(contents));
  CHECK(contents->version == kPackVersion);
  CHECK(contents->modelName == "deit_tiny");
  CHECK(contents->modelSha256 == kSha256);
  CHECK(contents->dataOffset == image.dataOffset);
  CHECK(contents->data.size() == 48);
  REQUIRE(contents->tensors.size() == 4);
  const PackTensor *weight = contents->find("block0.q.weight");
  REQUIRE(weight != nullptr);
  CHECK(weight->type == PackType::Int8);
  CHECK(weight->shape == std::vector<int64_t>{3, 7});
  CHECK(contents->bytesOf(*weight).vec() == sequence(21, 1));
  CHECK(contents->bytesOf(contents->tensors[2]).vec() == bias);
  CHECK(contents->find("nothing") == nullptr);
}

TEST_CASE("an empty pack is a pack") {
  PackImage image = finished(PackBuilder());
  CHECK(image.dataOffset % kPackAlignment == 0);
  CHECK(message(readPack(image.bytes, "m.mcuf")) == "(no error)");
}

TEST_CASE("packs are deterministic, and aligned whatever the names and sizes") {
  std::mt19937 random(5);
  for (int round = 0; round < 300; ++round) {
    PackBuilder first, second;
    std::vector<std::pair<size_t, std::vector<uint8_t>>> expected;
    for (unsigned i = 0, count = random() % 12; i < count; ++i) {
      std::vector<uint8_t> bytes = sequence(random() % 70, static_cast<uint8_t>(random() % 3));
      std::string name = "tensor" + std::to_string(i) + std::string(random() % 20, 'x');
      size_t offset = first.addTensor(name, PackType::UInt8, {static_cast<int64_t>(bytes.size())}, bytes);
      CHECK(second.addTensor(name, PackType::UInt8, {static_cast<int64_t>(bytes.size())}, bytes) == offset);
      CHECK(offset % kPackAlignment == 0);
      expected.emplace_back(offset, bytes);
    }
    PackImage image = finished(first);
    CHECK(finished(second).bytes == image.bytes);
    CHECK(image.dataOffset % kPackAlignment == 0);
    CHECK(message(readPack(image.bytes, "m.mcuf")) == "(no error)");
    for (const auto &[offset, bytes] : expected)
      CHECK(std::equal(bytes.begin(), bytes.end(), image.bytes.begin() + image.dataOffset + offset));
  }
}

TEST_CASE("mistakes in adding tensors are reported at the end, the first one") {
  PackBuilder twice = smallPack();
  twice.addTensor("empty", PackType::Int8, {0}, {});
  CHECK(message(twice.finish("m", kSha256)) == "constant 'empty' is added to the weight pack twice");

  for (const std::vector<int64_t> &shape : std::vector<std::vector<int64_t>>{
           {4}, {-3, -1}, {2}, {int64_t(1) << 62, 4}, {int64_t(1) << 62, int64_t(1) << 62}, {0, 3}}) {
    PackBuilder builder;
    builder.addTensor("w", PackType::Int32, shape, sequence(12, 0));
    CHECK(message(builder.finish("m", kSha256)) == "constant 'w' has 12 bytes, which do not match its shape");
  }
  CHECK(message(PackBuilder().finish("m", "abc")) == "'abc' is no sha256 of a model");
}

TEST_CASE("a damaged pack is refused") {
  const PackImage image = finished(smallPack());
  auto read = [](const std::vector<uint8_t> &bytes) { return message(readPack(bytes, "m.mcuf")); };

  SECTION("foreign and truncated files") {
    CHECK(read({}) == "m.mcuf: not a weight pack");
    CHECK(read(sequence(100, 3)) == "m.mcuf: not a weight pack");
    for (size_t size = 0; size < image.bytes.size(); ++size)
      checkDiagnosticForm(read({image.bytes.begin(), image.bytes.begin() + size}), "m.mcuf");
  }
  SECTION("every bit of the data") {
    for (size_t bit = 0; bit < 48 * 8; ++bit) {
      std::vector<uint8_t> damaged = image.bytes;
      damaged[image.dataOffset + bit / 8] ^= 1u << bit % 8;
      CHECK(read(damaged).find("m.mcuf: damaged data: crc32 is 0x") == 0);
    }
  }
  SECTION("random bytes anywhere") {
    constexpr unsigned kSeed = 77;
    INFO("seed " << kSeed);
    std::mt19937 random(kSeed);
    for (int round = 0; round < 20000; ++round) {
      std::vector<uint8_t> damaged = image.bytes;
      for (unsigned i = 0, count = 1 + random() % 4; i < count; ++i)
        damaged[random() % damaged.size()] = static_cast<uint8_t>(random());
      llvm::Expected<PackContents> contents = readPack(damaged, "m.mcuf");
      if (!contents) {
        llvm::consumeError(contents.takeError());
        continue;
      }
      for (const PackTensor &tensor : contents->tensors)
        REQUIRE(contents->bytesOf(tensor).size() == tensor.sizeBytes);
    }
  }
}

/// A pack of one tensor with fields that PackBuilder would never write.
static std::string readForged(uint32_t version, int type, std::vector<int64_t> shape, uint64_t offset, uint64_t size) {
  flatbuffers::FlatBufferBuilder builder;
  std::vector<uint8_t> data(32, 0);
  std::vector<flatbuffers::Offset<pack::Tensor>> tensors = {
      pack::CreateTensorDirect(builder, "w", static_cast<pack::ElementType>(type), &shape, offset, size)};
  auto root = pack::CreatePackDirect(builder, version, "m", kSha256.c_str(), &tensors, packCrc32(data), &data);
  pack::FinishPackBuffer(builder, root);
  std::vector<uint8_t> bytes(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  return message(readPack(bytes, "m.mcuf"));
}

TEST_CASE("a pack with impossible tensors is refused") {
  CHECK(readForged(1, 0, {4, 2}, 16, 8) == "(no error)");
  CHECK(readForged(2, 0, {4, 2}, 16, 8) == "m.mcuf: weight pack of version 2, expected 1");
  CHECK(readForged(1, 9, {4, 2}, 16, 8) == "m.mcuf: tensor 'w' has the unknown element type 9");
  CHECK(readForged(1, 0, {4, 2}, 8, 8) == "m.mcuf: tensor 'w' has the misaligned offset 8");
  CHECK(readForged(1, 0, {17}, 16, 17) == "m.mcuf: tensor 'w' at offset 16 with 17 bytes exceeds the data of 32");
  CHECK(readForged(1, 0, {4, 2}, uint64_t(0) - 16, 24) ==
        "m.mcuf: tensor 'w' at offset 18446744073709551600 with 24 bytes exceeds the data of 32");
  CHECK(readForged(1, 2, {4, 2}, 16, 8) == "m.mcuf: tensor 'w' has 8 bytes, which do not match its shape");
  CHECK(readForged(1, 0, {-4, -2}, 16, 8) == "m.mcuf: tensor 'w' has 8 bytes, which do not match its shape");
}
