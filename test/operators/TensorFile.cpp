#include "test/operators/TensorFile.h"

#include "llvm/ADT/APFloat.h"

#include <cmath>
#include <cstring>
#include <fstream>

using namespace mcuform;
using onnx::TensorProto;

namespace {

std::optional<ElementKind> kindOf(int32_t dataType) {
  switch (dataType) {
  case TensorProto::FLOAT: return ElementKind::F32;
  case TensorProto::BOOL: return ElementKind::I1;
  case TensorProto::INT8: return ElementKind::I8;
  case TensorProto::UINT8: return ElementKind::U8;
  case TensorProto::INT16: return ElementKind::I16;
  case TensorProto::INT32: return ElementKind::I32;
  case TensorProto::INT64: return ElementKind::I64;
  default: return std::nullopt;
  }
}

template <class T> std::vector<double> widen(const void *bytes, size_t count) {
  std::vector<double> values(count);
  for (size_t i = 0; i < count; ++i) {
    T value;
    std::memcpy(&value, static_cast<const char *>(bytes) + i * sizeof(T), sizeof(T));
    values[i] = double(value);
  }
  return values;
}

/// The test data holds no integer of more than 53 bits, so that a double tells any two apart.
std::vector<double> valuesOf(const void *bytes, ElementKind kind, size_t count) {
  switch (kind) {
  case ElementKind::F32: return widen<float>(bytes, count);
  case ElementKind::F64: return widen<double>(bytes, count);
  case ElementKind::I1:
  case ElementKind::U8: return widen<uint8_t>(bytes, count);
  case ElementKind::I8: return widen<int8_t>(bytes, count);
  case ElementKind::I16: return widen<int16_t>(bytes, count);
  case ElementKind::I32: return widen<int32_t>(bytes, count);
  case ElementKind::I64: return widen<int64_t>(bytes, count);
  }
  return {};
}

/// 16-bit floats of either kind.
std::vector<double> narrowFloats(const std::string &bytes, const llvm::fltSemantics &semantics) {
  std::vector<double> values;
  for (size_t i = 0; i + 1 < bytes.size(); i += 2) {
    llvm::APFloat value(semantics, llvm::APInt(16, uint8_t(bytes[i]) | uint64_t(uint8_t(bytes[i + 1])) << 8));
    bool lost = false;
    value.convert(llvm::APFloat::IEEEdouble(), llvm::APFloat::rmNearestTiesToEven, &lost);
    values.push_back(value.convertToDouble());
  }
  return values;
}

bool agree(double actual, double expected, double tolerance) {
  if (std::isnan(expected) || std::isinf(expected))
    return std::isnan(expected) ? std::isnan(actual) : actual == expected;
  return std::fabs(actual - expected) <= 1e-7 + tolerance * std::fabs(expected);
}

} // namespace

std::optional<TensorProto> test::readTensorFile(const std::string &path) {
  std::ifstream file(path, std::ios::binary);
  TensorProto tensor;
  if (!file || !tensor.ParseFromIstream(&file) || tensor.data_type() == TensorProto::UNDEFINED)
    return std::nullopt;
  return tensor;
}

std::optional<HostTensor> test::toHostTensor(const TensorProto &tensor) {
  auto kind = kindOf(tensor.data_type());
  if (!kind)
    return std::nullopt;
  HostTensor result(*kind, llvm::ArrayRef<int64_t>(tensor.dims().data(), size_t(tensor.dims_size())));
  if (tensor.raw_data().size() != size_t(result.size() * elementBytes(*kind)))
    return std::nullopt;
  std::memcpy(result.data<char>(), tensor.raw_data().data(), tensor.raw_data().size());
  return result;
}

std::string test::compare(const HostTensor &actual, const TensorProto &expected) {
  llvm::ArrayRef<int64_t> shape(expected.dims().data(), size_t(expected.dims_size()));
  if (actual.shape() != shape)
    return "the shape differs";
  const size_t count = size_t(actual.size());
  std::vector<double> got = valuesOf(actual.data<char>(), actual.kind(), count), wanted;
  bool isFloat = actual.kind() == ElementKind::F32;
  double tolerance = 1e-3;
  if (expected.data_type() == TensorProto::FLOAT16 && isFloat) {
    wanted = narrowFloats(expected.raw_data(), llvm::APFloat::IEEEhalf());
  } else if (expected.data_type() == TensorProto::BFLOAT16 && isFloat) {
    wanted = narrowFloats(expected.raw_data(), llvm::APFloat::BFloat());
    tolerance = 0x1p-7;
  } else if (expected.data_type() == TensorProto::DOUBLE && isFloat) {
    wanted = valuesOf(expected.raw_data().data(), ElementKind::F64, expected.raw_data().size() / 8);
  } else if (kindOf(expected.data_type()) == actual.kind()) {
    wanted = valuesOf(expected.raw_data().data(), actual.kind(), expected.raw_data().size() / size_t(elementBytes(actual.kind())));
  } else {
    return "the element type differs from ONNX's number " + std::to_string(expected.data_type());
  }
  if (wanted.size() != count)
    return "the file holds " + std::to_string(wanted.size()) + " elements, the shape asks for " + std::to_string(count);
  for (size_t i = 0; i < count; ++i)
    if (isFloat ? !agree(got[i], wanted[i], tolerance) : got[i] != wanted[i])
      return "element " + std::to_string(i) + " is " + std::to_string(got[i]) + ", expected " + std::to_string(wanted[i]);
  return "";
}
