#include "compiler/support/Npy.h"
#include "test/unit/TestFiles.h"

#include <limits>
#include <random>

using namespace mcuform;
using namespace mcuform::test;

/// An .npy file of format version 1 with this header text and this data.
static std::string npyFile(const std::string &header, const std::string &data) {
  std::string file("\x93NUMPY\x01\x00", 8);
  file += static_cast<char>(header.size() & 0xff);
  file += static_cast<char>(header.size() >> 8);
  return file + header + data;
}

static std::string npyHeader(const std::string &descr, const std::string &shape, const std::string &order = "False") {
  return "{'descr': '" + descr + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
}

template <class T> static void roundTrip(const TemporaryDirectory &directory, std::vector<int64_t> shape) {
  NpyArray array = NpyArray::zeros<T>(std::move(shape));
  for (int64_t i = 0; i < array.elementCount(); ++i)
    array.data<T>()[i] = static_cast<T>(std::numeric_limits<T>::lowest() + static_cast<T>(3 * i));
  std::string path = directory.path("array.npy");
  REQUIRE(message(writeNpy(path, array)) == "");
  llvm::Expected<NpyArray> back = readNpy(path);
  REQUIRE(static_cast<bool>(back));
  CHECK(back->dtype == array.dtype);
  CHECK(back->shape == array.shape);
  CHECK(back->bytes == array.bytes);
  // The data begins at a multiple of 64 bytes, so that readers may map the file.
  CHECK((directory.read("array.npy").size() - array.bytes.size()) % 64 == 0);
}

TEST_CASE("npy arrays of every type and rank survive a round trip") {
  TemporaryDirectory directory;
  const std::vector<std::vector<int64_t>> shapes = {{}, {1}, {7}, {2, 3}, {1, 3, 5, 4}, {0}, {4, 0, 2}, {2, 1, 2, 1, 2, 1, 2}};
  for (const std::vector<int64_t> &shape : shapes) {
    roundTrip<uint8_t>(directory, shape);
    roundTrip<int8_t>(directory, shape);
    roundTrip<int16_t>(directory, shape);
    roundTrip<int32_t>(directory, shape);
    roundTrip<int64_t>(directory, shape);
    roundTrip<float>(directory, shape);
    roundTrip<double>(directory, shape);
  }
}

TEST_CASE("npy reader takes what numpy and others write") {
  std::string four = std::string("\1\0\0\0", 4);
  for (const std::string &header :
       {npyHeader("<i4", "(1,)"), npyHeader("=i4", "(1,)"), npyHeader("<i4", "()"), npyHeader("<i4", "(1L, 1L)"),
        std::string("{\"shape\":(1,1),\"descr\":\"<i4\",\"fortran_order\":False}"), npyHeader("|u1", "(4,)"), npyHeader("|i1", "(2, 2)")}) {
    INFO(header);
    llvm::Expected<NpyArray> array = parseNpy(npyFile(header, four), "x.npy");
    REQUIRE(message(std::move(array)) == "(no error)");
  }
  // Format version 2 has a length field of four bytes.
  std::string header = npyHeader("<i4", "(1,)");
  std::string file = std::string("\x93NUMPY\x02\x00", 8) + static_cast<char>(header.size()) + std::string(3, '\0') + header + four;
  CHECK(message(parseNpy(file, "x.npy")) == "(no error)");
}

TEST_CASE("npy reader refuses hostile files with a message") {
  const std::string shape = "(2,)", eight(8, '\0');
  const std::pair<std::string, std::string> cases[] = {
      {"", "not an npy file"},
      {"PK\3\4", "not an npy file"},
      {std::string("\x93NUMPY"), "truncated npy header"},
      {std::string("\x93NUMPY\x01\x00\x10", 9), "truncated npy header"},
      {std::string("\x93NUMPY\x01\x00\x40\x00{}", 12), "truncated npy header: 64 bytes announced, 2 present"},
      {std::string("\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14), "truncated npy header: 4294967295 bytes announced, 2 present"},
      {std::string("\x93NUMPY\x09\x00\x00\x00", 10), "npy format version 9 is not supported"},
      {npyFile(npyHeader("<f4", shape), ""), "the shape needs 8 bytes of data, the file has 0"},
      {npyFile(npyHeader("<f4", shape), eight + "x"), "the shape needs 8 bytes of data, the file has 9"},
      {npyFile(npyHeader(">f4", shape), eight), "big endian array (f4), only little endian is supported"},
      {npyFile(npyHeader("<f4", shape, "True"), eight), "array in fortran order, only C order is supported"},
      {npyFile(npyHeader("<f2", shape), eight), "element type '<f2' is not supported, expected one of u1 i1 i2 i4 i8 f4 f8"},
      {npyFile(npyHeader("|O", shape), eight), "element type '|O' is not supported, expected one of u1 i1 i2 i4 i8 f4 f8"},
      {npyFile(npyHeader("<f4", "(-2,)"), eight), "bad npy header: 'shape' holds something else than non-negative 64-bit integers"},
      {npyFile(npyHeader("<f4", "(99999999999999999999,)"), eight),
       "bad npy header: 'shape' holds something else than non-negative 64-bit integers"},
      {npyFile(npyHeader("<f4", "(4294967296, 4294967296)"), eight), "the shape's element count overflows"},
      {npyFile(npyHeader("<f8", "(9223372036854775807,)"), eight), "the shape's element count overflows"},
      {npyFile(npyHeader("<f4", "(2, 4611686018427387904)"), eight), "the shape's element count overflows"},
      {npyFile(npyHeader("<f4", "(0, 4611686018427387904, 4)"), ""), "the shape's element count overflows"},
      {npyFile(npyHeader("<f4", "[2]"), eight), "bad npy header: 'shape' is no tuple"},
      {npyFile(npyHeader("<f4", "(2"), eight), "bad npy header: 'shape' holds something else than non-negative 64-bit integers"},
      {npyFile("", eight), "bad npy header: expected '{'"},
      {npyFile("{", eight), "bad npy header: expected a key and ':'"},
      {npyFile("{'descr': '<f4', 'descr': '<f4'}", eight), "bad npy header: unexpected or repeated key 'descr'"},
      {npyFile("{'\x01huge': 1}", eight), "bad npy header: unexpected or repeated key '?huge'"},
      {npyFile("{'descr': [('a', '<f4')]}", eight), "bad npy header: 'descr' is no string; structured arrays are not supported"},
      {npyFile("{'descr': '<f4'}", eight), "bad npy header: one of 'descr', 'fortran_order', 'shape' is missing"},
      {npyFile(npyHeader("<f4", shape, "0"), eight), "bad npy header: 'fortran_order' is neither True nor False"},
      {npyFile(npyHeader("<f4", shape) + "x", eight), "bad npy header: characters after '}'"},
  };
  for (const auto &[file, expected] : cases)
    CHECK(message(parseNpy(file, "x.npy")) == "x.npy: " + expected);

  std::string deep = "(";
  for (int i = 0; i < 65; ++i)
    deep += "1,";
  CHECK(message(parseNpy(npyFile(npyHeader("<f4", deep + ")"), eight), "x.npy")) == "x.npy: bad npy header: more than 64 dimensions");
}

TEST_CASE("npy reader survives every truncation and random damage") {
  const std::string good = npyFile(npyHeader("<f4", "(2, 3)"), std::string(24, '\1'));
  REQUIRE(message(parseNpy(good, "x.npy")) == "(no error)");
  for (size_t size = 0; size < good.size(); ++size)
    checkDiagnosticForm(message(parseNpy(llvm::StringRef(good).take_front(size), "x.npy")), "x.npy");

  constexpr unsigned kSeed = 20240607;
  INFO("seed " << kSeed);
  std::mt19937 random(kSeed);
  for (int round = 0; round < 20000; ++round) {
    std::string damaged = good;
    for (unsigned i = 0, count = 1 + random() % 4; i < count; ++i)
      damaged[random() % damaged.size()] = static_cast<char>(random());
    llvm::Expected<NpyArray> array = parseNpy(damaged, "x.npy");
    if (!array) {
      llvm::consumeError(array.takeError());
      continue;
    }
    REQUIRE(array->bytes.size() == static_cast<size_t>(array->elementCount() * array->elementBytes()));
  }
}

TEST_CASE("npy files that cannot be read or written are named") {
  TemporaryDirectory directory;
  checkDiagnosticForm(message(readNpy(directory.path("missing.npy"))), directory.path("missing.npy"));
  checkDiagnosticForm(message(readNpy(directory.path())), directory.path());
  NpyArray array = NpyArray::zeros<float>({2, 3});
  std::string nowhere = directory.path("no/such/directory.npy");
  checkDiagnosticForm(message(writeNpy(nowhere, array)), nowhere);

  array.shape = {2, 4};
  std::string path = directory.path("wrong.npy");
  CHECK(message(writeNpy(path, array)) == path + ": array of 24 bytes does not match its shape");
  array.shape = {2, 3};
  array.dtype = "c8";
  CHECK(message(writeNpy(path, array)) == path + ": element type 'c8' cannot be written as npy");
  CHECK(directory.snapshot().empty());
}
