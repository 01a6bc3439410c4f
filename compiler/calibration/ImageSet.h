// Calibration and evaluation inputs: from an array as users have it to the tensors that the float network takes.
#ifndef MCUFORM_COMPILER_CALIBRATION_IMAGESET_H
#define MCUFORM_COMPILER_CALIBRATION_IMAGESET_H

#include "compiler/reference/HostTensor.h"
#include "compiler/support/Npy.h"

namespace mcuform {

/// Mean and standard deviation per channel of pixels scaled to [0, 1]: the network sees (pixel / 255 - mean) / std.
struct InputNormalization {
  llvm::SmallVector<float> mean;
  llvm::SmallVector<float> std;
};

/// The pixel that stands for the network's zeros around an image: the nearest to the average of the channels' means.
uint8_t paddingPixel(llvm::ArrayRef<float> mean);

/// Gives each channel a mean and a standard deviation, where there is one for all.
llvm::Error spreadOver(InputNormalization &normalization, int64_t channels);

/// A set of inputs for one network. Either uint8 [N, height, width, channels], normalized on the way, or float32 [N, ...] whose rest equals the network's
/// input without its batch dimension, taken as it is.
class ImageSet {
public:
  /// `inputShape` is the network's float input, [1, channels, height, width] for pixels. Errors name both shapes, and non-finite values by their index.
  /// `array` must outlive the set. A mean or std of one entry stands for all channels.
  static llvm::Expected<ImageSet> create(const NpyArray &array, llvm::ArrayRef<int64_t> inputShape, const InputNormalization &normalization);

  size_t size() const { return size_t(array->shape[0]); }
  bool holdsPixels() const { return array->dtype == "u1"; }
  /// One mean and std per channel, for pixels.
  const InputNormalization &channelNormalization() const { return normalization; }
  /// Input number `index` as the network takes it, float32 [1, ...].
  HostTensor input(size_t index) const;
  /// Its raw pixels, uint8 [height, width, channels]; only where holdsPixels().
  HostTensor pixels(size_t index) const;

private:
  const NpyArray *array = nullptr;
  llvm::SmallVector<int64_t> inputShape;
  InputNormalization normalization;
};

} // namespace mcuform

#endif
