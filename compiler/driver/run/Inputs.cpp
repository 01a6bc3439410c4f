#include "compiler/driver/run/Inputs.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cmath>

namespace mcuform {

namespace {

std::string shapeText(llvm::ArrayRef<int64_t> shape) {
  std::string text = "[";
  for (int64_t extent : shape)
    text += (text.size() > 1 ? ", " : "") + std::to_string(extent);
  return text + "]";
}

std::string dtypeText(llvm::StringRef dtype) {
  const char *kind = dtype[0] == 'u' ? "uint" : dtype[0] == 'i' ? "int" : "float";
  return kind + std::to_string(8 * (dtype[1] - '0'));
}

template <class T> std::vector<int64_t> widen(const NpyArray &array) {
  return std::vector<int64_t>(array.data<T>(), array.data<T>() + array.elementCount());
}

} // namespace

llvm::Expected<NpyArray> readImages(llvm::StringRef path, const PackageReport &report) {
  llvm::Expected<NpyArray> images = readNpy(path);
  if (!images)
    return images.takeError();
  const auto &shape = report.inputShape;
  if (report.takesSequence() && (images->dtype != "f4" || images->shape.size() != 3 || images->shape[1] != shape[1] || images->shape[2] != shape[2]))
    return fileError(path, "holds " + dtypeText(images->dtype) + " " + shapeText(images->shape) + "; package '" + report.name +
                               "' takes float32 [sequences, " + std::to_string(shape[1]) + ", " + std::to_string(shape[2]) + "]");
  if (!report.takesSequence() && (images->dtype != "u1" || images->shape.size() != 4 || !std::equal(shape.begin(), shape.end(), images->shape.begin() + 1)))
    return fileError(path, "holds " + dtypeText(images->dtype) + " " + shapeText(images->shape) + "; package '" + report.name +
                               "' takes uint8 [images, " + std::to_string(shape[0]) + ", " + std::to_string(shape[1]) + ", " +
                               std::to_string(shape[2]) + "]");
  if (images->shape[0] == 0)
    return fileError(path, "holds no images");
  return images;
}

llvm::Expected<std::vector<char>> quantizeSequences(llvm::StringRef path, const NpyArray &images, const PackageReport &report) {
  std::vector<int16_t> stored;
  for (int64_t i = 0; i < images.elementCount(); ++i) {
    const float value = images.data<float>()[i];
    if (!std::isfinite(value))
      return fileError(path, "holds a value that is not finite at element " + std::to_string(i));
    stored.push_back(static_cast<int16_t>(std::clamp(std::nearbyint(value / report.inputScale), -32768.0f, 32767.0f)));
  }
  const char *bytes = reinterpret_cast<const char *>(stored.data());
  return std::vector<char>(bytes, bytes + stored.size() * sizeof(int16_t));
}

llvm::Expected<std::vector<int64_t>> readLabels(llvm::StringRef path, const PackageReport &report, int64_t imagesInFile,
                                                int64_t imageCount) {
  llvm::Expected<NpyArray> array = readNpy(path);
  if (!array)
    return array.takeError();
  if (array->shape.size() != 1 || array->dtype[0] == 'f')
    return fileError(path, "holds " + dtypeText(array->dtype) + " " + shapeText(array->shape) + "; labels are integers of shape [images]");
  if (array->shape[0] != imagesInFile)
    return fileError(path, "holds " + std::to_string(array->shape[0]) + " labels for " + std::to_string(imagesInFile) + " images");

  std::vector<int64_t> labels = array->dtype == "u1"   ? widen<uint8_t>(*array)
                                : array->dtype == "i1" ? widen<int8_t>(*array)
                                : array->dtype == "i2" ? widen<int16_t>(*array)
                                : array->dtype == "i4" ? widen<int32_t>(*array)
                                                       : widen<int64_t>(*array);
  labels.resize(static_cast<size_t>(imageCount));
  for (int64_t label : labels)
    if (label < 0 || label >= report.outputCount)
      return fileError(path, "holds the label " + std::to_string(label) + "; package '" + report.name + "' has " +
                                 std::to_string(report.outputCount) + " classes, numbered from 0");
  return labels;
}

llvm::Expected<std::vector<std::string>> readClassNames(llvm::StringRef path, const PackageReport &report) {
  llvm::Expected<std::string> text = readFile(path);
  if (!text)
    return text.takeError();
  llvm::SmallVector<llvm::StringRef, 16> lines;
  llvm::StringRef(*text).rtrim().split(lines, '\n');
  if (lines.size() != static_cast<size_t>(report.outputCount))
    return fileError(path, "holds " + std::to_string(lines.size()) + " names for " + std::to_string(report.outputCount) + " classes");
  std::vector<std::string> names;
  for (llvm::StringRef line : lines)
    names.push_back(line.trim().str());
  return names;
}

} // namespace mcuform
