#include "compiler/driver/FloatOracle.h"

#include "compiler/calibration/ImageSet.h"
#include "compiler/driver/Diagnostics.h"
#include "compiler/driver/Model.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/ParallelFor.h"
#include "dialects/mcuf/McufDialect.h"

using namespace mlir;

namespace mcuform {

llvm::Expected<std::vector<float>> evaluateFloatModel(StringRef onnxPath, const NpyArray &images, ArrayRef<float> mean, ArrayRef<float> std,
                                                      llvm::function_ref<void(size_t, size_t)> progress) {
  MLIRContext context(MLIRContext::Threading::DISABLED);
  loadDialects(context);
  DiagnosticCollector diagnostics(&context);
  OwningOpRef<ModuleOp> module = loadFloatModel(onnxPath, context);
  if (!module)
    return llvm::createStringError(diagnostics.text());
  auto function = *module->getOps<func::FuncOp>().begin();
  if (function.getNumArguments() != 1 || function.getNumResults() != 1)
    return llvm::createStringError("'" + onnxPath + "' has " + Twine(function.getNumArguments()) + " inputs and " + Twine(function.getNumResults()) +
                                   " outputs; one of each is supported");
  InputNormalization normalization{SmallVector<float>(mean), SmallVector<float>(std)};
  llvm::Expected<ImageSet> inputs = ImageSet::create(images, mcuf::shapeOf(function.getArgument(0)), normalization);
  if (!inputs)
    return inputs.takeError();
  FailureOr<Interpreter> interpreter = Interpreter::create(function);
  if (failed(interpreter))
    return llvm::createStringError(diagnostics.text());

  size_t classes = size_t(cast<RankedTensorType>(function.getResultTypes()[0]).getNumElements());
  std::vector<float> logits(inputs->size() * classes);
  // Batches of one image a thread, so that progress is reported from the calling thread.
  size_t batch = std::max(1u, defaultThreadCount()), total = inputs->size();
  std::vector<char> ok(total, 0);
  for (size_t first = 0; first < total; first += batch) {
    size_t count = std::min(batch, total - first);
    parallelFor(count, [&](size_t i) {
      FailureOr<std::vector<HostTensor>> outputs = interpreter->run(inputs->input(first + i));
      if (failed(outputs))
        return;
      std::copy_n((*outputs)[0].data<float>(), classes, logits.begin() + int64_t((first + i) * classes));
      ok[first + i] = 1;
    });
    progress(first + count, total);
  }
  if (llvm::is_contained(ok, 0))
    return llvm::createStringError(diagnostics.text());
  return logits;
}

} // namespace mcuform
