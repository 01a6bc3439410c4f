// A model's float answers, to hold the integer package against.
//
// mcuform-run calls it for --reference, so the tool needs no MLIR itself.
#ifndef MCUFORM_COMPILER_DRIVER_FLOATORACLE_H
#define MCUFORM_COMPILER_DRIVER_FLOATORACLE_H

#include "compiler/support/Npy.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/Error.h"

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace mcuform {

struct FloatModel {
  std::string path;                    ///< of the ONNX file
  std::vector<float> mean, std;        ///< pixels become (pixel / 255 - mean[channel]) / std[channel]
  std::map<std::string, int64_t> dims; ///< sizes of the input dimensions that the file leaves open, by symbol
};

/// Evaluates the model in float over uint8 NHWC images. Returns logits, [images][classes] row by row. `progress` is called after each image or
/// batch of them, from the calling thread.
llvm::Expected<std::vector<float>> evaluateFloatModel(const FloatModel &model, const NpyArray &images,
                                                      llvm::function_ref<void(size_t done, size_t total)> progress);

/// A value of the float network as the package was compiled from it.
struct FloatLayer {
  int64_t number = 0; ///< of its operator, counted without constants; see passes/support/ValueAttribute.h
  int64_t rows = 0, columns = 0;
};

/// Evaluates the fused float network, of which the package is the integer form, over `images` and hands out the values of `layers`:
/// take(image, index of the layer, its values row by row). Fails where the file is not the one with `sha256` (empty: any) or its network has other
/// values. `absorbed`: attentions whose projections are absorbed.
llvm::Error evaluateFloatLayers(const FloatModel &model, llvm::StringRef sha256, const NpyArray &images, llvm::ArrayRef<int64_t> absorbed,
                                llvm::ArrayRef<FloatLayer> layers,
                                llvm::function_ref<void(size_t image, size_t layer, llvm::ArrayRef<float> values)> take);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_FLOATORACLE_H
