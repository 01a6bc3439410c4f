// What each layer of a package computes (targets/common/observe.cpp writes it), held against the float network and against another target.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_LAYERVALUES_H
#define MCUFORM_COMPILER_DRIVER_RUN_LAYERVALUES_H

#include "compiler/driver/run/PackageReport.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json_fwd.hpp>

namespace mcuform {

/// Of a layer whose result stands for a value of the float network: an entry of the package's values.json.
struct LayerMeaning {
  size_t layer = 0;   ///< of PackageReport::layers
  int64_t number = 0; ///< of the float network's operator
  int64_t rows = 0, columns = 0;
  std::vector<float> scales; ///< real value of one step, for all columns or for each

  float scaleOf(size_t element) const { return scales.size() == 1 ? scales[0] : scales[element % scales.size()]; }
  size_t size() const { return static_cast<size_t>(rows * columns); }
};

/// Refuses a package that says nothing of its layers, or what it does not have.
llvm::Expected<std::vector<LayerMeaning>> readLayerMeanings(const PackageReport &report);

/// A layer's integers for one image; rows that nobody needs are not computed.
struct LayerIntegers {
  std::vector<int16_t> values; ///< [rows][columns]
  std::vector<char> isKnown;   ///< for each value
};
using ImageLayers = std::vector<LayerIntegers>; ///< in the order of the meanings

/// Of all images, from the harness's file. A BugError where it holds what no layer can have.
llvm::Expected<std::vector<ImageLayers>> decodeLayerValues(llvm::ArrayRef<char> file, llvm::ArrayRef<LayerMeaning> meanings,
                                                           size_t imageCount);

/// Sums over images.
struct LayerError {
  double signal = 0, noise = 0, product = 0, own = 0; ///< squares of float values, of differences, float times own, squares of own values
  uint64_t count = 0;

  void add(const LayerMeaning &meaning, const LayerIntegers &integers, llvm::ArrayRef<float> reference);
  /// Signal to noise in dB; absent where all is equal or zero.
  std::optional<double> sqnrDb() const;
  std::optional<double> cosine() const;
};

/// The first value, in the order of layers, images, rows and columns, that two targets compute differently.
struct LayerDifference {
  size_t layer = 0; ///< of PackageReport::layers
  size_t image = 0;
  int64_t row = 0, column = 0;
  int16_t here = 0, there = 0;
};
std::optional<LayerDifference> firstDifference(llvm::ArrayRef<ImageLayers> here, llvm::ArrayRef<ImageLayers> there,
                                               llvm::ArrayRef<LayerMeaning> meanings);

/// What --per-layer tells.
struct LayerComparison {
  size_t imageCount = 0;
  std::vector<LayerMeaning> meanings;
  std::vector<LayerError> errors;            ///< of each meaning
  std::string otherTarget;                   ///< that was run as well; empty: none
  std::optional<LayerDifference> difference; ///< of the two targets
};

void printLayers(const LayerComparison &comparison, const PackageReport &report, llvm::StringRef target, llvm::raw_ostream &os);
nlohmann::ordered_json layersJson(const LayerComparison &comparison, const PackageReport &report);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_LAYERVALUES_H
