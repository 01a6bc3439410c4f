#include "compiler/calibration/ImageSet.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>

using namespace llvm;

namespace mcuform {
namespace {

std::string text(ArrayRef<int64_t> shape) {
  return "[" + join(map_range(shape, [](int64_t size) { return std::to_string(size); }), ", ") + "]";
}

Error spread(SmallVector<float> &values, int64_t channels, StringRef what) {
  if (values.size() == 1)
    values.assign(size_t(channels), values[0]);
  if (int64_t(values.size()) != channels)
    return createStringError(Twine(what) + " has " + Twine(values.size()) + " values, the input has " + Twine(channels) + " channels");
  for (float value : values)
    if (!std::isfinite(value) || (what == "std" && value <= 0))
      return createStringError(Twine(what) + " must be finite" + (what == "std" ? " and positive" : ""));
  return Error::success();
}

} // namespace

uint8_t paddingPixel(ArrayRef<float> mean) {
  const double average = std::accumulate(mean.begin(), mean.end(), 0.0) / double(mean.size());
  return uint8_t(std::clamp(std::nearbyint(255 * average), 0.0, 255.0));
}

Error spreadOver(InputNormalization &normalization, int64_t channels) {
  if (Error error = spread(normalization.mean, channels, "mean"))
    return error;
  return spread(normalization.std, channels, "std");
}

Expected<ImageSet> ImageSet::create(const NpyArray &array, ArrayRef<int64_t> inputShape, const InputNormalization &normalization) {
  ImageSet set;
  set.array = &array;
  set.inputShape.assign(inputShape.begin(), inputShape.end());
  set.normalization = normalization;
  if (array.shape.empty() || array.shape[0] == 0)
    return createStringError("the array holds no inputs, its shape is " + text(array.shape));
  ArrayRef<int64_t> rest = ArrayRef(array.shape).drop_front();
  if (array.dtype == "u1") {
    if (inputShape.size() != 4)
      return createStringError("uint8 pixels need a network with an image input [1, channels, height, width], this one takes " + text(inputShape));
    SmallVector<int64_t> wanted{inputShape[2], inputShape[3], inputShape[1]};
    if (rest != ArrayRef<int64_t>(wanted))
      return createStringError("the array has shape " + text(array.shape) + ", the network takes uint8 [N, " + Twine(wanted[0]) + ", " + Twine(wanted[1]) +
                               ", " + Twine(wanted[2]) + "] (height, width, channels) or float32 [N, " + text(inputShape.drop_front()).substr(1));
    if (Error error = spreadOver(set.normalization, inputShape[1]))
      return std::move(error);
    return set;
  }
  if (array.dtype != "f4")
    return createStringError("the array's elements are '" + array.dtype + "', expected uint8 pixels or float32");
  if (rest != inputShape.drop_front())
    return createStringError("the array has shape " + text(array.shape) + ", the network takes float32 [N, " + text(inputShape.drop_front()).substr(1) +
                             (inputShape.size() == 4 ? " (channels, height, width)" : ""));
  const float *values = array.data<float>();
  for (int64_t i = 0, e = array.elementCount(); i < e; ++i)
    if (!std::isfinite(values[i]))
      return createStringError("the array holds " + Twine(std::isnan(values[i]) ? "NaN" : "an infinity") + " at element " + Twine(i));
  return set;
}

HostTensor ImageSet::input(size_t index) const {
  HostTensor result(ElementKind::F32, inputShape);
  if (!holdsPixels()) {
    std::memcpy(result.data<float>(), array->data<float>() + int64_t(index) * result.size(), size_t(result.size()) * sizeof(float));
    return result;
  }
  int64_t channels = inputShape[1], plane = inputShape[2] * inputShape[3];
  const uint8_t *pixel = array->data<uint8_t>() + int64_t(index) * result.size();
  for (int64_t i = 0; i < plane; ++i)
    for (int64_t c = 0; c < channels; ++c)
      result.data<float>()[c * plane + i] = (float(*pixel++) / 255.0f - normalization.mean[c]) / normalization.std[c];
  return result;
}

HostTensor ImageSet::pixels(size_t index) const {
  HostTensor result(ElementKind::U8, {inputShape[2], inputShape[3], inputShape[1]});
  std::memcpy(result.data<uint8_t>(), array->data<uint8_t>() + int64_t(index) * result.size(), size_t(result.size()));
  return result;
}

} // namespace mcuform
