// Phases legalize and fuse on whole models: the network still computes what the framework did, and consists of the ops that it should.
#include "compiler/import/ImportOnnx.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/Npy.h"
#include "dialects/onnxin/OnnxinDialect.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <catch2/catch.hpp>

#include <chrono>
#include <cmath>
#include <map>
#include <set>

using namespace mcuform;

namespace {

/// A model on its way through the phases.
class Model {
public:
  explicit Model(const std::string &path) {
    context.loadDialect<mcuf::McufDialect, onnxin::OnnxinDialect, mlir::func::FuncDialect, mlir::quant::QuantizationDialect>();
    ImportOptions options;
    options.dims["batch"] = 1;
    module = importOnnx(path, context, options);
  }

  template <class Build> bool run(Build build) {
    mlir::PassManager manager(&context);
    build(manager);
    return module && mlir::succeeded(manager.run(*module));
  }

  mlir::func::FuncOp function() { return *module->getOps<mlir::func::FuncOp>().begin(); }

  /// Names of the ops in order, without constants; elementwise ops with their kind.
  std::vector<std::string> ops() {
    std::vector<std::string> names;
    for (mlir::Operation &op : function().getBody().front().without_terminator()) {
      auto binary = mlir::dyn_cast<mcuf::BinaryOp>(op);
      if (!mlir::isa<mcuf::ConstantOp>(op))
        names.push_back((binary ? mcuf::stringifyBinaryKind(binary.getKind()) : op.getName().stripDialect()).str());
    }
    return names;
  }

  std::map<std::string, int> counts() {
    std::map<std::string, int> result;
    for (const std::string &name : ops())
      ++result[name];
    return result;
  }

  /// Largest difference to the expected outputs over all inputs.
  double error(const NpyArray &inputs, const NpyArray &expected) {
    auto interpreter = Interpreter::create(function());
    if (mlir::failed(interpreter))
      return INFINITY;
    auto shape = mcuf::shapeOf(function().getArgument(0));
    double worst = 0;
    int64_t size = inputs.elementCount() / inputs.shape[0], classes = expected.shape[1];
    for (int64_t i = 0; i < inputs.shape[0]; ++i) {
      HostTensor input(ElementKind::F32, shape);
      std::copy_n(inputs.data<float>() + i * size, size, input.data<float>());
      auto outputs = interpreter->run({input});
      if (mlir::failed(outputs) || outputs->front().size() != classes)
        return INFINITY;
      for (int64_t c = 0; c < classes; ++c)
        worst = std::max(worst, std::abs(double(outputs->front().data<float>()[c]) - expected.data<float>()[i * classes + c]));
    }
    return worst;
  }

private:
  mlir::MLIRContext context;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

NpyArray load(const std::string &path) {
  auto array = readNpy(path);
  if (!array)
    FAIL(llvm::toString(array.takeError()));
  return std::move(*array);
}

std::vector<std::string> block() {
  return {"layer_norm", "linear", "linear", "linear", "attention", "linear", "add", "layer_norm", "linear", "gelu", "linear", "add"};
}

std::set<std::string> testModels() {
  std::set<std::string> names;
  std::error_code error;
  for (llvm::sys::fs::directory_iterator file(MCUFORM_TEST_MODELS, error), end; !error && file != end; file.increment(error))
    if (llvm::StringRef(file->path()).ends_with(".onnx"))
      names.insert(llvm::sys::path::stem(file->path()).str());
  return names;
}

} // namespace

TEST_CASE("every way to write a small transformer is fused") {
  auto names = testModels();
  REQUIRE(names.size() >= 18);
  for (const std::string &name : names) {
    INFO(name);
    std::string prefix = std::string(MCUFORM_TEST_MODELS) + "/";
    // The model with a symbolic batch has the weights of another one.
    std::string data = prefix + (name == "symbolic_batch" ? "timm_opset17" : name);
    NpyArray inputs = load(data + "_input.npy"), expected = load(data + "_expected.npy");

    Model model(prefix + name + ".onnx");
    REQUIRE(model.run(buildLegalizePipeline));
    CHECK(model.error(inputs, expected) < 1e-4);
    REQUIRE(model.run(buildFusePipeline));
    CHECK(model.error(inputs, expected) < 1e-4);

    auto counts = model.counts();
    CHECK(counts["patch_embed"] == 1);
    CHECK(counts["attention"] == (name == "five_tokens" ? 1 : 2));
    CHECK(counts["gelu"] == counts["attention"]);
    CHECK(counts["linear"] == counts["attention"] * 6 + 1);
    CHECK(counts["layer_norm"] == counts["attention"] * 2 + 1);
    CHECK(counts["add"] == counts["attention"] * 2);
    for (auto norm : model.function().getOps<mcuf::LayerNormOp>())
      CHECK((!norm.getGamma() && !norm.getBeta()));
    for (auto attention : model.function().getOps<mcuf::AttentionOp>()) // heads of 5 among them
      CHECK(mcuf::widthOf(attention.getV()) / int64_t(attention.getNumHeads()) % 2 == 0);
    for (auto gelu : model.function().getOps<mcuf::GeluOp>())
      CHECK(mcuf::widthOf(gelu) % 2 == 0);
  }
}

TEST_CASE("cutting the last block down to the class token changes nothing") {
  std::string prefix = MCUFORM_TEST_MODELS "/timm_opset17";
  Model model(prefix + ".onnx");
  REQUIRE(model.run(buildLegalizePipeline));
  REQUIRE(model.run(buildFusePipeline));
  REQUIRE(model.run(
      [](mlir::PassManager &manager) { manager.addNestedPass<mlir::func::FuncOp>(createHoistSlice({/*throughResidual=*/true})); }));
  CHECK(model.error(load(prefix + "_input.npy"), load(prefix + "_expected.npy")) < 1e-4);
  int64_t rows = 0;
  for (auto gelu : model.function().getOps<mcuf::GeluOp>())
    rows = mcuf::rowCount(gelu);
  CHECK(rows == 1);
}

TEST_CASE("ViT-Tiny becomes twelve blocks and a head") {
  std::string path = MCUFORM_SHARED_MODELS "/vit_tiny_patch16_224.onnx";
  if (!llvm::sys::fs::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  Model model(path);
  auto start = std::chrono::steady_clock::now();
  REQUIRE(model.run(buildLegalizePipeline));
  REQUIRE(model.run(buildFusePipeline));
  std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  // A tenth of it on a quiet machine without sanitizers.
  CHECK(elapsed.count() < 2.0);

  std::vector<std::string> expected{"patch_embed"};
  for (int i = 0; i < 12; ++i)
    llvm::append_range(expected, block());
  llvm::append_range(expected, std::vector<std::string>{"slice", "layer_norm", "linear", "reshape"});
  CHECK(model.ops() == expected);
}

TEST_CASE("patches cut by reshapes and transpositions") {
  std::string path = MCUFORM_SHARED_MODELS "/vit_mnist.onnx";
  if (!llvm::sys::fs::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  Model model(path);
  REQUIRE(model.run(buildLegalizePipeline));
  REQUIRE(model.run(buildFusePipeline));
  auto counts = model.counts();
  CHECK(counts["patch_embed"] == 1);
  CHECK(counts["attention"] == 6);
}
