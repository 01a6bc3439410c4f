#include "compiler/reference/Gradient.h"

#include "compiler/reference/FloatOps.h"
#include "compiler/reference/Interpreter.h"
#include "dialects/mcuf/McufDialect.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/TypeSwitch.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

using Gradients = std::optional<SmallVector<HostTensor>>;

/// Half of the distance of a central difference, relative to values beyond 1: errors of rounding and of curvature are both some 1e-5 there.
constexpr float kDifference = 1e-2f;
/// Floats count so far without gaps.
constexpr int64_t kLargestIndex = int64_t(1) << 24;

HostTensor scaled(const HostTensor &tensor, float factor) {
  HostTensor result(ElementKind::F32, tensor.shape());
  for (int64_t i = 0; i < tensor.size(); ++i)
    result.data<float>()[i] = tensor.data<float>()[i] * factor;
  return result;
}

/// dX = G W.
HostTensor linearGradient(const HostTensor &input, const HostTensor &weights, const HostTensor &gradient) {
  return floatops::matmul(gradient, weights, input.shape());
}

HostTensor layerNormGradient(const HostTensor &input, const HostTensor *gamma, float epsilon, bool centered, const HostTensor &gradient) {
  HostTensor result(ElementKind::F32, input.shape());
  const HostTensor normalized = floatops::layerNorm(input, nullptr, nullptr, epsilon, centered);
  const int64_t width = input.width();
  std::vector<double> flowing(static_cast<size_t>(width));
  for (int64_t r = 0; r < input.rows(); ++r) {
    const float *x = input.data<float>() + r * width, *y = normalized.data<float>() + r * width, *g = gradient.data<float>() + r * width;
    double sum = 0, squares = 0, mean = 0, along = 0;
    for (int64_t i = 0; i < width && centered; ++i)
      sum += x[i];
    for (int64_t i = 0; i < width; ++i) {
      squares += (x[i] - sum / double(width)) * (x[i] - sum / double(width));
      flowing[size_t(i)] = double(g[i]) * (gamma ? gamma->data<float>()[i] : 1.0f);
      mean += flowing[size_t(i)] / double(width);
      along += flowing[size_t(i)] * y[i] / double(width);
    }
    const double scale = 1.0 / std::sqrt(squares / double(width) + epsilon);
    for (int64_t i = 0; i < width; ++i)
      result.data<float>()[r * width + i] = float(scale * (flowing[size_t(i)] - (centered ? mean : 0) - y[i] * along));
  }
  return result;
}

HostTensor elementwiseGradient(Operation *op, const HostTensor &input, const HostTensor &gradient) {
  HostTensor above(ElementKind::F32, input.shape()), below(ElementKind::F32, input.shape()), result(ElementKind::F32, input.shape());
  for (int64_t i = 0; i < input.size(); ++i) {
    const float x = input.data<float>()[i], step = kDifference * std::max(1.0f, std::fabs(x));
    above.data<float>()[i] = x + step;
    below.data<float>()[i] = x - step;
  }
  const HostTensor more = *evaluateFloatOp(op, above), less = *evaluateFloatOp(op, below);
  for (int64_t i = 0; i < input.size(); ++i)
    result.data<float>()[i] =
        gradient.data<float>()[i] * (more.data<float>()[i] - less.data<float>()[i]) / (above.data<float>()[i] - below.data<float>()[i]);
  return result;
}

/// Of an op that only moves elements: it is shown their numbers, from 1, and says thereby where each goes. 0 is padding.
Gradients movementGradient(Operation *op, ArrayRef<HostTensor> operands, const HostTensor &gradient) {
  SmallVector<HostTensor> numbers, result;
  int64_t next = 1;
  for (const HostTensor &operand : operands) {
    numbers.emplace_back(ElementKind::F32, operand.shape());
    result.emplace_back(ElementKind::F32, operand.shape());
    for (int64_t i = 0; i < operand.size(); ++i)
      numbers.back().data<float>()[i] = float(next++);
  }
  if (next > kLargestIndex)
    return std::nullopt;
  const HostTensor moved = *evaluateFloatOp(op, numbers);
  for (int64_t i = 0; i < moved.size(); ++i) {
    int64_t from = int64_t(moved.data<float>()[i]) - 1;
    for (HostTensor &operand : result) {
      if (from >= 0 && from < operand.size())
        operand.data<float>()[from] += gradient.data<float>()[i];
      from -= operand.size();
    }
  }
  return result;
}

Gradients reduceGradient(mcuf::ReduceOp reduce, const HostTensor &input, const HostTensor &gradient) {
  if (reduce.getKind() != mcuf::ReduceKind::Mean)
    return std::nullopt;
  SmallVector<int64_t> kept(input.shape());
  for (int64_t axis : reduce.getAxes())
    kept[size_t(axis)] = 1;
  const HostTensor share = scaled(gradient.reshaped(kept), float(gradient.size()) / float(input.size()));
  return SmallVector<HostTensor>{floatops::broadcast(share, input.shape())};
}

Gradients binaryGradient(mcuf::BinaryOp op, ArrayRef<HostTensor> in, const HostTensor &gradient) {
  SmallVector<HostTensor> result(2);
  for (size_t side : {0, 1}) {
    if (mcuf::constantOf(op->getOperand(unsigned(side))))
      continue;
    if (in[side].shape() != gradient.shape())
      return std::nullopt;
    switch (op.getKind()) {
    case mcuf::BinaryKind::Add:
      result[side] = gradient;
      break;
    case mcuf::BinaryKind::Sub:
      result[side] = side ? scaled(gradient, -1) : gradient;
      break;
    case mcuf::BinaryKind::Mul:
      result[side] = *floatops::binary(mcuf::BinaryKind::Mul, gradient, in[1 - side], gradient.shape());
      break;
    default:
      return std::nullopt;
    }
  }
  return result;
}

} // namespace

std::optional<SmallVector<HostTensor>> differentiateFloatOp(Operation *op, ArrayRef<HostTensor> in, const HostTensor &gradient) {
  if (in.empty() || llvm::any_of(in, [](const HostTensor &operand) { return operand.kind() != ElementKind::F32; }))
    return std::nullopt;
  return llvm::TypeSwitch<Operation *, Gradients>(op)
      .Case([&](mcuf::LinearOp) {
        SmallVector<HostTensor> result(in.size());
        result.front() = linearGradient(in[0], in[1], gradient);
        return result;
      })
      .Case([&](mcuf::LayerNormOp norm) {
        SmallVector<HostTensor> result(in.size());
        result.front() =
            layerNormGradient(in[0], norm.getGamma() ? &in[1] : nullptr, norm.getEpsilon().convertToFloat(), norm.getCentered(), gradient);
        return result;
      })
      .Case([&](mcuf::AttentionOp attention) {
        SmallVector<HostTensor> result(in.size());
        floatops::AttentionGradient gradients =
            floatops::attentionGradient(in[0], in[1], in[2], attention.getNumHeads(), attention.getScale().convertToFloat(),
                                        tablesOf(attention, in), sigmoidBiasOf(attention), gradient, attention.getGroups());
        result[0] = std::move(gradients.q);
        result[1] = std::move(gradients.k);
        result[2] = std::move(gradients.v);
        return result;
      })
      .Case<mcuf::GeluOp, mcuf::SwishOp, mcuf::HardSwishOp, mcuf::ClippedReluOp>(
          [&](Operation *elementwise) { return SmallVector<HostTensor>{elementwiseGradient(elementwise, in[0], gradient)}; })
      .Case<mcuf::SliceOp, mcuf::ReshapeOp, mcuf::TransposeOp, mcuf::ConcatOp>(
          [&](Operation *movement) { return movementGradient(movement, in, gradient); })
      .Case([&](mcuf::ReduceOp reduce) { return reduceGradient(reduce, in[0], gradient); })
      .Case([&](mcuf::BinaryOp binary) { return binaryGradient(binary, in, gradient); })
      .Default([](Operation *) { return Gradients(); });
}

} // namespace mcuform
