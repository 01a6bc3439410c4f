/// Element types, sizes and values of tensors. Everything that a consumer could trip over later is refused here: sizes that do not match
/// the shape, values out of the range of their type, NaN.
#include "compiler/import/TensorImport.h"

#include "compiler/import/Problems.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/CheckedArithmetic.h"

#include <onnx/onnx_pb.h>

using namespace mlir;
using namespace mcuform;
using onnx::TensorProto;

/// Up to this many elements are printed as text.
static constexpr int64_t kMaxDenseElements = 64;
static constexpr int64_t kMaxElements = int64_t(1) << 48;
static constexpr size_t kMaxRank = 32;

Type mcuform::getElementType(int32_t dataType, MLIRContext &context) {
  Builder builder(&context);
  switch (dataType) {
  case TensorProto::FLOAT:
    return builder.getF32Type();
  case TensorProto::DOUBLE:
    return builder.getF64Type();
  case TensorProto::FLOAT16:
    return builder.getF16Type();
  case TensorProto::BFLOAT16:
    return builder.getBF16Type();
  case TensorProto::INT8:
    return builder.getI8Type();
  case TensorProto::INT16:
    return builder.getI16Type();
  case TensorProto::INT32:
    return builder.getI32Type();
  case TensorProto::INT64:
    return builder.getI64Type();
  case TensorProto::UINT8:
    return builder.getIntegerType(8, /*isSigned=*/false);
  case TensorProto::UINT16:
    return builder.getIntegerType(16, /*isSigned=*/false);
  case TensorProto::UINT32:
    return builder.getIntegerType(32, /*isSigned=*/false);
  case TensorProto::UINT64:
    return builder.getIntegerType(64, /*isSigned=*/false);
  case TensorProto::BOOL:
    return builder.getI1Type();
  default:
    return nullptr;
  }
}

std::string mcuform::getElementTypeName(int32_t dataType) {
  // Newer than the schema at hand: 17 and up.
  static constexpr StringLiteral names[] = {"undefined",      "float",      "uint8",          "int8",       "uint16",   "int16",
                                            "int32",          "int64",      "string",         "bool",       "float16",  "double",
                                            "uint32",         "uint64",     "complex64",      "complex128", "bfloat16", "float8e4m3fn",
                                            "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "uint4",      "int4",     "float4e2m1"};
  if (dataType >= 0 && size_t(dataType) < std::size(names))
    return names[dataType].str();
  return "number " + std::to_string(dataType);
}

std::optional<int64_t> mcuform::countElements(ArrayRef<int64_t> shape) {
  if (shape.size() > kMaxRank)
    return std::nullopt;
  // Dimensions of 0 are left out of the bound: MLIR multiplies all of them, in any order.
  int64_t bound = 1;
  bool isEmpty = false;
  for (int64_t dim : shape) {
    std::optional<int64_t> product = dim < 0 ? std::nullopt : llvm::checkedMul(bound, std::max<int64_t>(dim, 1));
    if (!product || *product > kMaxElements)
      return std::nullopt;
    bound = *product;
    isEmpty |= dim == 0;
  }
  return isEmpty ? 0 : bound;
}

/// Bytes of an element in raw data and in resources.
static int64_t getElementBytes(Type type) { return llvm::divideCeil(type.getIntOrFloatBitWidth(), 8); }

static std::string describe(RankedTensorType type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << "shape [";
  llvm::interleaveComma(type.getShape(), stream);
  stream << "] of " << type.getElementType();
  return text;
}

/// Narrows the values of a typed field to the bytes of `Stored`. Returns the index of the first that does not fit, or -1.
template <typename Stored, typename Field> static int64_t storeValues(const Field &values, char *out) {
  int64_t index = 0;
  for (auto value : values) {
    auto stored = static_cast<Stored>(value);
    if (static_cast<decltype(value)>(stored) != value)
      return index;
    std::memcpy(out + index++ * sizeof(Stored), &stored, sizeof(Stored));
  }
  return -1;
}

/// Not storeValues: a NaN is unequal to itself and gets its own message.
template <typename Field> static void storeFloats(const Field &values, char *out) {
  if (!values.empty())
    std::memcpy(out, values.data(), values.size() * sizeof(*values.data()));
}

static int64_t storeInt32Field(const TensorProto &tensor, char *out) {
  switch (tensor.data_type()) {
  case TensorProto::INT32:
    return storeValues<int32_t>(tensor.int32_data(), out);
  case TensorProto::INT16:
    return storeValues<int16_t>(tensor.int32_data(), out);
  case TensorProto::INT8:
  case TensorProto::BOOL:
    return storeValues<int8_t>(tensor.int32_data(), out);
  case TensorProto::UINT8:
    return storeValues<uint8_t>(tensor.int32_data(), out);
  default: // uint16, and the bits of float16 and bfloat16
    return storeValues<uint16_t>(tensor.int32_data(), out);
  }
}

namespace {
/// The typed field that holds a tensor's elements when there is no raw data.
struct TypedField {
  StringLiteral name;
  int64_t count;
};
} // namespace

static TypedField getTypedField(const TensorProto &tensor) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    return {"float_data", tensor.float_data_size()};
  case TensorProto::DOUBLE:
    return {"double_data", tensor.double_data_size()};
  case TensorProto::INT64:
    return {"int64_data", tensor.int64_data_size()};
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return {"uint64_data", tensor.uint64_data_size()};
  default:
    return {"int32_data", tensor.int32_data_size()};
  }
}

/// Writes the typed field to `out`; returns the index of the first value out of range, or -1.
static int64_t storeTypedField(const TensorProto &tensor, char *out) {
  switch (tensor.data_type()) {
  case TensorProto::FLOAT:
    storeFloats(tensor.float_data(), out);
    return -1;
  case TensorProto::DOUBLE:
    storeFloats(tensor.double_data(), out);
    return -1;
  case TensorProto::INT64:
    return storeValues<int64_t>(tensor.int64_data(), out);
  case TensorProto::UINT32:
    return storeValues<uint32_t>(tensor.uint64_data(), out);
  case TensorProto::UINT64:
    return storeValues<uint64_t>(tensor.uint64_data(), out);
  default:
    return storeInt32Field(tensor, out);
  }
}

namespace {
struct BadFloats {
  int64_t count = 0;
  int64_t first = -1;
  bool firstIsNan = false;
};
} // namespace

/// Looks for values whose exponent is all ones. `Bits` is the integer of the format's width, `mantissaBits` as in IEEE 754.
template <typename Bits> static BadFloats findBadFloats(ArrayRef<char> data, unsigned mantissaBits, FloatPolicy policy) {
  constexpr Bits signBit = Bits(Bits(1) << (sizeof(Bits) * 8 - 1));
  const Bits mantissa = Bits((Bits(1) << mantissaBits) - 1);
  const Bits infinity = Bits(~signBit & ~mantissa);
  // Without its sign, the pattern of a NaN is above that of infinity and all finite ones are below.
  const Bits limit = policy == FloatPolicy::Finite ? infinity : Bits(infinity + 1);
  BadFloats bad;
  size_t count = data.size() / sizeof(Bits);
  auto load = [&](size_t i) {
    Bits bits;
    std::memcpy(&bits, data.data() + i * sizeof(Bits), sizeof(Bits));
    return Bits(bits & ~signBit);
  };
  for (size_t i = 0; i < count; ++i)
    bad.count += load(i) >= limit;
  if (bad.count == 0)
    return bad;
  for (bad.first = 0; load(bad.first) < limit;)
    ++bad.first;
  bad.firstIsNan = load(bad.first) > infinity;
  return bad;
}

static BadFloats findBadFloats(ArrayRef<char> data, Type type, FloatPolicy policy) {
  if (type.isF32())
    return findBadFloats<uint32_t>(data, 23, policy);
  if (type.isF64())
    return findBadFloats<uint64_t>(data, 52, policy);
  if (type.isF16())
    return findBadFloats<uint16_t>(data, 10, policy);
  if (type.isBF16())
    return findBadFloats<uint16_t>(data, 7, policy);
  return {};
}

/// Keys of resources are printed as they are: only what is plain in all of MLIR's syntax.
static std::string resourceKey(StringRef name) {
  std::string key = name.take_front(200).str();
  for (char &c : key)
    if (!llvm::isAlnum(c) && c != '_' && c != '.' && c != '$' && c != '-')
      c = '_';
  if (key.empty() || !(llvm::isAlpha(key.front()) || key.front() == '_'))
    key.insert(0, "_");
  return key;
}

AsmResourceBlob mcuform::copyToBlob(ArrayRef<char> bytes, size_t alignment) {
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(bytes.size(), alignment);
  llvm::copy(bytes, blob.getMutableData().begin());
  return blob;
}

ElementsAttr mcuform::makeElements(RankedTensorType type, AsmResourceBlob blob, StringRef name) {
  if (type.getNumElements() > kMaxDenseElements)
    return DenseResourceElementsAttr::get(type, resourceKey(name), std::move(blob));
  if (type.getElementType().isInteger(1))
    return DenseElementsAttr::get(type, blob.getDataAs<bool>());
  return DenseElementsAttr::getFromRawBuffer(type, blob.getData());
}

TensorReader::TensorReader(MLIRContext &context, StringRef modelPath, Problems &problems)
    : context(context), problems(problems), externalData(modelPath, problems) {}

std::optional<AsmResourceBlob> TensorReader::takeBytes(TensorProto &tensor, RankedTensorType type, StringRef what, StringRef name) {
  size_t elementBytes = getElementBytes(type.getElementType());
  size_t elementCount = type.getNumElements();
  size_t byteCount = elementCount * elementBytes;
  if (tensor.has_data_location() && tensor.data_location() == TensorProto::EXTERNAL) {
    std::optional<StringRef> bytes = externalData.find(tensor, byteCount, what, name);
    if (!bytes)
      return std::nullopt;
    return copyToBlob(ArrayRef<char>(bytes->data(), bytes->size()), elementBytes);
  }

  TypedField field = getTypedField(tensor);
  if (tensor.has_raw_data() && !(tensor.raw_data().empty() && field.count != 0)) {
    if (field.count != 0) {
      problems.report(Code::MalformedTensor, name) << what << " has both raw data and " << field.name;
      return std::nullopt;
    }
    if (tensor.raw_data().size() != byteCount) {
      problems.report(Code::MalformedTensor, name)
          << what << " has " << tensor.raw_data().size() << " bytes of raw data, " << describe(type) << " needs " << byteCount;
      return std::nullopt;
    }
    // The heap buffer of a string is aligned for any element; a string short enough to have none is copied by the caller.
    std::string *data = tensor.release_raw_data();
    return AsmResourceBlob(
        ArrayRef<char>(data->data(), data->size()), elementBytes, [data](void *, size_t, size_t) { delete data; },
        /*dataIsMutable=*/true);
  }

  if (size_t(field.count) != elementCount) {
    problems.report(Code::MalformedTensor, name)
        << what << " has " << field.count << " elements in " << field.name << ", " << describe(type) << " needs " << elementCount;
    return std::nullopt;
  }
  AsmResourceBlob blob = HeapAsmResourceBlob::allocate(byteCount, elementBytes);
  int64_t misfit = storeTypedField(tensor, blob.getMutableData().data());
  if (misfit >= 0) {
    problems.report(Code::MalformedTensor, name)
        << what << " has a value out of the range of " << type.getElementType() << " at index " << misfit;
    return std::nullopt;
  }
  return blob;
}

ElementsAttr TensorReader::read(TensorProto &tensor, StringRef what, StringRef name, FloatPolicy policy) {
  Type elementType = getElementType(tensor.data_type(), context);
  if (!elementType) {
    problems.report(Code::UnsupportedElementType, name)
        << what << " has elements of type " << getElementTypeName(tensor.data_type()) << ", which is not supported";
    return nullptr;
  }
  if (tensor.has_segment()) {
    problems.report(Code::UnsupportedAttributeKind, name) << what << " is stored in segments, which is not supported";
    return nullptr;
  }
  ArrayRef<int64_t> shape(tensor.dims().data(), tensor.dims_size());
  std::optional<int64_t> elementCount = countElements(shape);
  if (!elementCount) {
    auto negative = llvm::find_if(shape, [](int64_t dim) { return dim < 0; });
    if (negative != shape.end())
      problems.report(Code::MalformedTensor, name) << what << " has size " << *negative << " in dimension " << (negative - shape.begin());
    else
      problems.report(Code::MalformedTensor, name)
          << what << " has a shape beyond " << kMaxRank << " dimensions or " << kMaxElements << " elements";
    return nullptr;
  }
  auto type = RankedTensorType::get(shape, elementType);
  std::optional<AsmResourceBlob> blob = takeBytes(tensor, type, what, name);
  if (!blob)
    return nullptr;

  BadFloats bad = findBadFloats(blob->getData(), elementType, policy);
  if (bad.count != 0) {
    problems.report(Code::NonFiniteWeight, name)
        << what << " has " << bad.count << (policy == FloatPolicy::Finite ? " NaN or infinite" : " NaN")
        << (bad.count == 1 ? " value" : " values") << ", the first (" << (bad.firstIsNan ? "NaN" : "infinite") << ") at index "
        << bad.first;
    return nullptr;
  }
  if (elementType.isInteger(1))
    for (char &value : blob->getMutableData())
      value = value != 0;

  return makeElements(type, std::move(*blob), name);
}
