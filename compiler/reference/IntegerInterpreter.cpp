// Integer operators, as the arithmetic's definition reads. Speed is the kernels' business.
#include "compiler/reference/IntegerInterpreter.h"

#include "compiler/reference/Interpreter.h"
#include "dialects/mcuf/McufCodeOps.h"
#include "mcuform/arith.h"
#include "mcuform/sigmoid_table.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cstring>

using namespace mlir;

namespace mcuform {
namespace {

/// acc[row][unit] handed to the epilogue `fn(index of the output element, acc, unit)`. `In` is the type of the activations.
template <class In, class Fn> void forEachAccumulator(const In *input, int64_t rows, const HostTensor &weights, const HostTensor &bias, Fn fn) {
  int64_t units = weights.shape()[0], depth = weights.shape()[1];
  for (int64_t t = 0; t < rows; ++t)
    for (int64_t n = 0; n < units; ++n) {
      const int8_t *w = weights.data<int8_t>() + n * depth;
      int32_t acc = bias.data<int32_t>()[n];
      for (int64_t k = 0; k < depth; ++k)
        acc += int32_t(input[t * depth + k]) * w[k];
      fn(t * units + n, acc, n);
    }
}

/// fn(index of the element, channel, z, sum of the row's z, or 0 where no mean is taken off, scale of the row) for each element of normalized rows.
template <class Fn>
void normalizeRows(const HostTensor &input, const HostTensor &factor, bool centered, int64_t epsilon, int32_t outShift, Fn fn) {
  int64_t width = input.width();
  SmallVector<int32_t> z(static_cast<size_t>(width));
  for (int64_t t = 0; t < input.rows(); ++t) {
    int32_t sum = 0;
    int64_t squares = 0;
    for (int64_t c = 0; c < width; ++c) {
      z[c] = int32_t(input.data<int16_t>()[t * width + c]) * factor.data<int16_t>()[c];
      sum += centered ? z[c] : 0;
      squares += int64_t(z[c]) * z[c];
    }
    uint64_t variance = rt::layer_norm_variance(int32_t(width), squares, sum, epsilon);
    rt::RowScale scale = rt::layer_norm_scale(variance, outShift);
    for (int64_t c = 0; c < width; ++c)
      fn(t * width + c, c, z[c], sum, scale);
  }
}

HostTensor layerNorm(mcuf::QLayerNormOp op, const HostTensor &input, const HostTensor &factor, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  normalizeRows(input, factor, op.getCentered(), int64_t(op.getEpsilon()), int32_t(op.getOutShift()), [&](int64_t i, int64_t, int32_t z, int32_t sum, rt::RowScale scale) {
    result.data<int16_t>()[i] = rt::layer_norm_value(z, int32_t(input.width()), sum, scale);
  });
  return result;
}

HostTensor layerNormAffine(mcuf::QLayerNormAffineOp op, const HostTensor &input, const HostTensor &factor, const HostTensor &gain, const HostTensor &offset,
                           ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  normalizeRows(input, factor, op.getCentered(), int64_t(op.getEpsilon()), rt::layer_norm_affine_shift, [&](int64_t i, int64_t c, int32_t z, int32_t sum, rt::RowScale scale) {
    result.data<int16_t>()[i] =
        rt::layer_norm_affine_value(z, int32_t(input.width()), sum, scale, gain.data<int32_t>()[c], offset.data<int16_t>()[c]);
  });
  return result;
}

HostTensor linear(ElementKind kind, const HostTensor &input, const HostTensor &weights, const HostTensor &bias, const HostTensor &mult, ArrayRef<int64_t> shape) {
  HostTensor result(kind, shape);
  const int32_t *m = mult.data<int32_t>();
  forEachAccumulator(input.data<int16_t>(), input.rows(), weights, bias, [&](int64_t i, int32_t acc, int64_t n) {
    if (kind == ElementKind::I8)
      result.data<int8_t>()[i] = rt::requantize_s8(acc, m[n]);
    else
      result.data<int16_t>()[i] = rt::requantize_s16(acc, m[n]);
  });
  return result;
}

HostTensor linearAdd(const HostTensor &input, const HostTensor &weights, const HostTensor &bias, const HostTensor &mult, const HostTensor &residual) {
  HostTensor result(ElementKind::I16, residual.shape());
  forEachAccumulator(input.data<int16_t>(), input.rows(), weights, bias, [&](int64_t i, int32_t acc, int64_t n) {
    result.data<int16_t>()[i] = rt::requantize_add_s16(acc, mult.data<int32_t>()[n], residual.data<int16_t>()[i]);
  });
  return result;
}

const uint16_t *tableOf(mcuf::Delta delta) {
  switch (delta) {
  case mcuf::Delta::None: return rt::delta_none;
  case mcuf::Delta::Gelu: return rt::delta_gelu.middle();
  case mcuf::Delta::Silu: return rt::delta_silu.middle();
  case mcuf::Delta::HardSwish: return rt::delta_hard_swish.middle();
  }
  llvm_unreachable("covered switch");
}

HostTensor linearActivation(mcuf::QLinearActivationOp op, const HostTensor &input, const HostTensor &weights, const HostTensor &bias, const HostTensor &mult,
                      ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  forEachAccumulator(input.data<int16_t>(), input.rows(), weights, bias, [&](int64_t i, int32_t acc, int64_t n) {
    result.data<int16_t>()[i] = rt::hidden_s15(acc, mult.data<int32_t>()[n], tableOf(op.getDelta()), int32_t(op.getIndexMult()), int32_t(op.getDeltaMult()));
  });
  return result;
}

/// The operands of relative positions, and which rows of their tables belong to a pair of tokens.
class RelativePart {
public:
  RelativePart(mcuf::QAttentionOp op, ArrayRef<HostTensor> in) : firstQuery(int64_t(op.getFirstQuery())) {
    if (!op.isRelative())
      return;
    grid = mcuf::RelativeGrid::of(*op.getGrid());
    const HostTensor *next = in.data() + 4;
    if (op.getKTable()) {
      keyTable = next++;
      keyMult = next++;
    }
    if (op.getVTable()) {
      valueTable = next++;
      valueMult = next++;
    }
  }

  /// Adds to the scores of one query, whose columns of this head begin at `query`.
  void addScores(int64_t t, int64_t h, const int16_t *query, MutableArrayRef<int32_t> scores) const {
    if (!keyTable)
      return;
    SmallVector<int32_t> terms;
    for (int64_t row = 0; row < keyTable->rows(); ++row) {
      int32_t acc = 0;
      for (int64_t c = 0; c < keyTable->width(); ++c)
        acc += int32_t(query[c]) * keyTable->data<int8_t>()[row * keyTable->width() + c];
      terms.push_back(rt::requantize_s16(acc, keyMult->data<int32_t>()[h]));
    }
    for (auto [j, score] : llvm::enumerate(scores)) {
      auto [row, column] = rowsOf(t, int64_t(j));
      score = rt::relative_score(score, terms[size_t(row)], column < 0 ? 0 : terms[size_t(column)]);
    }
  }

  /// Adds to one column of a context.
  int16_t addContext(int64_t h, int64_t c, int16_t context, ArrayRef<int16_t> shares) const {
    if (!valueTable)
      return context;
    int32_t acc = 0;
    for (auto [row, share] : llvm::enumerate(shares))
      acc += int32_t(share) * valueTable->data<int8_t>()[c * valueTable->width() + int64_t(row)];
    return rt::requantize_add_s16(acc, valueMult->data<int32_t>()[h * valueTable->rows() + c], context);
  }

  SmallVector<int16_t> shares(int64_t t, ArrayRef<int32_t> probabilities, int32_t mult) const {
    if (!valueTable)
      return {};
    SmallVector<int32_t> sums(size_t(valueTable->width()), 0);
    for (auto [j, probability] : llvm::enumerate(probabilities)) {
      auto [row, column] = rowsOf(t, int64_t(j));
      sums[size_t(row)] += probability;
      if (column >= 0)
        sums[size_t(column)] += probability;
    }
    return llvm::map_to_vector(sums, [&](int32_t sum) { return rt::relative_share(sum, mult); });
  }

private:
  /// Of row t of the queries and key j; one of them without a place has one row alone.
  std::pair<int64_t, int64_t> rowsOf(int64_t t, int64_t j) const {
    const int64_t i = t + firstQuery;
    if (i < grid.prefix || j < grid.prefix)
      return {0, -1};
    auto distance = [&](auto coordinate) { return int32_t(coordinate(j - grid.prefix) - coordinate(i - grid.prefix)); };
    const int32_t dy = distance([&](int64_t place) { return place / grid.width; }),
                  dx = distance([&](int64_t place) { return place % grid.width; });
    return {rt::relative_row(dy, int32_t(grid.rowClip)), rt::relative_column(dx, int32_t(grid.rowClip), int32_t(grid.columnClip))};
  }

  int64_t firstQuery;
  mcuf::RelativeGrid grid;
  const HostTensor *keyTable = nullptr, *keyMult = nullptr, *valueTable = nullptr, *valueMult = nullptr;
};

HostTensor attention(mcuf::QAttentionOp op, ArrayRef<HostTensor> in, ArrayRef<int64_t> shape) {
  const HostTensor &q = in[0], &k = in[1], &v = in[2], &scoreMult = in[3];
  const RelativePart relative(op, in);
  HostTensor result(ElementKind::I16, shape);
  int64_t heads = op.getNumHeads(), width = q.width() / heads, valueWidth = v.width() / heads, tokens = k.rows() / int64_t(op.getGroups());
  SmallVector<int32_t> scores(static_cast<size_t>(tokens));
  for (int64_t t = 0; t < q.rows(); ++t)
    for (int64_t h = 0; h < heads; ++h) {
      const int64_t group = t / (q.rows() / int64_t(op.getGroups()));
      const int8_t *keys = k.data<int8_t>() + group * tokens * k.width(), *values = v.data<int8_t>() + group * tokens * v.width();
      int32_t maximum = INT32_MIN, sum = 0;
      for (int64_t j = 0; j < tokens; ++j) {
        int32_t acc = 0;
        for (int64_t c = h * width; c < (h + 1) * width; ++c)
          acc += int32_t(q.data<int16_t>()[t * q.width() + c]) * keys[j * k.width() + c];
        scores[j] = rt::requantize_s16(acc, scoreMult.data<int32_t>()[h]);
      }
      relative.addScores(t, h, q.data<int16_t>() + t * q.width() + h * width, scores);
      for (int32_t score : scores)
        maximum = std::max(maximum, score);
      for (int32_t &score : scores)
        sum += score = op.getSigmoidBias() ? rt::sigmoid_weight(score + int32_t(*op.getSigmoidBias()))
                                           : rt::exp_table[rt::softmax_index(maximum, score)];
      sum = op.getWeightTotal() ? int32_t(*op.getWeightTotal()) : sum;
      int32_t mult = rt::context_mult(sum);
      const SmallVector<int16_t> shares = relative.shares(t, scores, mult);
      for (int64_t c = h * valueWidth; c < (h + 1) * valueWidth; ++c) {
        int32_t acc = 0;
        for (int64_t j = 0; j < tokens; ++j)
          acc += scores[j] * values[j * v.width() + c];
        result.data<int16_t>()[t * v.width() + c] = relative.addContext(h, c - h * valueWidth, rt::requantize_s16(acc, mult), shares);
      }
    }
  return result;
}

HostTensor patchEmbed(mcuf::QPatchEmbedOp op, const HostTensor &image, const HostTensor &weights, const HostTensor &bias, const HostTensor &mult,
                      const HostTensor &position, const HostTensor *prefix, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  const mcuf::WindowGrid grid = mcuf::patchGridOf(op);
  int64_t units = weights.shape()[0], depth = weights.shape()[1], channels = grid.channels;
  int64_t prefixSize = prefix ? prefix->size() : 0;
  if (prefix)
    std::memcpy(result.data<char>(), prefix->data<char>(), size_t(prefixSize) * sizeof(int16_t));
  int16_t *out = result.data<int16_t>() + prefixSize;
  auto store = [&](int64_t t) {
    return [&, t](int64_t, int32_t acc, int64_t n) {
      out[t * units + n] = rt::requantize_add_s16(acc, mult.data<int32_t>()[n], position.data<int16_t>()[t * units + n]);
    };
  };
  if (image.kind() == ElementKind::I16) {
    for (int64_t t = 0; t < position.shape()[0]; ++t)
      forEachAccumulator(image.data<int16_t>() + t * depth, 1, weights, bias, store(t));
    return result;
  }
  for (int64_t t = 0; t < position.shape()[0]; ++t) {
    std::vector<uint8_t> pixels(static_cast<size_t>(depth), uint8_t(op.getPadValue())); // around the image, and the last of an odd count
    grid.forEachPixel(t, [&](int64_t tap, int64_t pixel) {
      std::memcpy(pixels.data() + tap * channels, image.data<uint8_t>() + pixel * channels, size_t(channels));
    });
    forEachAccumulator(pixels.data(), 1, weights, bias, store(t));
  }
  return result;
}

HostTensor narrow(const HostTensor &input, const HostTensor &mult) {
  HostTensor result(ElementKind::I8, input.shape());
  for (int64_t i = 0; i < input.size(); ++i)
    result.data<int8_t>()[i] = rt::requantize_s8(input.data<int16_t>()[i], mult.data<int32_t>()[i % input.width()]);
  return result;
}

HostTensor widen(const HostTensor &input, const HostTensor &factor) {
  HostTensor result(ElementKind::I16, input.shape());
  for (int64_t i = 0; i < input.size(); ++i)
    result.data<int16_t>()[i] = int16_t(input.data<int8_t>()[i] * factor.data<int16_t>()[i % input.width()]);
  return result;
}

HostTensor coarsen(const HostTensor &input, const HostTensor &mult, const HostTensor &factor) {
  HostTensor result(ElementKind::I16, input.shape());
  for (int64_t i = 0; i < input.size(); ++i)
    result.data<int16_t>()[i] =
        rt::coarsen(input.data<int16_t>()[i], mult.data<int32_t>()[i % input.width()], factor.data<int16_t>()[i % input.width()]);
  return result;
}

HostTensor windows(mcuf::QWindowsOp op, const HostTensor &input, const HostTensor *offset, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  const mcuf::WindowGrid grid = mcuf::WindowGrid::of(op);
  const bool table = offset && offset->shape().size() == 2;
  for (int64_t row = 0; row < result.rows(); ++row)
    grid.forEachPixel(row, [&](int64_t tap, int64_t pixel) {
      for (int64_t c = 0; c < grid.channels; ++c) {
        const int64_t at = pixel * grid.channels + c;
        result.data<int16_t>()[row * grid.depth() + tap * grid.channels + c] =
            table    ? offset->data<int16_t>()[256 * c + input.data<uint8_t>()[at]]
            : offset ? rt::centred_pixel(input.data<uint8_t>()[at], int32_t(op.getShift()), offset->data<int16_t>()[c]) : input.data<int16_t>()[at];
      }
    });
  return result;
}

HostTensor depthwise(mcuf::QDepthwiseOp op, const HostTensor &input, const HostTensor &weights, const HostTensor &bias, const HostTensor &mult,
                     ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  const mcuf::WindowGrid grid = mcuf::WindowGrid::of(op);
  for (int64_t row = 0; row < result.rows(); ++row)
    for (int64_t c = 0; c < grid.channels; ++c) {
      int32_t acc = bias.data<int32_t>()[c];
      grid.forEachPixel(row, [&](int64_t tap, int64_t pixel) {
        acc += int32_t(input.data<int16_t>()[pixel * grid.channels + c]) * weights.data<int8_t>()[tap * grid.channels + c];
      });
      result.data<int16_t>()[row * grid.channels + c] = rt::at_least(rt::requantize_s16(acc, mult.data<int32_t>()[c]), int32_t(op.getLow()));
    }
  return result;
}

HostTensor maxPool(mcuf::QMaxPoolOp op, const HostTensor &input, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  const mcuf::WindowGrid grid = mcuf::WindowGrid::of(op);
  for (int64_t row = 0; row < result.rows(); ++row)
    for (int64_t c = 0; c < grid.channels; ++c) {
      int16_t largest = INT16_MIN;
      grid.forEachPixel(row, [&](int64_t, int64_t pixel) { largest = std::max(largest, input.data<int16_t>()[pixel * grid.channels + c]); });
      result.data<int16_t>()[row * grid.channels + c] = largest;
    }
  return result;
}

HostTensor add(mcuf::QAddOp op, const HostTensor &lhs, const HostTensor &rhs) {
  HostTensor result(ElementKind::I16, lhs.shape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<int16_t>()[i] = rt::at_least(
        rt::add_scaled_s16(lhs.data<int16_t>()[i], int32_t(op.getLhsMult()), rhs.data<int16_t>()[i], int32_t(op.getRhsMult())), int32_t(op.getLow()));
  return result;
}

HostTensor addCodes(mcuf::QAddCodesOp op, const HostTensor &lhs, const HostTensor &rhs) {
  HostTensor result(ElementKind::I16, lhs.shape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<int16_t>()[i] = rt::add_codes(lhs.data<int16_t>()[i], int32_t(op.getLhsMult()), rhs.data<int16_t>()[i],
                                              int32_t(op.getRhsMult()), int32_t(op.getLow()), int32_t(op.getHigh()));
  return result;
}

HostTensor clamp(mcuf::QClampOp op, const HostTensor &input) {
  HostTensor result(ElementKind::I16, input.shape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<int16_t>()[i] = rt::clamp_between(input.data<int16_t>()[i], int32_t(op.getLow()), int32_t(op.getHigh()));
  return result;
}

HostTensor multiply(mcuf::QMultiplyOp op, const HostTensor &lhs, const HostTensor &rhs) {
  HostTensor result(ElementKind::I16, lhs.shape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<int16_t>()[i] = rt::multiply_scaled_s16(lhs.data<int16_t>()[i], rhs.data<int16_t>()[i], int32_t(op.getMult()));
  return result;
}

HostTensor activation(mcuf::QActivationOp op, const HostTensor &input) {
  HostTensor result(ElementKind::I16, input.shape());
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<int16_t>()[i] = rt::activation_s15(input.data<int16_t>()[i], int32_t(op.getMult()), tableOf(op.getDelta()),
                                                   int32_t(op.getIndexMult()), int32_t(op.getDeltaMult()));
  return result;
}

HostTensor meanRows(mcuf::QMeanRowsOp op, const HostTensor &input, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::I16, shape);
  for (int64_t c = 0; c < input.width(); ++c) {
    int32_t sum = 0;
    for (int64_t t = op.getFirstRow(); t < int64_t(op.getFirstRow() + op.getRowCount()); ++t)
      sum += input.data<int16_t>()[t * input.width() + c];
    result.data<int16_t>()[c] = rt::requantize_s16(sum, int32_t(op.getMult()));
  }
  return result;
}

} // namespace

FailureOr<HostTensor> evaluateIntegerOp(Operation *op, ArrayRef<HostTensor> in) {
  ArrayRef<int64_t> shape = op->getNumResults() == 1 ? mcuf::shapeOf(op->getResult(0)) : ArrayRef<int64_t>();
  return llvm::TypeSwitch<Operation *, FailureOr<HostTensor>>(op)
      .Case<mcuf::ConstantOp, mcuf::SliceOp, mcuf::ReshapeOp, mcuf::ConcatOp, mcuf::PermuteRowsOp>(
          [&](Operation *structural) { return evaluateFloatOp(structural, in); })
      .Case([&](mcuf::QPatchEmbedOp embed) {
        return patchEmbed(embed, in[0], in[1], in[2], in[3], in[4], embed.getPrefix() ? &in[5] : nullptr, shape);
      })
      .Case([&](mcuf::QLayerNormOp norm) { return layerNorm(norm, in[0], in[1], shape); })
      .Case([&](mcuf::QLayerNormAffineOp norm) { return layerNormAffine(norm, in[0], in[1], in[2], in[3], shape); })
      .Case([&](mcuf::QLinearOp linearOp) {
        auto kind = elementKindOf(cast<RankedTensorType>(linearOp.getType()).getElementType());
        return linear(*kind, in[0], in[1], in[2], in[3], shape);
      })
      .Case([&](mcuf::QLinearAddOp) { return linearAdd(in[0], in[1], in[2], in[3], in[4]); })
      .Case([&](mcuf::QLinearActivationOp gelu) { return linearActivation(gelu, in[0], in[1], in[2], in[3], shape); })
      .Case([&](mcuf::QAttentionOp attentionOp) { return attention(attentionOp, in, shape); })
      .Case([&](mcuf::QNarrowOp) { return narrow(in[0], in[1]); })
      .Case([&](mcuf::QCoarsenOp) { return coarsen(in[0], in[1], in[2]); })
      .Case([&](mcuf::QWidenOp) { return widen(in[0], in[1]); })
      .Case([&](mcuf::QWindowsOp windowsOp) { return windows(windowsOp, in[0], windowsOp.getOffset() ? &in[1] : nullptr, shape); })
      .Case([&](mcuf::QDepthwiseOp depthwiseOp) { return depthwise(depthwiseOp, in[0], in[1], in[2], in[3], shape); })
      .Case([&](mcuf::QMaxPoolOp pool) { return maxPool(pool, in[0], shape); })
      .Case([&](mcuf::QAddOp sum) { return add(sum, in[0], in[1]); })
      .Case([&](mcuf::QAddCodesOp sum) { return addCodes(sum, in[0], in[1]); })
      .Case([&](mcuf::QClampOp clampOp) { return clamp(clampOp, in[0]); })
      .Case([&](mcuf::QMultiplyOp product) { return multiply(product, in[0], in[1]); })
      .Case([&](mcuf::QActivationOp op) { return activation(op, in[0]); })
      .Case([&](mcuf::QMeanRowsOp mean) { return meanRows(mean, in[0], shape); })
      .Default([](Operation *other) -> FailureOr<HostTensor> { return other->emitOpError() << "has no integer meaning"; });
}

} // namespace mcuform
