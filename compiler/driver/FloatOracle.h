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
#include <vector>

namespace mcuform {

/// Evaluates the ONNX model in float over uint8 NHWC images; pixels become (pixel / 255 - mean[channel]) / std[channel]. Returns logits,
/// [images][classes] row by row. `progress` is called after each image or batch of them, from the calling thread.
llvm::Expected<std::vector<float>> evaluateFloatModel(llvm::StringRef onnxPath, const NpyArray &images, llvm::ArrayRef<float> mean,
                                                      llvm::ArrayRef<float> std,
                                                      llvm::function_ref<void(size_t done, size_t total)> progress);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_FLOATORACLE_H
