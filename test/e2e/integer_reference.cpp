// What the integer interpreter computes for a model: the reference that a package's logits equal bit for bit.
//
// integer_reference MODEL.onnx CALIBRATION.npy MEAN STD IMAGES.npy COUNT LOGITS.npy [INT4_GROUP MIN_SQNR]
//
// Writes int16 [COUNT, classes], before the output's scale.
#include "compiler/calibration/ImageSet.h"
#include "compiler/driver/Diagnostics.h"
#include "compiler/driver/Model.h"
#include "compiler/reference/IntegerInterpreter.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/ParallelFor.h"
#include "dialects/mcuf/McufDialect.h"
#include "passes/Pipelines.h"

#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <atomic>

using namespace mcuform;
using namespace mlir;

namespace {

int fail(const Twine &message) {
  llvm::errs() << "error: " << message << "\n";
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 8 && argc != 10)
    return fail("usage: integer_reference MODEL.onnx CALIBRATION.npy MEAN STD IMAGES.npy COUNT LOGITS.npy [INT4_GROUP MIN_SQNR]");
  MLIRContext context(MLIRContext::Threading::DISABLED);
  loadDialects(context);
  DiagnosticCollector diagnostics(&context);
  OwningOpRef<ModuleOp> module = loadFloatModel(argv[1], context);
  if (!module)
    return fail(diagnostics.text());
  CalibrateOptions calibration;
  const float mean = std::strtof(argv[3], nullptr), std = std::strtof(argv[4], nullptr);
  calibration.inputs = argv[2];
  calibration.mean = ArrayRef<float>(mean);
  calibration.std = ArrayRef<float>(std);
  QuantizeOptions quantization;
  if (argc == 10) {
    calibration.int4Group = quantization.int4Group = std::atoi(argv[8]);
    quantization.minSqnr = std::atof(argv[9]);
  }
  PassManager manager(&context);
  buildFusePipeline(manager);
  buildQuantizePipeline(manager, calibration, quantization);
  if (failed(manager.run(*module)))
    return fail(diagnostics.text());

  auto function = *module->getOps<func::FuncOp>().begin();
  llvm::Expected<NpyArray> array = readNpy(argv[5]);
  if (!array)
    return fail(llvm::toString(array.takeError()));
  auto shape = mcuf::shapeOf(function.getArgument(0)); // [height, width, channels]
  llvm::Expected<ImageSet> images = ImageSet::create(*array, {1, shape[2], shape[0], shape[1]}, {{mean}, {std}});
  const size_t count = size_t(std::atoi(argv[6]));
  if (!images || !images->holdsPixels() || images->size() < count)
    return fail("at least " + Twine(count) + " uint8 images are needed");
  FailureOr<Interpreter> interpreter = Interpreter::create(function, evaluateIntegerOp);
  if (failed(interpreter))
    return fail(diagnostics.text());
  const int64_t classes = cast<RankedTensorType>(function.getResultTypes()[0]).getNumElements();
  NpyArray logits = NpyArray::zeros<int16_t>({int64_t(count), classes});
  std::atomic<bool> ok = true;
  parallelFor(count, [&](size_t i) {
    FailureOr<std::vector<HostTensor>> outputs = interpreter->run({images->pixels(i)});
    if (failed(outputs))
      ok = false;
    else
      std::copy_n(outputs->front().data<int16_t>(), classes, logits.data<int16_t>() + int64_t(i) * classes);
  });
  if (!ok)
    return fail(diagnostics.text());
  if (llvm::Error error = writeNpy(argv[7], logits))
    return fail(llvm::toString(std::move(error)));
  return 0;
}
