#include "passes/quantize/ReadLinear.h"

#include "compiler/reference/HostTensor.h"
#include "passes/quantize/CalibrationAttributes.h"

using namespace mlir;

namespace mcuform {

FailureOr<FloatLinear> readLinear(mcuf::LinearOp linear, bool withCovariance) {
  FailureOr<HostTensor> weights = failure(), bias = failure();
  if (auto elements = mcuf::constantOf(linear.getWeights()))
    weights = toHostTensor(elements);
  if (linear.getBias())
    if (auto elements = mcuf::constantOf(linear.getBias()))
      bias = toHostTensor(elements);
  if (failed(weights) || (linear.getBias() && failed(bias)))
    return linear.emitError() << "weights and bias must be constants";
  FloatLinear layer;
  layer.units = weights->shape()[0];
  layer.depth = weights->shape()[1];
  layer.weights.assign(weights->data<float>(), weights->data<float>() + weights->size());
  layer.bias.assign(size_t(layer.units), 0);
  if (linear.getBias())
    std::copy_n(bias->data<float>(), layer.units, layer.bias.begin());
  layer.channelScale.assign(size_t(layer.depth), 1);
  if (Operation *source = linear.getInput().getDefiningOp()) {
    layer.mean = channelAttribute(source, kMeanAttr, size_t(layer.depth));
    layer.meanSquare = channelAttribute(source, kMeanSquareAttr, size_t(layer.depth));
    if (withCovariance)
      layer.covariance = matrixAttribute(source, kCovarianceAttr, layer.depth);
    // The bias is to take up the mean error of the rows that the covariance is about.
    if (std::vector<double> mean = channelAttribute(source, kWeightedMeanAttr, size_t(layer.depth)); !mean.empty() && !layer.covariance.empty()) {
      for (int64_t k = 0; k < layer.depth; ++k)
        layer.meanSquare[size_t(k)] = double(layer.covariance[size_t(k * (layer.depth + 1))]) + mean[size_t(k)] * mean[size_t(k)];
      layer.mean = std::move(mean);
    }
  }
  return layer;
}

} // namespace mcuform
