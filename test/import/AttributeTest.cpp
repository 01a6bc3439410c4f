#include "test/import/TestModel.h"

#include "mlir/IR/BuiltinAttributes.h"

#include <catch2/catch.hpp>

#include <limits>

using namespace mlir;
using namespace mcuform;
using namespace mcuform::test;
using onnx::AttributeProto;

static std::string toString(Attribute attribute) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << attribute;
  return text;
}

static void setTensor(onnx::TensorProto &tensor, float value) {
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.add_dims(1);
  tensor.add_float_data(value);
}

TEST_CASE("attributes of each kind") {
  TestModel model;
  onnx::NodeProto &node = *model.graph().mutable_node(0);
  addAttribute(node, "int", AttributeProto::INT).set_i(-7);
  addAttribute(node, "float", AttributeProto::FLOAT).set_f(0.5f);
  addAttribute(node, "string", AttributeProto::STRING).set_s("SAME_UPPER");
  AttributeProto &ints = addAttribute(node, "ints", AttributeProto::INTS);
  ints.add_ints(16);
  ints.add_ints(-1);
  addAttribute(node, "no_ints", AttributeProto::INTS);
  addAttribute(node, "floats", AttributeProto::FLOATS).add_floats(1.5f);
  AttributeProto &strings = addAttribute(node, "strings", AttributeProto::STRINGS);
  strings.add_strings("a");
  strings.add_strings("b");
  setTensor(*addAttribute(node, "tensor", AttributeProto::TENSOR).mutable_t(), 3);
  setTensor(*addAttribute(node, "tensors", AttributeProto::TENSORS).add_tensors(), std::numeric_limits<float>::infinity());

  Imported imported = model.import();
  REQUIRE(imported.module);
  onnxin::NodeOp op = imported.nodes().at(0);
  CHECK(op.getAttrs().size() == 9);
  CHECK(toString(op.getNodeAttr("int")) == "-7 : i64");
  CHECK(toString(op.getNodeAttr("float")) == "5.000000e-01 : f32");
  CHECK(toString(op.getNodeAttr("string")) == "\"SAME_UPPER\"");
  CHECK(toString(op.getNodeAttr("ints")) == "array<i64: 16, -1>");
  CHECK(toString(op.getNodeAttr("no_ints")) == "array<i64>");
  CHECK(toString(op.getNodeAttr("floats")) == "array<f32: 1.500000e+00>");
  CHECK(toString(op.getNodeAttr("strings")) == "[\"a\", \"b\"]");
  CHECK(toString(op.getNodeAttr("tensor")) == "dense<3.000000e+00> : tensor<1xf32>");
  CHECK(toString(op.getNodeAttr("tensors")) == "[dense<0x7F800000> : tensor<1xf32>]");

  CHECK(op.getInt("int") == -7);
  CHECK(op.getFloat("float") == 0.5f);
  CHECK(op.getString("string") == StringRef("SAME_UPPER"));
  CHECK((op.getInts("ints") == ArrayRef<int64_t>{16, -1}));
  CHECK((op.getFloats("floats") == ArrayRef<float>{1.5f}));
  CHECK_FALSE(op.getInt("float"));
  CHECK_FALSE(op.getFloat("missing"));
}

TEST_CASE("attributes that cannot be represented") {
  TestModel model;
  onnx::NodeProto &node = *model.graph().mutable_node(0);
  addAttribute(node, "sparse", AttributeProto::SPARSE_TENSOR);
  addAttribute(node, "type", AttributeProto::TYPE_PROTO);
  addAttribute(node, "untyped", AttributeProto::UNDEFINED).set_i(1);
  addAttribute(node, "reference", AttributeProto::INT).set_ref_attr_name("outer");
  addAttribute(node, "twice", AttributeProto::INT);
  addAttribute(node, "twice", AttributeProto::FLOAT);
  addAttribute(node, "", AttributeProto::INT);
  setTensor(*addAttribute(node, "bad", AttributeProto::TENSOR).mutable_t(), std::numeric_limits<float>::quiet_NaN());
  Imported imported = model.import();
  CHECK(imported.errors == Strings{
                               "attribute 'sparse' of node 'relu' is a sparse tensor, which is not supported",
                               "attribute 'type' of node 'relu' is a type, which is not supported",
                               "attribute 'untyped' of node 'relu' is of no known kind, which is not supported",
                               "attribute 'reference' of node 'relu' is a reference to an attribute of a function, which is not supported",
                               "node 'relu' has attribute 'twice' twice",
                               "node 'relu' has an attribute without a name",
                               "attribute 'bad' of node 'relu' has 1 NaN value, the first (NaN) at index 0",
                           });
  CHECK(imported.errorNames == Strings(7, "relu"));
}

TEST_CASE("control flow is refused, once a node") {
  TestModel model;
  onnx::NodeProto &node = model.node("If", {"y"}, {"z"}, "/blocks.0/If");
  addAttribute(node, "then_branch", AttributeProto::GRAPH).mutable_g()->set_name("then");
  addAttribute(node, "else_branch", AttributeProto::GRAPH).mutable_g()->set_name("else");
  CHECK(model.errors() == Strings{"node '/blocks.0/If' (If) has a graph inside: control flow is not supported"});
}

TEST_CASE("Constant nodes are constants, in each of their forms") {
  TestModel model;
  auto constant = [&](const std::string &name, AttributeProto::AttributeType type) -> AttributeProto & {
    return addAttribute(model.node("Constant", {}, {name + "_out"}, name), name.substr(0, name.find('.')), type);
  };
  setTensor(*constant("value", AttributeProto::TENSOR).mutable_t(), 4);
  constant("value_int", AttributeProto::INT).set_i(5);
  constant("value_float", AttributeProto::FLOAT).set_f(0.25f);
  AttributeProto &ints = constant("value_ints", AttributeProto::INTS);
  for (int i = 0; i < 3; ++i)
    ints.add_ints(i);
  AttributeProto &floats = constant("value_floats", AttributeProto::FLOATS);
  for (int i = 0; i < 100; ++i)
    floats.add_floats(float(i));
  constant("value_ints.none", AttributeProto::INTS);

  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(imported.nodes().size() == 1);
  CHECK(toString(imported.constant("value")) == "dense<4.000000e+00> : tensor<1xf32>");
  CHECK(toString(imported.constant("value_int")) == "dense<5> : tensor<i64>");
  CHECK(toString(imported.constant("value_float")) == "dense<2.500000e-01> : tensor<f32>");
  CHECK(toString(imported.constant("value_ints")) == "dense<[0, 1, 2]> : tensor<3xi64>");
  CHECK(toString(imported.constant("value_floats")) == "dense_resource<value_floats> : tensor<100xf32>");
  CHECK(toString(imported.constant("value_ints.none")) == "dense<> : tensor<0xi64>");
}

TEST_CASE("Constant nodes that are not constants") {
  TestModel model;
  addAttribute(model.node("Constant", {}, {"a"}, "text"), "value_string", AttributeProto::STRING).set_s("hello");
  model.node("Constant", {}, {"b"}, "nothing");
  onnx::NodeProto &two = model.node("Constant", {}, {"c"}, "two");
  addAttribute(two, "value_int", AttributeProto::INT);
  addAttribute(two, "value_float", AttributeProto::FLOAT);
  addAttribute(model.node("Constant", {}, {"d"}, "mixed"), "value_int", AttributeProto::FLOAT);
  addAttribute(model.node("Constant", {"x"}, {"e", "f"}, "wired"), "value_int", AttributeProto::INT);
  addAttribute(model.node("Constant", {}, {}, "unused"), "value_int", AttributeProto::INT);
  CHECK(model.errors() == Strings{
                              "Constant node 'text' has its value in 'value_string', which is not supported",
                              "Constant node 'nothing' has 0 attributes, it must have one",
                              "Constant node 'two' has 2 attributes, it must have one",
                              "Constant node 'mixed' has its value in 'value_int', which is not supported",
                              "Constant node 'wired' has 1 inputs and 2 outputs, it must have 0 and 1",
                              "Constant node 'unused' has 0 inputs and 0 outputs, it must have 0 and 1",
                          });
}
