// Which scale every value of a calibrated float network is stored in, and the integer weights that follow from it.
#ifndef MCUFORM_PASSES_QUANTIZE_SCALEPLAN_H
#define MCUFORM_PASSES_QUANTIZE_SCALEPLAN_H

#include "compiler/support/Progress.h"
#include "passes/quantize/LinearQuantizer.h"
#include "passes/quantize/RelativeScales.h"
#include "passes/quantize/ResidualScale.h"
#include "passes/quantize/Roles.h"

namespace mcuform {

struct FileRange;

/// Softmax reads scores in units of 1/64; a context is in units of 1/256 of its values.
inline constexpr double kScoreUnit = 64, kContextUnit = 256;

/// One of the largest magnitude in 15 bits: the shares of probabilities that belong to the rows of a table of relative positions.
inline constexpr double kShareUnit = 32768;

/// The values of a constant table of relative positions.
FloatTable readTable(mlir::Value table);

/// Whether `value` is a linear layer whose rows are columns of a concatenation and nothing else: it writes them in the concatenation's scale.
bool isComputedForConcat(mlir::Value value);

/// How a value is stored: channel c holds `scale * channel[c] * integer`; an empty `channel` is all ones.
struct Storage {
  double scale = 1;
  std::vector<double> channel;
  int64_t bound = 32768;
};

/// How windows hold the pixels of an image, an offset each channel: (pixel << shift) - offset, 0 being the zero of the network.
struct PixelStorage {
  int shift = 0;
  std::vector<int16_t> offset;
};

/// Decides from statistics and roles. The residual stream's scale depends on the layers that write it, so these are quantized before it is
/// chosen.
class ScalePlan {
public:
  /// With `compensate`, weights are rounded with the covariance of their inputs. The layers `int4` get weights of four bits, with a scale
  /// for each `int4Group` inputs. `progress` advances by one a layer.
  ScalePlan(mlir::func::FuncOp function, const Roles &roles, bool compensate, const llvm::DenseSet<mlir::Operation *> &int4,
            int64_t int4Group, Progress &progress)
      : function(function), roles(roles), compensate(compensate), int4(int4), int4Group(int4Group), progress(progress) {}

  /// Quantizes the layers that write the residual stream and chooses its scale: first of all, the rest depends on it.
  mlir::LogicalResult chooseResidual();

  const ResidualScale &residualScale() const { return residual; }
  /// The linear layer or patch embedding `writer`, which writes the residual stream.
  const IntegerLinear &residualWriter(mlir::Operation *writer) const { return residualWriters.find(writer)->second; }
  bool isResidualWriter(mlir::Operation *op) const { return residualWriters.count(op); }

  Storage storageOf(mlir::Value value) const;
  /// Of keys or values, per channel.
  std::vector<double> cacheScale(mlir::Value value) const;
  /// Of queries that are a constant: sequence pooling.
  std::vector<double> constantQuery(mcuf::AttentionOp attention) const;
  /// Per head, of the queries once the keys' scales are multiplied in: the query layer and the scores must use the same.
  std::vector<double> queryScale(mcuf::AttentionOp attention) const;
  /// Of keys to which a table of relative positions belongs, per head and per channel.
  SharedScales keyScales(mcuf::AttentionOp attention) const;
  /// What the weights of a token add up to at most: 1 in softmax. Of sigmoids so much that the contexts of calibration fit.
  double weightSum(mcuf::AttentionOp attention) const;
  /// Per column of a context: how many of its units make one of the largest 8-bit value that calibration asks for, 3 to 256.
  std::vector<int32_t> contextFactors(mcuf::AttentionOp attention) const;
  mlir::FailureOr<IntegerLinear> quantize(mcuf::LinearOp linear);
  /// Of windows that read the image. Fails, with a diagnostic, where mean and standard deviation are missing or out of range.
  mlir::FailureOr<PixelStorage> pixelStorage(mcuf::WindowsOp windows) const;
  /// Of windows that read an image for which a quantized file has codes: what each pixel becomes, [channels][256].
  mlir::FailureOr<std::vector<int16_t>> pixelCodes(mcuf::WindowsOp windows, const FileRange &codes) const;
  /// What `first`, the layer in integers, lacks: a second layer on the same input that is added to it.
  mlir::FailureOr<IntegerLinear> quantizeRest(mcuf::LinearOp linear, const IntegerLinear &first) const;
  /// Of the integers in which a sequence, the network's input, comes.
  double sequenceScale(mcuf::PatchEmbedOp embed) const;
  /// Of an embedding of the image with pads: the stored pixel around it, and by how much the network's zeros are more than these pixels in its
  /// result [patches, units].
  uint8_t paddingPixelOf(mcuf::PatchEmbedOp embed) const;
  std::vector<double> paddingOf(mcuf::PatchEmbedOp embed) const;
  /// The rows that are added to those of the patches, [patches, units], the padding's included; empty where there are none.
  std::vector<double> positionsOf(mcuf::PatchEmbedOp embed) const;
  /// gamma or beta, `vector`, per channel; `otherwise` where there is none.
  mlir::FailureOr<std::vector<double>> affineOf(mcuf::LayerNormOp norm, mlir::Value vector, double otherwise) const;

  /// Of the rounding of weights alone, over all linear layers.
  double weightSqnrDb() const;

private:
  /// Numbers per channel that calibration noted; none where it did not see the value.
  std::vector<double> statistics(mlir::Value value, llvm::StringRef name) const;
  double maximum(mlir::Value value) const;
  mlir::DenseF32ArrayAttr normalization(llvm::StringRef name) const;
  Storage storageOfWindows(mcuf::WindowsOp windows) const;
  Storage storageOfActivation(mlir::Operation *activation) const;
  double leastSumScale(mlir::Value value) const;
  /// cacheScale without regard to tables of relative positions.
  std::vector<double> plainCacheScale(mlir::Value value) const;
  /// The layer with its input as it is stored.
  mlir::FailureOr<FloatLinear> storedLinear(mcuf::LinearOp linear) const;
  mlir::FailureOr<IntegerLinear> quantize(mcuf::PatchEmbedOp embed);
  /// Quantizes the layer with which `op` writes the residual stream, if there is one; the least scale that each channel of the stream may
  /// have for it.
  mlir::FailureOr<std::vector<double>> quantizeWriter(mlir::Operation *op);

  mlir::func::FuncOp function;
  const Roles &roles;
  bool compensate;
  const llvm::DenseSet<mlir::Operation *> &int4;
  int64_t int4Group;
  Progress &progress;
  ResidualScale residual;
  llvm::DenseMap<mlir::Operation *, IntegerLinear> residualWriters;
  double noiseToSignalSum = 0;
  int64_t linearCount = 0;
};

} // namespace mcuform

#endif
