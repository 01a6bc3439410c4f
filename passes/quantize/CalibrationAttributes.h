// How calibration results stand in the IR between mcuf-calibrate and mcuf-quantize.
//
// Every op with a float tensor result carries per channel of that result `mcuf.max_abs`, `mcuf.mean` and `mcuf.mean_square`; a patch
// embedding also `mcuf.patch_mean` and `mcuf.patch_mean_square` per unfolded pixel, in 0..255, or per feature of a sequence, then with
// `mcuf.patch_max_abs`. An op that linear layers read may carry `mcuf.covariance` [width, width], a patch embedding
// `mcuf.patch_covariance`. Where the rows of a covariance counted more or less each, `mcuf.weighted_mean` is their mean. Keys and values may carry `mcuf.range`, where each channel is clipped, in place of their maximum with head-room.
// Linear layers may carry `mcuf.int4_noise`, one number: the power of the error of the network's result, over that of the result, were this
// layer's weights stored in four bits; `mcuf.int8_noise` the same of its eight bits. What linear layers read may carry `mcuf.operand_noise`: the same, were it stored in 8 bits. The function's image argument carries `mcuf.mean` and `mcuf.std`.
#ifndef MCUFORM_PASSES_QUANTIZE_CALIBRATIONATTRIBUTES_H
#define MCUFORM_PASSES_QUANTIZE_CALIBRATIONATTRIBUTES_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringRef.h"

#include <vector>

namespace mcuform {

inline constexpr llvm::StringLiteral kMaxAbsAttr = "mcuf.max_abs", kMeanAttr = "mcuf.mean", kMeanSquareAttr = "mcuf.mean_square",
                                     kPatchMeanAttr = "mcuf.patch_mean", kPatchMeanSquareAttr = "mcuf.patch_mean_square",
                                     kPatchMaxAbsAttr = "mcuf.patch_max_abs", kStdAttr = "mcuf.std", kCovarianceAttr = "mcuf.covariance",
                                     kPatchCovarianceAttr = "mcuf.patch_covariance", kRangeAttr = "mcuf.range", kInt4NoiseAttr = "mcuf.int4_noise", kOperandNoiseAttr = "mcuf.operand_noise",
                                     kInt8NoiseAttr = "mcuf.int8_noise", kWeightedMeanAttr = "mcuf.weighted_mean",
                                     kCalibrationInputsAttr = "mcuf.calibration_inputs";

/// What the range of keys and values gets beyond the largest magnitude that calibration saw.
inline constexpr double kCacheHeadRoom = 1.10;

/// Attaches one number per channel, as float32.
void setChannelAttribute(mlir::Operation *op, llvm::StringRef name, const std::vector<double> &values);

/// Attaches a [width, width] matrix, as float32.
void setMatrixAttribute(mlir::Operation *op, llvm::StringRef name, const std::vector<float> &values, int64_t width);

/// The matrix under `name`; empty where there is none of that width.
std::vector<float> matrixAttribute(mlir::Operation *op, llvm::StringRef name, int64_t width);

/// The numbers under `name`; empty where there are none or not `count` of them.
std::vector<double> channelAttribute(mlir::Operation *op, llvm::StringRef name, size_t count);

} // namespace mcuform

#endif
