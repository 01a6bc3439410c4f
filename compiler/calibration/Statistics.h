// What the calibration inputs look like inside of the float network: per value and channel, independent of the number of threads.
#ifndef MCUFORM_COMPILER_CALIBRATION_STATISTICS_H
#define MCUFORM_COMPILER_CALIBRATION_STATISTICS_H

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

struct CalibrationResult {
  llvm::DenseMap<mlir::Value, ChannelStatistics> values;
  /// Per patch embedding: the unfolded pixels (0..255) in the order of its weights, [patch_height * patch_width * channels].
  llvm::DenseMap<mlir::Operation *, ChannelStatistics> patches;
};

/// Runs the float function over all inputs. Shows progress on a terminal. Fails, with a diagnostic, where a value is not finite.
mlir::FailureOr<CalibrationResult> collectStatistics(mlir::func::FuncOp function, const ImageSet &inputs);

} // namespace mcuform

#endif
