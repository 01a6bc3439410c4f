#include "test/import/TestModel.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace mcuform;
using namespace mcuform::test;

static std::string inputTypes(Imported imported) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(imported.main().getArgumentTypes(), stream);
  return text;
}

static onnx::TensorShapeProto::Dimension &dimension(onnx::ValueInfoProto &input, int index) {
  return *input.mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(index);
}

/// Inputs of [batch, 3, height, width] and of [?, 5].
static TestModel openModel() {
  TestModel model;
  onnx::ValueInfoProto &image = model.input("image", {0, 3, 0, 0});
  dimension(image, 0).set_dim_param("batch");
  dimension(image, 2).set_dim_param("height");
  dimension(image, 3).set_dim_param("width");
  dimension(model.input("table", {0, 5}), 0).clear_dim_value();
  return model;
}

TEST_CASE("open dimensions are all reported") {
  Imported imported = openModel().import();
  CHECK(imported.errors ==
        Strings{
            "input 'image' has no fixed size in dimension 0 ('batch'): re-export with a fixed size, or pass --dim batch=1",
            "input 'image' has no fixed size in dimension 2 ('height'): re-export with a fixed size, or pass --dim height=1",
            "input 'image' has no fixed size in dimension 3 ('width'): re-export with a fixed size, or pass --dim width=1",
            "input 'table' has no fixed size in dimension 0: re-export with a fixed size, or pass --dim table:0=1",
        });
  CHECK(imported.errorNames == Strings{"image", "image", "image", "table"});
}

TEST_CASE("sizes given for open dimensions") {
  ImportOptions options;
  options.dims = {{"batch", 1}, {"height", 32}, {"width", 48}, {"table:0", 7}};
  CHECK(inputTypes(openModel().import(options)) == "tensor<1x4xf32>, tensor<1x3x32x48xf32>, tensor<7x5xf32>");

  options.dims = {{"batch", 1}, {"height", 32}, {"table:0", 7}};
  CHECK(openModel().errors(options) ==
        Strings{"input 'image' has no fixed size in dimension 3 ('width'): re-export with a fixed size, or pass --dim width=1"});

  options.dims = {{"batch", 0}, {"height", 32}, {"width", -1}, {"table:0", 7}};
  CHECK(openModel().errors(options) ==
        Strings{"dimension 'batch' is given size 0, it must be positive", "dimension 'width' is given size -1, it must be positive"});
}

TEST_CASE("a size for a dimension that is not open is a warning") {
  ImportOptions options;
  options.dims = {{"seq", 1}, {"batch", 1}};
  Imported imported = TestModel().import(options);
  CHECK(imported.module);
  CHECK(imported.warnings == Strings{"no input has an open dimension 'batch'", "no input has an open dimension 'seq'"});
}

TEST_CASE("input types") {
  TestModel model;
  model.input("scalar", {}, onnx::TensorProto::INT64);
  model.input("pixels", {2, 3}, onnx::TensorProto::UINT8);
  CHECK(inputTypes(model.import()) == "tensor<1x4xf32>, tensor<i64>, tensor<2x3xui8>");
}

TEST_CASE("inputs that cannot be") {
  TestModel model;
  model.input("zero", {1, 0});
  model.input("negative", {-2});
  model.input("text", {1}, onnx::TensorProto::STRING);
  model.input("large", {int64_t(1) << 40, int64_t(1) << 40});
  model.input("shapeless", {}).mutable_type()->mutable_tensor_type()->clear_shape();
  model.input("typeless", {}).clear_type();
  model.input("list", {}).mutable_type()->mutable_sequence_type();
  model.input("", {1});
  CHECK(model.errors() == Strings{
                              "input 'zero' has size 0 in dimension 1, it must be positive",
                              "input 'negative' has size -2 in dimension 0, it must be positive",
                              "input 'text' has elements of type string, which is not supported",
                              "input 'large' is too large: [1099511627776, 1099511627776]",
                              "input 'shapeless' has no shape: re-export with a fixed one",
                              "input 'typeless' is not a tensor",
                              "input 'list' is not a tensor",
                              "input number 8 has no name",
                          });
}
