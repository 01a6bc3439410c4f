#include "test/import/TestModel.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace mlir;
using namespace mcuform::test;
using onnx::TensorProto;

/// The packed bytes of a constant, however it is stored.
static std::string bytesOf(ElementsAttr value) {
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    ArrayRef<char> data = resource.getRawHandle().getBlob()->getData();
    return std::string(data.begin(), data.end());
  }
  auto dense = cast<DenseElementsAttr>(value);
  if (dense.getElementType().isInteger(1)) {
    std::string bytes;
    for (bool element : dense.getValues<bool>())
      bytes += char(element);
    return bytes;
  }
  std::string bytes;
  // A splat stores one element for all.
  int64_t copies = dense.isSplat() ? dense.getNumElements() : 1;
  for (int64_t i = 0; i < copies; ++i)
    bytes.append(dense.getRawData().begin(), dense.getRawData().end());
  return bytes;
}

namespace {
struct ElementCase {
  int32_t onnxType;
  const char *mlirType;
  /// Four elements.
  std::string raw;
  void (*fillTyped)(TensorProto &);
};
} // namespace

static std::vector<ElementCase> elementCases() {
  constexpr int64_t minI64 = std::numeric_limits<int64_t>::min();
  constexpr uint64_t maxU64 = std::numeric_limits<uint64_t>::max();
#define INT32S(...)                                                                                                                        \
  [](TensorProto &tensor) {                                                                                                                \
    for (int32_t value : {__VA_ARGS__})                                                                                                    \
      tensor.add_int32_data(value);                                                                                                        \
  }
  return {
      {TensorProto::FLOAT, "f32", rawData<float>({1.5f, -2, 0, 3e38f}),
       [](TensorProto &tensor) {
         for (float value : {1.5f, -2.f, 0.f, 3e38f})
           tensor.add_float_data(value);
       }},
      {TensorProto::DOUBLE, "f64", rawData<double>({1.5, -2, 0, 1e308}),
       [](TensorProto &tensor) {
         for (double value : {1.5, -2., 0., 1e308})
           tensor.add_double_data(value);
       }},
      {TensorProto::FLOAT16, "f16", rawData<uint16_t>({0x3c00, 0xc000, 0, 0x7bff}), INT32S(0x3c00, 0xc000, 0, 0x7bff)},
      {TensorProto::BFLOAT16, "bf16", rawData<uint16_t>({0x3f80, 0xc000, 0, 0x7f7f}), INT32S(0x3f80, 0xc000, 0, 0x7f7f)},
      {TensorProto::INT8, "i8", rawData<int8_t>({-128, -1, 0, 127}), INT32S(-128, -1, 0, 127)},
      {TensorProto::INT16, "i16", rawData<int16_t>({-32768, -1, 0, 32767}), INT32S(-32768, -1, 0, 32767)},
      {TensorProto::INT32, "i32", rawData<int32_t>({INT32_MIN, -1, 0, INT32_MAX}), INT32S(INT32_MIN, -1, 0, INT32_MAX)},
      {TensorProto::INT64, "i64", rawData<int64_t>({minI64, -1, 0, 7}),
       [](TensorProto &tensor) {
         for (int64_t value : {minI64, int64_t(-1), int64_t(0), int64_t(7)})
           tensor.add_int64_data(value);
       }},
      {TensorProto::UINT8, "ui8", rawData<uint8_t>({0, 1, 200, 255}), INT32S(0, 1, 200, 255)},
      {TensorProto::UINT16, "ui16", rawData<uint16_t>({0, 1, 40000, 65535}), INT32S(0, 1, 40000, 65535)},
      {TensorProto::UINT32, "ui32", rawData<uint32_t>({0, 1, 2, UINT32_MAX}),
       [](TensorProto &tensor) {
         for (uint64_t value : {uint64_t(0), uint64_t(1), uint64_t(2), uint64_t(UINT32_MAX)})
           tensor.add_uint64_data(value);
       }},
      {TensorProto::UINT64, "ui64", rawData<uint64_t>({0, 1, 2, maxU64}),
       [](TensorProto &tensor) {
         for (uint64_t value : {uint64_t(0), uint64_t(1), uint64_t(2), maxU64})
           tensor.add_uint64_data(value);
       }},
      {TensorProto::BOOL, "i1", rawData<uint8_t>({0, 1, 1, 0}), INT32S(0, 1, 1, 0)},
  };
#undef INT32S
}

static std::string toString(Type type) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << type;
  return text;
}

TEST_CASE("every element type, from raw data and from its typed field") {
  for (const ElementCase &element : elementCases()) {
    INFO(element.mlirType);
    TestModel model;
    model.initializer("raw", {2, 2}, element.onnxType).set_raw_data(element.raw);
    element.fillTyped(model.initializer("typed", {2, 2}, element.onnxType));
    // Above 64 elements: a resource.
    std::string many;
    for (int i = 0; i < 20; ++i)
      many += element.raw;
    model.initializer("many", {5, 4, 4}, element.onnxType).set_raw_data(many);
    TensorProto &manyTyped = model.initializer("many_typed", {80}, element.onnxType);
    for (int i = 0; i < 20; ++i)
      element.fillTyped(manyTyped);

    Imported imported = model.import();
    REQUIRE(imported.module);
    std::string small = std::string("tensor<2x2x") + element.mlirType + ">";
    CHECK(toString(imported.constant("raw").getType()) == small);
    CHECK(imported.constant("raw") == imported.constant("typed"));
    CHECK(isa<DenseElementsAttr>(imported.constant("raw")));
    CHECK(bytesOf(imported.constant("raw")) == element.raw);
    CHECK(isa<DenseResourceElementsAttr>(imported.constant("many")));
    CHECK(toString(imported.constant("many").getType()) == std::string("tensor<5x4x4x") + element.mlirType + ">");
    CHECK(bytesOf(imported.constant("many")) == many);
    CHECK(isa<DenseResourceElementsAttr>(imported.constant("many_typed")));
    CHECK(bytesOf(imported.constant("many_typed")) == many);
    auto blob = cast<DenseResourceElementsAttr>(imported.constant("many")).getRawHandle().getBlob();
    CHECK(reinterpret_cast<uintptr_t>(blob->getData().data()) % 8 == 0);
  }
}

TEST_CASE("scalars, empty tensors and the border between text and resource") {
  TestModel model;
  model.initializer("scalar", {}).add_float_data(2.5f);
  model.initializer("none", {0});
  model.initializer("none_raw", {3, 0, 2}, TensorProto::INT64).set_raw_data("");
  for (int count : {64, 65}) {
    TensorProto &tensor = model.initializer("of" + std::to_string(count), {count});
    for (int i = 0; i < count; ++i)
      tensor.add_float_data(float(i));
  }
  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(toString(imported.constant("scalar").getType()) == "tensor<f32>");
  CHECK(imported.constant("scalar").getSplatValue<float>() == 2.5f);
  CHECK(toString(imported.constant("none").getType()) == "tensor<0xf32>");
  CHECK(toString(imported.constant("none_raw").getType()) == "tensor<3x0x2xi64>");
  CHECK(isa<DenseElementsAttr>(imported.constant("of64")));
  CHECK(isa<DenseResourceElementsAttr>(imported.constant("of65")));
}

TEST_CASE("a bool is 0 or 1 whatever the file has") {
  TestModel model;
  model.initializer("few", {3}, TensorProto::BOOL).set_raw_data(rawData<uint8_t>({0, 2, 255}));
  model.initializer("many", {80}, TensorProto::BOOL).set_raw_data(std::string(80, '\x40'));
  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(bytesOf(imported.constant("few")) == rawData<uint8_t>({0, 1, 1}));
  CHECK(bytesOf(imported.constant("many")) == std::string(80, '\x01'));
}

TEST_CASE("data that does not match the shape") {
  TestModel model;
  model.initializer("short", {2, 2}).set_raw_data(rawData<float>({1, 2, 3}));
  model.initializer("long", {2}, TensorProto::INT8).set_raw_data("abc");
  model.initializer("missing", {2});
  model.initializer("few", {3}, TensorProto::INT64).add_int64_data(1);
  TensorProto &both = model.initializer("both", {1});
  both.set_raw_data(rawData<float>({1}));
  both.add_float_data(1);
  model.initializer("wrong field", {1}, TensorProto::INT32).add_float_data(1);
  Imported imported = model.import();
  CHECK(imported.errors == Strings{
                               "initializer 'short' has 12 bytes of raw data, shape [2, 2] of f32 needs 16",
                               "initializer 'long' has 3 bytes of raw data, shape [2] of i8 needs 2",
                               "initializer 'missing' has 0 elements in float_data, shape [2] of f32 needs 2",
                               "initializer 'few' has 1 elements in int64_data, shape [3] of i64 needs 3",
                               "initializer 'both' has both raw data and float_data",
                               "initializer 'wrong field' has 0 elements in int32_data, shape [1] of i32 needs 1",
                           });
  CHECK(imported.errorNames == Strings{"short", "long", "missing", "few", "both", "wrong field"});
}

TEST_CASE("values out of the range of their type") {
  TestModel model;
  TensorProto &bytes = model.initializer("bytes", {2}, TensorProto::UINT8);
  bytes.add_int32_data(255);
  bytes.add_int32_data(256);
  model.initializer("halves", {1}, TensorProto::FLOAT16).add_int32_data(0x10000);
  model.initializer("words", {1}, TensorProto::UINT32).add_uint64_data(uint64_t(1) << 32);
  model.initializer("flags", {1}, TensorProto::BOOL).add_int32_data(1 << 20);
  CHECK(model.errors() == Strings{
                              "initializer 'bytes' has a value out of the range of 'ui8' at index 1",
                              "initializer 'halves' has a value out of the range of 'f16' at index 0",
                              "initializer 'words' has a value out of the range of 'ui32' at index 0",
                              "initializer 'flags' has a value out of the range of 'i1' at index 0",
                          });
}

TEST_CASE("NaN and infinity in initializers") {
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  constexpr float infinity = std::numeric_limits<float>::infinity();
  TestModel model;
  model.initializer("w", {4}).set_raw_data(rawData<float>({1, nan, -infinity, 2}));
  model.initializer("b", {3}).set_raw_data(rawData<float>({0, 0, -infinity}));
  for (float value : {nan, nan})
    model.initializer("typed" + std::to_string(model.graph().initializer_size()), {1}).add_float_data(value);
  model.initializer("double", {2}, TensorProto::DOUBLE).set_raw_data(rawData<double>({std::nan(""), 1}));
  model.initializer("half", {2}, TensorProto::FLOAT16).set_raw_data(rawData<uint16_t>({0x7bff, 0xfc00}));
  model.initializer("bfloat", {2}, TensorProto::BFLOAT16).set_raw_data(rawData<uint16_t>({0x7f7f, 0xff81}));
  std::vector<float> many(1000, 1.f);
  many[700] = many[900] = nan;
  model.initializer("many", {10, 100}).set_raw_data(rawData(many));
  CHECK(model.errors() == Strings{
                              "initializer 'w' has 2 NaN or infinite values, the first (NaN) at index 1",
                              "initializer 'b' has 1 NaN or infinite value, the first (infinite) at index 2",
                              "initializer 'typed2' has 1 NaN or infinite value, the first (NaN) at index 0",
                              "initializer 'typed3' has 1 NaN or infinite value, the first (NaN) at index 0",
                              "initializer 'double' has 1 NaN or infinite value, the first (NaN) at index 0",
                              "initializer 'half' has 1 NaN or infinite value, the first (infinite) at index 1",
                              "initializer 'bfloat' has 1 NaN or infinite value, the first (NaN) at index 1",
                              "initializer 'many' has 2 NaN or infinite values, the first (NaN) at index 700",
                          });
}

TEST_CASE("element types, shapes and forms of storage that are not supported") {
  TestModel model;
  model.initializer("names", {1}, TensorProto::STRING).add_string_data("a");
  model.initializer("waves", {1}, TensorProto::COMPLEX64).add_float_data(1);
  model.initializer("untyped", {1}, TensorProto::UNDEFINED);
  model.initializer("tiny", {1}, 17);
  model.initializer("future", {1}, 99);
  model.initializer("negative", {2, -3});
  model.initializer("huge", {int64_t(1) << 40, int64_t(1) << 40});
  model.initializer("huge and empty", {int64_t(1) << 62, int64_t(1) << 62, 0});
  model.initializer("deep", Dims(33, 1));
  model.initializer("parts", {1}).mutable_segment()->set_begin(0);
  onnx::SparseTensorProto *sparse = model.graph().add_sparse_initializer();
  sparse->mutable_values()->set_name("sparse");
  model.node("Add", {"y", "sparse"}, {"z"});
  model.initializer("", {1}).add_float_data(1);
  CHECK(model.errors() == Strings{
                              "initializer 'names' has elements of type string, which is not supported",
                              "initializer 'waves' has elements of type complex64, which is not supported",
                              "initializer 'untyped' has elements of type undefined, which is not supported",
                              "initializer 'tiny' has elements of type float8e4m3fn, which is not supported",
                              "initializer 'future' has elements of type number 99, which is not supported",
                              "initializer 'negative' has size -3 in dimension 1",
                              "initializer 'huge' has a shape beyond 32 dimensions or 281474976710656 elements",
                              "initializer 'huge and empty' has a shape beyond 32 dimensions or 281474976710656 elements",
                              "initializer 'deep' has a shape beyond 32 dimensions or 281474976710656 elements",
                              "initializer 'parts' is stored in segments, which is not supported",
                              "initializer number 10 has no name",
                              "initializer 'sparse' is a sparse tensor, which is not supported",
                          });
}

TEST_CASE("large data is printed and read back as a resource") {
  TestModel model;
  model.initializer("a/b c", {100}).set_raw_data(rawData(std::vector<float>(100, 1.f)));
  model.initializer("a/b:c", {100}).set_raw_data(rawData(std::vector<float>(100, 2.f)));
  Imported imported = model.import();
  REQUIRE(imported.module);
  std::string text = imported.print();
  CHECK(text.find("dense_resource<a_b_c>") != std::string::npos);
  CHECK(text.find("dense_resource<a_b_c_1>") != std::string::npos);
}
