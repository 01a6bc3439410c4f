// What the calibration inputs look like inside of the float network: per value and channel, independent of the number of threads.
#ifndef MCUFORM_COMPILER_CALIBRATION_STATISTICS_H
#define MCUFORM_COMPILER_CALIBRATION_STATISTICS_H

#include "compiler/calibration/ChannelHistogram.h"
#include "compiler/calibration/ImageSet.h"

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

/// Covariance of the channels of a value over a sample of its rows, [width, width].
struct ChannelCovariance {
  std::vector<double> sum;
  std::vector<float> products; ///< sums of x[i] * x[j]
  int64_t rows = 0;

  void add(const std::vector<float> &values, int64_t width);
  /// The covariance itself; leaves this empty.
  std::vector<float> take();
};

struct CalibrationResult {
  llvm::DenseMap<mlir::Value, ChannelStatistics> values;
  /// Per patch embedding: the unfolded pixels (0..255) in the order of its weights, [patch_height * patch_width * channels]; the features
  /// of a sequence.
  llvm::DenseMap<mlir::Operation *, ChannelStatistics> patches;
  /// What linear layers and patch embeddings multiply by their weights: of the values that linear layers read and, as above, of unfolded
  /// pixels. Taken from at most kCovarianceRows rows of an input, evenly spread.
  llvm::DenseMap<mlir::Value, ChannelCovariance> covariances;
  llvm::DenseMap<mlir::Operation *, ChannelCovariance> patchCovariances;
  /// Of keys and values.
  llvm::DenseMap<mlir::Value, HistogramHalves> histograms;
};

inline constexpr int64_t kCovarianceRows = 64;

/// Runs the float function over all inputs; notes covariances if asked to. Shows progress on a terminal. Fails, with a diagnostic, where a
/// value is not finite.
mlir::FailureOr<CalibrationResult> collectStatistics(mlir::func::FuncOp function, const ImageSet &inputs, bool withCovariances,
                                                     bool withHistograms);

} // namespace mcuform

#endif
