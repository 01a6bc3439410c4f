// The first rung of the ladder: the float interpreter equals PyTorch, on every small graph form and on the real models.
#include "compiler/driver/FloatOracle.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <catch2/catch.hpp>

#include <cmath>

using namespace mcuform;

namespace {

NpyArray load(const std::string &path) {
  auto array = readNpy(path);
  if (!array)
    FAIL(llvm::toString(array.takeError()));
  return std::move(*array);
}

/// Largest difference of any logit.
double errorOf(const std::string &model, const NpyArray &inputs, const NpyArray &expected, float mean, float std) {
  INFO(model);
  auto logits = evaluateFloatModel({model, {mean}, {std}, {}}, inputs, [](size_t, size_t) {});
  if (!logits)
    FAIL(llvm::toString(logits.takeError()));
  REQUIRE(int64_t(logits->size()) == expected.elementCount());
  double error = 0;
  for (size_t i = 0; i < logits->size(); ++i)
    error = std::max(error, double(std::fabs((*logits)[i] - expected.data<float>()[i])));
  return error;
}

/// Skips, with a line that ctest shows as skipped, where the file of ../shared is missing.
bool isMissing(const std::string &path) {
  if (llvm::sys::fs::exists(path))
    return false;
  WARN("skipped: " << path << " is not there");
  return true;
}

const std::string kShared = MCUFORM_SHARED_DATA;

} // namespace

TEST_CASE("small graphs in all forms equal PyTorch") {
  std::error_code code;
  int count = 0;
  for (llvm::sys::fs::directory_iterator file(MCUFORM_TEST_DATA "/models", code), end; file != end && !code; file.increment(code)) {
    llvm::StringRef path = file->path();
    if (!path.consume_back(".onnx") || !llvm::sys::fs::exists(path.str() + "_expected.npy"))
      continue;
    CHECK(errorOf(path.str() + ".onnx", load(path.str() + "_input.npy"), load(path.str() + "_expected.npy"), 0, 1) < 1e-4);
    ++count;
  }
  CHECK(count >= 17);
}

TEST_CASE("the sample equals PyTorch at opsets 13 and 17") {
  NpyArray images = load(MCUFORM_SAMPLES "/shapes/test_images.npy"), expected = load(MCUFORM_TEST_DATA "/shapes_logits_float.npy");
  CHECK(errorOf(MCUFORM_SAMPLES "/shapes/shapes_vit.onnx", images, expected, 0.5f, 0.5f) < 1e-3);
  CHECK(errorOf(MCUFORM_TEST_DATA "/shapes_vit_opset13.onnx", images, expected, 0.5f, 0.5f) < 1e-3);
}

TEST_CASE("ViT-Tiny equals PyTorch on 200 images") {
  if (isMissing(kShared + "/models/vit_tiny_patch16_224.onnx"))
    return;
  CHECK(errorOf(kShared + "/models/vit_tiny_patch16_224.onnx", load(kShared + "/imagenet/images.npy"), load(kShared + "/imagenet/logits_float.npy"), 0.5f,
                0.5f) < 1e-3);
}

TEST_CASE("the MNIST transformer equals PyTorch on 1000 digits") {
  if (isMissing(kShared + "/models/vit_mnist.onnx"))
    return;
  CHECK(errorOf(kShared + "/models/vit_mnist.onnx", load(kShared + "/mnist/images.npy"), load(kShared + "/mnist/logits_float.npy"), 0.1307f, 0.3081f) < 1e-3);
}

TEST_CASE("the keyword transformer equals PyTorch on its recordings") {
  if (isMissing(kShared + "/models/kwt1_mfcc98x40.onnx"))
    return;
  CHECK(errorOf(kShared + "/models/kwt1_mfcc98x40.onnx", load(kShared + "/keywords/mfcc.npy"), load(kShared + "/keywords/logits_float.npy"), 0, 1) < 1e-3);
}
