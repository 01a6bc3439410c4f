#include "test/import/TestModel.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/SHA256.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace mcuform;
using namespace mcuform::test;

static Strings nodeNames(Imported &imported) {
  Strings names;
  for (onnxin::NodeOp op : imported.nodes())
    names.push_back(op.getNodeName().str());
  return names;
}

TEST_CASE("a whole model, as printed") {
  TestModel model = TestModel::empty();
  model.proto.set_producer_version("1.0");
  model.input("image", {1, 3, 4, 4});
  model.initializer("w", {2, 3, 4, 4}).set_raw_data(rawData(std::vector<float>(96, 0.5f)));
  model.initializer("b", {2}).set_raw_data(rawData<float>({1, 2}));
  onnx::AttributeProto &kernel =
      addAttribute(model.node("Conv", {"image", "w", "b"}, {"p"}, "/patch/Conv"), "kernel_shape", onnx::AttributeProto::INTS);
  kernel.add_ints(4);
  kernel.add_ints(4);
  model.node("Gelu", {"p"}, {"g"}).set_domain("com.microsoft");
  model.output("g");
  Imported imported = model.import();
  REQUIRE(imported.module);
  std::string sha256 = llvm::toHex(llvm::SHA256::hash(llvm::arrayRefFromStringRef(model.bytes())), /*LowerCase=*/true);
  std::string text = imported.print();
  CHECK(text.substr(0, text.find("\n{-#")) ==
        "module attributes {onnxin.ir_version = 8 : i64, onnxin.model_name = \"small\", onnxin.opset = 17 : i64, onnxin.producer = \"test "
        "1.0\", "
        "onnxin.sha256 = \"" +
            sha256 +
            "\"} {\n"
            "  func.func @main(%arg0: tensor<1x3x4x4xf32> {onnxin.name = \"image\"}) -> (!onnxin.value {onnxin.name = \"g\"}) {\n"
            "    %0 = onnxin.constant dense_resource<w> : tensor<2x3x4x4xf32>\n"
            "    %1 = onnxin.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>\n"
            "    %2 = onnxin.node \"Conv\"(%arg0, %0, %1) {attrs = {kernel_shape = array<i64: 4, 4>}} : "
            "(tensor<1x3x4x4xf32>, tensor<2x3x4x4xf32>, tensor<2xf32>) -> !onnxin.value\n"
            "    %3 = onnxin.node \"Gelu\"(%2) {domain = \"com.microsoft\"} : (!onnxin.value) -> !onnxin.value\n"
            "    return %3 : !onnxin.value\n"
            "  }\n"
            "}\n");
}

TEST_CASE("names are locations") {
  TestModel model = TestModel::empty();
  model.input("x", {4});
  model.initializer("w", {4}).set_raw_data(rawData<float>({1, 2, 3, 4}));
  model.node("Mul", {"x", "w"}, {"a"}, "/scale/Mul");
  model.node("Relu", {"a"}, {"b"});
  model.node("Exp", {"b"}, {"c"}, "name with \"quotes\" and \n");
  model.output("c");
  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(nodeNames(imported) == Strings{"/scale/Mul", "Relu_1", "name with \"quotes\" and \n"});
  CHECK(cast<NameLoc>(imported.main().getArgument(0).getLoc()).getName() == "x");
  CHECK(cast<NameLoc>(imported.constants()[0].getLoc()).getName() == "w");
}

TEST_CASE("optional inputs and outputs that are left out") {
  TestModel model = TestModel::empty();
  model.input("x", {4});
  model.node("Clip", {"x", "", "x"}, {"a"}, "clip");
  model.node("LayerNormalization", {"a", "x", ""}, {"", "", "b"}, "norm");
  model.output("b");
  Imported imported = model.import();
  REQUIRE(imported.module);
  onnxin::NodeOp clip = imported.nodes()[0], norm = imported.nodes()[1];
  CHECK(clip.getInputs().size() == 3);
  CHECK(clip.getInput(0) == imported.main().getArgument(0));
  CHECK(isa<NoneType>(clip.getInputs()[1].getType()));
  CHECK_FALSE(clip.getInput(1));
  CHECK_FALSE(clip.getInput(7));
  CHECK(norm.getInput(0) == clip.getOutputs()[0]);
  REQUIRE(norm.getOutputs().size() == 3);
  CHECK(imported.main().front().getTerminator()->getOperand(0) == norm.getOutputs()[2]);
}

TEST_CASE("initializers among the inputs are constants") {
  TestModel model;
  model.input("w", {2});
  model.initializer("w", {2}).set_raw_data(rawData<float>({1, 2}));
  // Its declared dimensions do not matter.
  model.input("v", {1}).mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("n");
  model.initializer("v", {1}).add_float_data(1);
  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(imported.main().getNumArguments() == 1);
  CHECK(imported.constants().size() == 2);
}

TEST_CASE("inputs and initializers as outputs") {
  TestModel model;
  model.initializer("w", {2}).set_raw_data(rawData<float>({1, 2}));
  model.output("w");
  model.output("x");
  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(imported.print().find(
            "-> (!onnxin.value {onnxin.name = \"y\"}, tensor<2xf32> {onnxin.name = \"w\"}, tensor<1x4xf32> {onnxin.name = \"x\"})") !=
        std::string::npos);
}

TEST_CASE("domains") {
  TestModel model;
  model.node("Relu", {"y"}, {"a"}).set_domain("ai.onnx");
  model.node("Foo", {"a"}, {"b"}).set_domain("org.example");
  addAttribute(model.node("Constant", {}, {"c"}), "value_int", onnx::AttributeProto::INT);
  model.graph().mutable_node(3)->set_domain("org.example");
  Imported imported = model.import();
  REQUIRE(imported.module);
  REQUIRE(imported.nodes().size() == 4);
  CHECK(imported.nodes()[1].getDomain().empty());
  CHECK(imported.nodes()[2].getDomain() == "org.example");
  // Only ONNX's own Constant is known to be one.
  CHECK(imported.nodes()[3].getOpType() == "Constant");
}

TEST_CASE("nodes are put in order") {
  TestModel model = TestModel::empty();
  model.input("x", {4});
  model.node("Add", {"b", "c"}, {"d"}, "last");
  model.node("Relu", {"a"}, {"b"}, "second");
  model.node("Neg", {"a"}, {"c"}, "third");
  model.node("Exp", {"x"}, {"a"}, "first");
  model.node("Abs", {"x"}, {"e"}, "other");
  model.output("d");
  Imported imported = model.import();
  REQUIRE(imported.module);
  CHECK(nodeNames(imported) == Strings{"first", "second", "third", "last", "other"});
}

TEST_CASE("cycles") {
  TestModel model;
  model.node("Add", {"c", "x"}, {"a"}, "A");
  model.node("Relu", {"a"}, {"b"}, "B");
  model.node("Neg", {"b"}, {"c"}, "C");
  model.node("Exp", {"s"}, {"s"}, "self");
  model.node("Abs", {"c"}, {"after"}, "after");
  CHECK(model.errors() == Strings{"the graph has a cycle: 'A' -> 'B' -> 'C' -> 'A'", "the graph has a cycle: 'self' -> 'self'"});
}

TEST_CASE("values that are defined nowhere, or twice") {
  TestModel model;
  model.node("Add", {"x", "ghost"}, {"a"}, "adder");
  model.node("Relu", {"spirit"}, {"b"});
  model.node("Relu", {"b"}, {"a"}, "again");
  model.node("Relu", {"b"}, {"x"}, "onto input");
  model.initializer("y", {1}).add_float_data(1);
  model.output("phantom");
  Imported imported = model.import();
  CHECK(imported.errors == Strings{
                               "value 'y' is defined twice: by initializer 'y' and by node 'relu'",
                               "value 'a' is defined twice: by node 'adder' and by node 'again'",
                               "value 'x' is defined twice: by input 'x' and by node 'onto input'",
                               "output 'phantom' is defined nowhere",
                               "node 'adder' (Add) reads 'ghost', which is defined nowhere",
                               "node 'Relu_2' (Relu) reads 'spirit', which is defined nowhere",
                           });
  CHECK(imported.errorNames == Strings{"y", "a", "x", "phantom", "adder", "Relu_2"});
}

TEST_CASE("nodes and outputs without what they need") {
  TestModel model;
  model.node("", {"x"}, {"a"});
  model.output("");
  CHECK(model.errors() == Strings{"node number 1 has no operator type", "output number 1 has no name"});
}

TEST_CASE("opsets") {
  auto withOpsets = [](std::initializer_list<std::pair<const char *, int64_t>> opsets) {
    TestModel model;
    model.proto.clear_opset_import();
    for (auto [domain, version] : opsets) {
      onnx::OperatorSetIdProto *opset = model.proto.add_opset_import();
      opset->set_domain(domain);
      opset->set_version(version);
    }
    return model;
  };
  for (int64_t version : {11, 13, 17, 22})
    CHECK(withOpsets({{"", version}}).import().module);
  CHECK(withOpsets({{"ai.onnx", 15}, {"com.microsoft", 1}}).import().module);
  CHECK(withOpsets({{"", 10}}).errors() == Strings{"the model has opset 10, 11 to 22 are supported"});
  CHECK(withOpsets({{"", 23}}).errors() == Strings{"the model has opset 23, 11 to 22 are supported"});
  CHECK(withOpsets({}).errors() == Strings{"the model names no opset, 11 to 22 are supported"});
  CHECK(withOpsets({{"com.microsoft", 1}}).errors() == Strings{"the model names no opset, 11 to 22 are supported"});
  CHECK(withOpsets({{"", 13}, {"ai.onnx", 17}}).errors() == Strings{"the model names two opsets, 13 and 17"});
}

TEST_CASE("any IR version") {
  for (int64_t version : {3, 10, 99}) {
    TestModel model;
    model.proto.set_ir_version(version);
    CHECK(model.import().module);
  }
}

TEST_CASE("functions of the model are refused") {
  TestModel model;
  onnx::FunctionProto *function = model.proto.add_functions();
  function->set_domain("pkg.torch");
  function->set_name("Gelu");
  CHECK(model.errors() ==
        Strings{"the model defines an operator 'pkg.torch::Gelu' as a function, which is not supported: re-export with functions inlined"});
}

TEST_CASE("all problems in one run") {
  TestModel model = TestModel::empty();
  model.proto.mutable_opset_import(0)->set_version(9);
  model.input("x", {1, -4}).mutable_type()->mutable_tensor_type()->mutable_shape()->mutable_dim(0)->set_dim_param("batch");
  model.initializer("w", {3}).set_raw_data("ab");
  addAttribute(model.node("Loop", {"x"}, {"y"}, "loop"), "body", onnx::AttributeProto::GRAPH);
  model.node("Add", {"y", "ghost"}, {"z"}, "add");
  model.output("nowhere");
  CHECK(model.errors() == Strings{
                              "the model has opset 9, 11 to 22 are supported",
                              "initializer 'w' has 2 bytes of raw data, shape [3] of f32 needs 12",
                              "input 'x' has no fixed size in dimension 0 ('batch'): re-export with a fixed size, or pass --dim batch=1",
                              "input 'x' has size -4 in dimension 1, it must be positive",
                              "node 'loop' (Loop) has a graph inside: control flow is not supported",
                              "output 'nowhere' is defined nowhere",
                              "node 'add' (Add) reads 'ghost', which is defined nowhere",
                          });
}

TEST_CASE("a thousand problems are counted, not shown") {
  TestModel model;
  for (int i = 0; i < 1000; ++i)
    model.node("Relu", {"ghost"}, {});
  Strings errors = model.errors();
  REQUIRE(errors.size() == 101);
  CHECK(errors[99] == "node 'Relu_100' (Relu) reads 'ghost', which is defined nowhere");
  CHECK(errors[100] == "900 more problems are not shown");
}

TEST_CASE("names in messages are harmless") {
  TestModel model;
  model.node("Relu", {std::string("\x1b[31mred\0x", 9)}, {}, std::string(1000, 'n'));
  CHECK(model.errors() == Strings{"node '" + std::string(120, 'n') + "...' (Relu) reads '\\x1b[31mred\\x00', which is defined nowhere"});
}
