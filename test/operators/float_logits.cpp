// What the float interpreter computes for a model: mcuform-float-logits MODEL.onnx INPUTS.npy MEAN STD LOGITS.npy
#include "compiler/driver/FloatOracle.h"

#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace mcuform;

namespace {

int fail(llvm::Error error) {
  llvm::errs() << "error: " << llvm::toString(std::move(error)) << "\n";
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 6) {
    llvm::errs() << "usage: mcuform-float-logits MODEL.onnx INPUTS.npy MEAN STD LOGITS.npy\n";
    return 2;
  }
  llvm::Expected<NpyArray> inputs = readNpy(argv[2]);
  if (!inputs)
    return fail(inputs.takeError());
  auto logits =
      evaluateFloatModel({argv[1], {std::strtof(argv[3], nullptr)}, {std::strtof(argv[4], nullptr)}, {}}, *inputs, [](size_t, size_t) {});
  if (!logits)
    return fail(logits.takeError());
  const int64_t count = inputs->shape.front();
  NpyArray result = NpyArray::zeros<float>({count, int64_t(logits->size()) / count});
  std::copy(logits->begin(), logits->end(), result.data<float>());
  if (llvm::Error error = writeNpy(argv[5], result))
    return fail(std::move(error));
  return 0;
}
