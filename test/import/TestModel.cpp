#include "test/import/TestModel.h"

#include "compiler/support/DiagnosticCodes.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <catch2/catch.hpp>

#include <fstream>

using namespace mlir;
using namespace mcuform;
using namespace mcuform::test;

TempDirectory::TempDirectory() {
  llvm::SmallString<128> unique;
  REQUIRE_FALSE(llvm::sys::fs::createUniqueDirectory("mcuform-import", unique));
  path = unique.str().str();
}

TempDirectory::~TempDirectory() { llvm::sys::fs::remove_directories(path); }

std::string TempDirectory::write(const std::string &name, const std::string &bytes) const {
  // Some file systems flush a file that is truncated and written anew, which takes milliseconds; a new one they keep in memory.
  llvm::sys::fs::remove(at(name));
  std::ofstream(at(name), std::ios::binary) << bytes;
  return at(name);
}

func::FuncOp Imported::main() {
  REQUIRE(module);
  return module->lookupSymbol<func::FuncOp>("main");
}

std::vector<onnxin::NodeOp> Imported::nodes() {
  auto ops = main().getOps<onnxin::NodeOp>();
  return {ops.begin(), ops.end()};
}

std::vector<onnxin::ConstantOp> Imported::constants() {
  auto ops = main().getOps<onnxin::ConstantOp>();
  return {ops.begin(), ops.end()};
}

ElementsAttr Imported::constant(const std::string &name) {
  for (onnxin::ConstantOp op : constants())
    if (cast<NameLoc>(op.getLoc()).getName() == name)
      return op.getValue();
  FAIL("no constant " << name);
  return nullptr;
}

std::string Imported::print() {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module->print(stream);
  return text;
}

Imported mcuform::test::importFile(const std::string &path, const ImportOptions &options) {
  Imported result;
  result.context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  ScopedDiagnosticHandler handler(result.context.get(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() == DiagnosticSeverity::Warning) {
      result.warnings.push_back(diagnostic.str());
      return;
    }
    std::string text = diagnostic.str();
    StringRef message = text;
    CHECK(takeTag(message));
    result.errors.push_back(message.str());
    auto name = dyn_cast<NameLoc>(diagnostic.getLocation());
    result.errorNames.push_back(name ? name.getName().str() : "");
    // Whatever the error is about, the user learns in which file.
    auto file = diagnostic.getLocation()->findInstanceOf<FileLineColLoc>();
    CHECK((file && (file.getFilename() == path || path.empty())));
  });
  result.module = importOnnx(path, *result.context, options);
  CHECK(bool(result.module) == result.errors.empty());
  return result;
}

TestModel TestModel::empty() {
  TestModel model;
  model.graph().clear_input();
  model.graph().clear_output();
  model.graph().clear_node();
  return model;
}

TestModel::TestModel() {
  proto.set_ir_version(8);
  proto.set_producer_name("test");
  proto.add_opset_import()->set_version(17);
  graph().set_name("small");
  input("x", {1, 4});
  node("Relu", {"x"}, {"y"}, "relu");
  output("y");
}

onnx::ValueInfoProto &TestModel::input(const std::string &name, const Dims &dims, int32_t type) {
  onnx::ValueInfoProto *info = graph().add_input();
  info->set_name(name);
  onnx::TypeProto::Tensor *tensor = info->mutable_type()->mutable_tensor_type();
  tensor->set_elem_type(type);
  tensor->mutable_shape();
  for (int64_t dim : dims)
    tensor->mutable_shape()->add_dim()->set_dim_value(dim);
  return *info;
}

void TestModel::output(const std::string &name) { graph().add_output()->set_name(name); }

onnx::NodeProto &TestModel::node(const std::string &opType, const Strings &inputs, const Strings &outputs, const std::string &name) {
  onnx::NodeProto *node = graph().add_node();
  node->set_op_type(opType);
  for (const std::string &input : inputs)
    node->add_input(input);
  for (const std::string &output : outputs)
    node->add_output(output);
  if (!name.empty())
    node->set_name(name);
  return *node;
}

onnx::TensorProto &TestModel::initializer(const std::string &name, const Dims &dims, int32_t type) {
  onnx::TensorProto *tensor = graph().add_initializer();
  tensor->set_name(name);
  tensor->set_data_type(type);
  for (int64_t dim : dims)
    tensor->add_dims(dim);
  return *tensor;
}

Imported TestModel::import(const ImportOptions &options) const {
  TempDirectory directory;
  return importFile(directory.write("model.onnx", bytes()), options);
}

Strings TestModel::errors(const ImportOptions &options) const {
  Imported imported = import(options);
  CHECK_FALSE(imported.module);
  return imported.errors;
}

onnx::AttributeProto &mcuform::test::addAttribute(onnx::NodeProto &node, const std::string &name,
                                                  onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto *attribute = node.add_attribute();
  attribute->set_name(name);
  attribute->set_type(type);
  return *attribute;
}
