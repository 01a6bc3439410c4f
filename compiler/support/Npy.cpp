#include "compiler/support/Npy.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"

#include <optional>

using namespace mcuform;
using llvm::StringRef;
using llvm::Twine;

static constexpr StringRef kMagic = "\x93NUMPY";
// NumPy's own limit on the number of dimensions; it also bounds the work on a hostile header.
static constexpr size_t kMaxRank = 64;

static int64_t bytesOfDtype(StringRef dtype) {
  return llvm::StringSwitch<int64_t>(dtype).Cases("u1", "i1", 1).Case("i2", 2).Cases("i4", "f4", 4).Cases("i8", "f8", 8).Default(0);
}

/// Product of the extents times `elementBytes`, or nothing if an extent is negative or the product exceeds int64. A zero extent makes the
/// array empty but does not excuse the others from fitting.
static std::optional<int64_t> checkedByteCount(const std::vector<int64_t> &shape, int64_t elementBytes) {
  int64_t product = elementBytes;
  bool isEmpty = false;
  for (int64_t extent : shape) {
    if (extent < 0)
      return std::nullopt;
    isEmpty |= extent == 0;
    if (extent != 0 && llvm::MulOverflow(product, extent, product))
      return std::nullopt;
  }
  return isEmpty ? 0 : product;
}

int64_t NpyArray::elementCount() const {
  // Through the checked product: (0, 2^40, 2^40) is a legal empty shape.
  return checkedByteCount(shape, 1).value_or(0);
}

int64_t NpyArray::elementBytes() const { return bytesOfDtype(dtype); }

namespace {
/// What the header says; nullopt = the key has not been met.
struct Header {
  std::optional<std::string> descr;
  std::optional<bool> isFortranOrder;
  std::optional<std::vector<int64_t>> shape;
};

/// Reads the header's Python literal: a dict of three keys with a string, a bool and a tuple of integers. Nothing else is accepted.
class HeaderParser {
public:
  HeaderParser(StringRef text, StringRef name) : rest(text), name(name) {}

  llvm::Expected<Header> parse() {
    Header header;
    if (!consume("{"))
      return error("expected '{'");
    while (!consume("}")) {
      std::optional<std::string> key = parseString();
      if (!key || !consume(":"))
        return error("expected a key and ':'");
      if (llvm::Error failure = parseValue(*key, header))
        return failure;
      if (consume(","))
        continue;
      if (!consume("}"))
        return error("expected ',' or '}'");
      break;
    }
    if (!rest.trim().empty())
      return error("characters after '}'");
    if (!header.descr || !header.isFortranOrder || !header.shape)
      return error("one of 'descr', 'fortran_order', 'shape' is missing");
    return header;
  }

private:
  llvm::Error error(const Twine &what) { return fileError(name, "bad npy header: " + what); }

  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  std::optional<std::string> parseString() {
    rest = rest.ltrim();
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
      return std::nullopt;
    size_t end = rest.find(rest.front(), 1);
    if (end == StringRef::npos)
      return std::nullopt;
    std::string value = rest.slice(1, end).str();
    rest = rest.drop_front(end + 1);
    return value;
  }

  llvm::Error parseValue(StringRef key, Header &header) {
    if (key == "descr" && !header.descr) {
      header.descr = parseString();
      if (!header.descr)
        return error("'descr' is no string; structured arrays are not supported");
      return llvm::Error::success();
    }
    if (key == "fortran_order" && !header.isFortranOrder) {
      if (consume("True"))
        header.isFortranOrder = true;
      else if (consume("False"))
        header.isFortranOrder = false;
      else
        return error("'fortran_order' is neither True nor False");
      return llvm::Error::success();
    }
    if (key == "shape" && !header.shape)
      return parseShape(header);
    return error("unexpected or repeated key '" + printable(key) + "'");
  }

  llvm::Error parseShape(Header &header) {
    header.shape.emplace();
    if (!consume("("))
      return error("'shape' is no tuple");
    while (!consume(")")) {
      rest = rest.ltrim();
      int64_t extent = 0;
      if (rest.empty() || !llvm::isDigit(rest.front()) || rest.consumeInteger(10, extent))
        return error("'shape' holds something else than non-negative 64-bit integers");
      rest.consume_front("L"); // written by Python 2
      if (header.shape->size() == kMaxRank)
        return error("more than " + Twine(kMaxRank) + " dimensions");
      header.shape->push_back(extent);
      if (consume(","))
        continue;
      if (!consume(")"))
        return error("expected ',' or ')' in 'shape'");
      break;
    }
    return llvm::Error::success();
  }

  static std::string printable(StringRef text) {
    std::string result;
    for (char c : text.take_front(40))
      result += llvm::isPrint(c) ? c : '?';
    return result;
  }

  StringRef rest;
  StringRef name;
};
} // namespace

static llvm::Expected<std::string> parseDescr(StringRef descr, StringRef name) {
  if (descr.size() == 3) {
    char order = descr[0];
    StringRef dtype = descr.drop_front();
    int64_t elementBytes = bytesOfDtype(dtype);
    if (order == '>' && elementBytes > 1)
      return fileError(name, "big endian array (" + Twine(dtype) + "), only little endian is supported");
    if (elementBytes > 0 && StringRef(elementBytes == 1 ? "|<>=" : "<=").contains(order))
      return dtype.str();
  }
  std::string shown;
  for (char c : descr.take_front(40))
    shown += llvm::isPrint(c) ? c : '?';
  return fileError(name, "element type '" + shown + "' is not supported, expected one of u1 i1 i2 i4 i8 f4 f8");
}

llvm::Expected<NpyArray> mcuform::parseNpy(StringRef bytes, StringRef name) {
  if (!bytes.starts_with(kMagic))
    return fileError(name, "not an npy file");
  size_t versionEnd = kMagic.size() + 2;
  if (bytes.size() < versionEnd)
    return fileError(name, "truncated npy header");
  unsigned major = static_cast<uint8_t>(bytes[kMagic.size()]);
  if (major < 1 || major > 3)
    return fileError(name, "npy format version " + Twine(major) + " is not supported");
  size_t lengthBytes = major == 1 ? 2 : 4;
  size_t headerStart = versionEnd + lengthBytes;
  if (bytes.size() < headerStart)
    return fileError(name, "truncated npy header");
  const char *lengthField = bytes.data() + versionEnd;
  size_t headerBytes = major == 1 ? llvm::support::endian::read16le(lengthField) : llvm::support::endian::read32le(lengthField);
  if (headerBytes > bytes.size() - headerStart)
    return fileError(name, "truncated npy header: " + Twine(headerBytes) + " bytes announced, " + Twine(bytes.size() - headerStart) +
                               " present");

  llvm::Expected<Header> header = HeaderParser(bytes.substr(headerStart, headerBytes), name).parse();
  if (!header)
    return header.takeError();
  llvm::Expected<std::string> dtype = parseDescr(*header->descr, name);
  if (!dtype)
    return dtype.takeError();
  if (*header->isFortranOrder)
    return fileError(name, "array in fortran order, only C order is supported");

  NpyArray array{std::move(*dtype), std::move(*header->shape), {}};
  std::optional<int64_t> needed = checkedByteCount(array.shape, array.elementBytes());
  if (!needed)
    return fileError(name, "the shape's element count overflows");
  StringRef data = bytes.drop_front(headerStart + headerBytes);
  if (static_cast<uint64_t>(*needed) != data.size())
    return fileError(name, "the shape needs " + Twine(*needed) + " bytes of data, the file has " + Twine(data.size()));
  array.bytes.assign(data.begin(), data.end());
  return array;
}

llvm::Expected<NpyArray> mcuform::readNpy(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fileError(path, buffer.getError());
  return parseNpy((*buffer)->getBuffer(), path);
}

llvm::Error mcuform::writeNpy(StringRef path, const NpyArray &array) {
  int64_t elementBytes = array.elementBytes();
  if (elementBytes == 0)
    return fileError(path, "element type '" + array.dtype + "' cannot be written as npy");
  std::optional<int64_t> needed = checkedByteCount(array.shape, elementBytes);
  if (!needed || static_cast<uint64_t>(*needed) != array.bytes.size())
    return fileError(path, "array of " + Twine(array.bytes.size()) + " bytes does not match its shape");
  if (array.shape.size() > kMaxRank)
    return fileError(path, "array has more than " + Twine(kMaxRank) + " dimensions");

  std::string dict = "{'descr': '" + std::string(elementBytes == 1 ? "|" : "<") + array.dtype + "', 'fortran_order': False, 'shape': (";
  for (size_t i = 0; i < array.shape.size(); ++i)
    dict += (i ? " " : "") + std::to_string(array.shape[i]) + (i + 1 < array.shape.size() || i == 0 ? "," : "");
  dict += "), }";
  // Magic, version and length field take 10 bytes; the format wants the data to begin at a multiple of 64 and the header to end in a
  // newline.
  constexpr size_t kPrefixBytes = 10;
  dict.append(llvm::alignTo(kPrefixBytes + dict.size() + 1, 64) - kPrefixBytes - dict.size() - 1, ' ');
  dict += '\n';

  std::string prefix = kMagic.str() + std::string("\x01\x00", 2);
  prefix += static_cast<char>(dict.size() & 0xff);
  prefix += static_cast<char>(dict.size() >> 8);
  return writeFile(path, {prefix, dict, StringRef(array.bytes.data(), array.bytes.size())});
}
