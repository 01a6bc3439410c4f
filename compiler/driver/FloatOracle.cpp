#include "compiler/driver/FloatOracle.h"

#include "compiler/calibration/ImageSet.h"
#include "compiler/driver/Diagnostics.h"
#include "compiler/driver/Model.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/ParallelFor.h"
#include "dialects/mcuf/McufDialect.h"
#include "passes/Passes.h"
#include "passes/Pipelines.h"


using namespace mlir;

namespace mcuform {
namespace {

/// A float network and the images that it is to see.
struct Evaluation {
  MLIRContext context{MLIRContext::Threading::DISABLED};
  std::optional<DiagnosticCollector> diagnostics;
  OwningOpRef<ModuleOp> module;
  func::FuncOp function;
  std::optional<ImageSet> inputs;
  std::optional<Interpreter> interpreter;

  llvm::Error load(const FloatModel &model) {
    loadDialects(context);
    diagnostics.emplace(&context);
    module = loadFloatModel(model.path, context, model.dims);
    if (!module)
      return llvm::createStringError(diagnostics->text());
    function = *module->getOps<func::FuncOp>().begin();
    if (function.getNumArguments() != 1 || function.getNumResults() != 1)
      return llvm::createStringError("'" + model.path + "' has " + Twine(function.getNumArguments()) + " inputs and " +
                                     Twine(function.getNumResults()) + " outputs; one of each is supported");
    return llvm::Error::success();
  }

  /// The rest, once all passes have run.
  llvm::Error prepare(const FloatModel &model, const NpyArray &images) {
    InputNormalization normalization{SmallVector<float>(ArrayRef(model.mean)), SmallVector<float>(ArrayRef(model.std))};
    llvm::Expected<ImageSet> set = ImageSet::create(images, mcuf::shapeOf(function.getArgument(0)), normalization);
    if (!set)
      return set.takeError();
    inputs.emplace(std::move(*set));
    FailureOr<Interpreter> created = Interpreter::create(function);
    if (failed(created))
      return llvm::createStringError(diagnostics->text());
    interpreter.emplace(std::move(*created));
    return llvm::Error::success();
  }
};

} // namespace

llvm::Expected<std::vector<float>> evaluateFloatModel(const FloatModel &model, const NpyArray &images,
                                                      llvm::function_ref<void(size_t, size_t)> progress) {
  Evaluation evaluation;
  if (llvm::Error error = evaluation.load(model))
    return error;
  if (llvm::Error error = evaluation.prepare(model, images))
    return error;
  const ImageSet &inputs = *evaluation.inputs;
  size_t classes = size_t(cast<RankedTensorType>(evaluation.function.getResultTypes()[0]).getNumElements());
  std::vector<float> logits(inputs.size() * classes);
  // Batches of one image a thread, so that progress is reported from the calling thread.
  size_t batch = std::max(1u, defaultThreadCount()), total = inputs.size();
  std::vector<char> ok(total, 0);
  for (size_t first = 0; first < total; first += batch) {
    size_t count = std::min(batch, total - first);
    parallelFor(count, [&](size_t i) {
      FailureOr<std::vector<HostTensor>> outputs = evaluation.interpreter->run(inputs.input(first + i));
      if (failed(outputs))
        return;
      std::copy_n((*outputs)[0].data<float>(), classes, logits.begin() + int64_t((first + i) * classes));
      ok[first + i] = 1;
    });
    progress(first + count, total);
  }
  if (llvm::is_contained(ok, 0))
    return llvm::createStringError(evaluation.diagnostics->text());
  return logits;
}

llvm::Error evaluateFloatLayers(const FloatModel &model, StringRef sha256, const NpyArray &images, ArrayRef<int64_t> absorbed,
                                ArrayRef<FloatLayer> layers,
                                llvm::function_ref<void(size_t, size_t, ArrayRef<float>)> take) {
  Evaluation evaluation;
  if (llvm::Error error = evaluation.load(model))
    return error;
  auto digest = (*evaluation.module)->getAttrOfType<StringAttr>("onnxin.sha256");
  if (!sha256.empty() && digest && digest.getValue() != sha256)
    return llvm::createStringError("'" + model.path + "' is not the file that the package was compiled from: layers can be compared with that one only");
  auto build = [&](OpPassManager &manager) {
    buildFusePipeline(manager);
    if (absorbed.empty())
      return;
    AbsorbProjectionsOptions attentions;
    attentions.attentions = absorbed; // a view, which the pass copies
    manager.addNestedPass<func::FuncOp>(createAbsorbProjections(attentions));
  };
  if (failed(runPasses(*evaluation.module, build)))
    return llvm::createStringError(evaluation.diagnostics->text());
  if (llvm::Error error = evaluation.prepare(model, images))
    return error;

  llvm::DenseMap<Value, size_t> indices;
  int64_t number = -1;
  for (Operation &op : evaluation.function.getBody().front()) {
    number += !isa<mcuf::ConstantOp>(op);
    for (auto [index, layer] : llvm::enumerate(layers))
      if (!isa<mcuf::ConstantOp>(op) && layer.number == number && op.getNumResults() == 1 &&
          mcuf::rowCount(op.getResult(0)) == layer.rows && mcuf::widthOf(op.getResult(0)) == layer.columns)
        indices[op.getResult(0)] = index;
  }
  if (indices.size() != layers.size())
    return llvm::createStringError("'" + model.path + "' becomes another network than the package's: " + Twine(indices.size()) + " of " +
                                   Twine(layers.size()) + " layers were found; compile the package anew");
  for (size_t image = 0; image < evaluation.inputs->size(); ++image) {
    auto observe = [&](Value value, const HostTensor &tensor) {
      if (auto found = indices.find(value); found != indices.end())
        take(image, found->second, tensor.span<float>());
    };
    if (failed(evaluation.interpreter->run(evaluation.inputs->input(image), observe)))
      return llvm::createStringError(evaluation.diagnostics->text());
  }
  return llvm::Error::success();
}

} // namespace mcuform
