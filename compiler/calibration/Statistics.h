// What the calibration inputs look like inside of the float network: per value and channel, independent of the number of threads.
#ifndef MCUFORM_COMPILER_CALIBRATION_STATISTICS_H
#define MCUFORM_COMPILER_CALIBRATION_STATISTICS_H

#include "compiler/calibration/ChannelCovariance.h"
#include "compiler/calibration/ChannelHistogram.h"
#include "compiler/calibration/ImageSet.h"
#include "compiler/calibration/RowWeights.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform {

/// Moments of the channels (the last dimension) of a value over all rows and inputs.
struct ChannelStatistics {
  std::vector<float> maxAbs;
  std::vector<double> sum, sumSquares;
  int64_t rows = 0;

  void add(const float *values, int64_t rowCount, int64_t width);
  void merge(const ChannelStatistics &other);
};

struct CalibrationResult {
  llvm::DenseMap<mlir::Value, ChannelStatistics> values;
  /// Per patch embedding: the unfolded pixels (0..255) in the order of its weights, [patch_height * patch_width * channels]; the features
  /// of a sequence.
  llvm::DenseMap<mlir::Operation *, ChannelStatistics> patches;
  /// What linear layers and patch embeddings multiply by their weights: of the values that linear layers read and, as above, of unfolded
  /// pixels. Taken from kCovarianceRows rows of an input at most, evenly spread, and from those that weigh much.
  llvm::DenseMap<mlir::Value, ChannelCovariance> covariances;
  llvm::DenseMap<mlir::Operation *, ChannelCovariance> patchCovariances;
  /// Of keys and values.
  llvm::DenseMap<mlir::Value, HistogramHalves> histograms;
};

inline constexpr int64_t kCovarianceRows = 64;

/// Runs the float function over all inputs; notes covariances if asked to, of rows as `weights` says. Shows progress on a terminal. Fails, with a diagnostic, where a
/// value is not finite.
mlir::FailureOr<CalibrationResult> collectStatistics(mlir::func::FuncOp function, const ImageSet &inputs, bool withCovariances,
                                                     bool withHistograms, const RowWeights &weights);

} // namespace mcuform

#endif
