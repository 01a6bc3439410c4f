/// The onnxin dialect by itself: what it prints it reads, and what it refuses.
#include "test/import/TestModel.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace mcuform;
using namespace mcuform::test;

static std::unique_ptr<MLIRContext> makeContext() {
  auto context = std::make_unique<MLIRContext>(MLIRContext::Threading::DISABLED);
  context->loadDialect<onnxin::OnnxinDialect, func::FuncDialect>();
  return context;
}

static std::string print(ModuleOp module, OpPrintingFlags flags = {}) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  module.print(stream, flags);
  return text;
}

/// The first error of parsing and verifying `text`.
static std::string errorOf(StringRef text) {
  std::unique_ptr<MLIRContext> context = makeContext();
  std::string error;
  ScopedDiagnosticHandler handler(context.get(), [&](Diagnostic &diagnostic) {
    if (error.empty())
      error = diagnostic.str();
  });
  CHECK_FALSE(parseSourceString<ModuleOp>(text, context.get()));
  return error;
}

TEST_CASE("an imported model is read back as printed") {
  TestModel model;
  model.initializer("w", {100}).set_raw_data(rawData(std::vector<float>(100, 0.5f)));
  model.initializer("flags", {70}, onnx::TensorProto::BOOL).set_raw_data(std::string(70, '\x01'));
  onnx::NodeProto &node = model.node("Conv", {"y", "w", ""}, {"a", ""}, "conv");
  addAttribute(node, "pads", onnx::AttributeProto::INTS).add_ints(1);
  addAttribute(node, "odd name/1", onnx::AttributeProto::STRING).set_s("\"\n\xff");
  node.set_domain("org.example");
  Imported imported = model.import();
  REQUIRE(imported.module);
  for (bool isGeneric : {false, true}) {
    OpPrintingFlags flags;
    flags.enableDebugInfo(true, /*prettyForm=*/false);
    flags.printGenericOpForm(isGeneric);
    std::string text = print(*imported.module, flags);
    std::unique_ptr<MLIRContext> context = makeContext();
    OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, context.get());
    REQUIRE(module);
    CHECK(print(*module, flags) == text);
  }
}

TEST_CASE("IR with its weights elided can be read") {
  TestModel model;
  model.initializer("w", {100}).set_raw_data(rawData(std::vector<float>(100, 0.5f)));
  Imported imported = model.import();
  REQUIRE(imported.module);
  std::string text = print(*imported.module, OpPrintingFlags().elideLargeResourceString(16));
  CHECK(text.find("w: \"0x") == std::string::npos);
  std::unique_ptr<MLIRContext> context = makeContext();
  CHECK(parseSourceString<ModuleOp>(text, context.get()));
}

TEST_CASE("what the dialect refuses") {
  CHECK(errorOf("func.func @f() { %0 = onnxin.node \"\"() : () -> !onnxin.value return }") == "'onnxin.node' op has no operator type");
  CHECK(errorOf("func.func @f() { %0 = onnxin.node \"A\"() {attrs = {x = unit}} : () -> !onnxin.value return }") ==
        "'onnxin.node' op attribute 'x' is of no kind that ONNX has");
  CHECK(errorOf("func.func @f() { %0 = onnxin.node \"A\"() {attrs = {x = 1 : i32}} : () -> !onnxin.value return }") ==
        "'onnxin.node' op attribute 'x' is of no kind that ONNX has");
  CHECK(errorOf("func.func @f(%a: i32) { %0 = onnxin.node \"A\"(%a) : (i32) -> !onnxin.value return }") ==
        "'onnxin.node' op operand #0 must be variadic of a tensor, the output of a node, or nothing, but got 'i32'");
  CHECK(errorOf("func.func @f(%a: tensor<?xf32>) { %0 = onnxin.node \"A\"(%a) : (tensor<?xf32>) -> !onnxin.value return }") ==
        "'onnxin.node' op operand #0 must be variadic of a tensor, the output of a node, or nothing, but got 'tensor<?xf32>'");
  CHECK(errorOf("func.func @f() { %0 = onnxin.constant dense_resource<w> : tensor<4xf32> return }\n"
                "{-# dialect_resources: { builtin: { w: \"0x040000000000803F\" } } #-}") ==
        "'onnxin.constant' op needs 16 bytes, its resource has 4");
  CHECK(errorOf("module attributes {onnxin.opset = \"17\"} {}") == "'builtin.module' op attribute 'onnxin.opset' must be an i64");
  CHECK(errorOf("module attributes {onnxin.sha256 = 1 : i64} {}") == "'builtin.module' op attribute 'onnxin.sha256' must be a string");
  CHECK(errorOf("module attributes {onnxin.opsets = 1 : i64} {}") == "'builtin.module' op has an unknown attribute 'onnxin.opsets'");
  CHECK(errorOf("func.func @f() attributes {onnxin.opset = 17 : i64} { return }") ==
        "'func.func' op attribute 'onnxin.opset' belongs on a module");
  CHECK(errorOf("func.func @f(%a: i32 {onnxin.name = 1 : i32}) { return }") == "'func.func' op attribute 'onnxin.name' must be a string");
  CHECK(errorOf("func.func @f(%a: i32 {onnxin.nam = \"x\"}) { return }") == "'func.func' op has an unknown attribute 'onnxin.nam'");
}
