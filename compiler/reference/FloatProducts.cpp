// Float operators with sums of products and row statistics; matrix products by Eigen.
#include "compiler/reference/FloatOps.h"

#include <Eigen/Core>

#include <cmath>
#include <cstring>

using namespace mlir;

namespace mcuform::floatops {
namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Map = Eigen::Map<Matrix>;
using ConstMap = Eigen::Map<const Matrix>;
/// Rows of a wider matrix.
using StridedMap = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;
using ConstStridedMap = Eigen::Map<const Matrix, 0, Eigen::OuterStride<>>;

void softmaxRow(float *row, int64_t count) {
  float maximum = *std::max_element(row, row + count), sum = 0;
  for (int64_t i = 0; i < count; ++i)
    sum += row[i] = std::exp(row[i] - maximum);
  for (int64_t i = 0; i < count; ++i)
    row[i] /= sum;
}

} // namespace

HostTensor matmul(const HostTensor &lhs, const HostTensor &rhs, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::F32, shape);
  int64_t depth = lhs.width(), rows = lhs.rank() > 1 ? lhs.shape()[lhs.rank() - 2] : 1, columns = rhs.rank() > 1 ? rhs.width() : 1;
  int64_t leftBatch = lhs.size() / std::max<int64_t>(1, rows * depth), rightBatch = rhs.size() / std::max<int64_t>(1, depth * columns);
  if (rightBatch == 1) { // one product for the whole batch
    Map(result.data<float>(), leftBatch * rows, columns).noalias() =
        ConstMap(lhs.data<float>(), leftBatch * rows, depth) * ConstMap(rhs.data<float>(), depth, columns);
    return result;
  }
  SmallVector<int64_t> batch(shape.drop_back((lhs.rank() > 1) + (rhs.rank() > 1)));
  auto matrixIndices = [&](const HostTensor &tensor, int64_t count) {
    HostTensor index(ElementKind::I64, tensor.shape().drop_back(std::min<int64_t>(2, tensor.rank())));
    for (int64_t i = 0; i < count; ++i)
      index.data<int64_t>()[i] = i;
    return broadcast(index, batch);
  };
  HostTensor left = matrixIndices(lhs, leftBatch), right = matrixIndices(rhs, rightBatch);
  for (int64_t b = 0; b < left.size(); ++b)
    Map(result.data<float>() + b * rows * columns, rows, columns).noalias() =
        ConstMap(lhs.data<float>() + left.data<int64_t>()[b] * rows * depth, rows, depth) *
        ConstMap(rhs.data<float>() + right.data<int64_t>()[b] * depth * columns, depth, columns);
  return result;
}

HostTensor softmax(const HostTensor &input, int64_t axis) {
  SmallVector<int64_t> permutation(llvm::to_vector(llvm::seq<int64_t>(0, input.rank())));
  std::swap(permutation[axis], permutation.back()); // its own inverse
  HostTensor rows = transpose(input, permutation);
  for (int64_t r = 0; r < rows.rows(); ++r)
    softmaxRow(rows.data<float>() + r * rows.width(), rows.width());
  return transpose(rows, permutation);
}

HostTensor conv(const HostTensor &input, const HostTensor &weights, const HostTensor *bias, ArrayRef<int64_t> strides, ArrayRef<int64_t> pads,
                ArrayRef<int64_t> dilations, int64_t groups, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::F32, shape);
  int64_t height = input.shape()[2], width = input.shape()[3], inputs = weights.shape()[1], units = weights.shape()[0] / groups;
  int64_t kernelHeight = weights.shape()[2], kernelWidth = weights.shape()[3], outHeight = shape[2], outWidth = shape[3];
  int64_t depth = inputs * kernelHeight * kernelWidth, pixels = outHeight * outWidth;
  Matrix columns(depth, pixels);
  for (int64_t n = 0; n < shape[0]; ++n)
    for (int64_t g = 0; g < groups; ++g) {
      for (int64_t k = 0; k < depth; ++k) {
        int64_t channel = g * inputs + k / (kernelHeight * kernelWidth), dy = k / kernelWidth % kernelHeight, dx = k % kernelWidth;
        const float *plane = input.data<float>() + (n * input.shape()[1] + channel) * height * width;
        for (int64_t y = 0; y < outHeight; ++y)
          for (int64_t x = 0; x < outWidth; ++x) {
            int64_t sy = y * strides[0] - pads[0] + dy * dilations[0], sx = x * strides[1] - pads[1] + dx * dilations[1];
            columns(k, y * outWidth + x) = sy >= 0 && sy < height && sx >= 0 && sx < width ? plane[sy * width + sx] : 0.0f;
          }
      }
      Map out(result.data<float>() + (n * groups + g) * units * pixels, units, pixels);
      out.noalias() = ConstMap(weights.data<float>() + g * units * depth, units, depth) * columns;
      if (bias)
        out.colwise() += Eigen::Map<const Eigen::VectorXf>(bias->data<float>() + g * units, units);
    }
  return result;
}

HostTensor layerNorm(const HostTensor &input, const HostTensor *gamma, const HostTensor *beta, float epsilon, bool centered) {
  HostTensor result(ElementKind::F32, input.shape());
  int64_t width = input.width();
  for (int64_t r = 0; r < input.rows(); ++r) {
    const float *in = input.data<float>() + r * width;
    float *out = result.data<float>() + r * width;
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < width && centered; ++i)
      sum += in[i];
    double mean = sum / double(width);
    for (int64_t i = 0; i < width; ++i)
      squares += (in[i] - mean) * (in[i] - mean);
    double scale = 1.0 / std::sqrt(squares / double(width) + epsilon);
    for (int64_t i = 0; i < width; ++i)
      out[i] = float((in[i] - mean) * scale) * (gamma ? gamma->data<float>()[i] : 1.0f) + (beta ? beta->data<float>()[i] : 0.0f);
  }
  return result;
}

HostTensor gelu(const HostTensor &input, bool approximate) {
  HostTensor result(ElementKind::F32, input.shape());
  for (int64_t i = 0; i < input.size(); ++i) {
    float x = input.data<float>()[i];
    float phi = approximate ? 0.5f * (1.0f + std::tanh(0.7978845608f * (x + 0.044715f * x * x * x))) : 0.5f * (1.0f + std::erf(x * 0.70710678118f));
    result.data<float>()[i] = x * phi;
  }
  return result;
}

HostTensor clippedRelu(const HostTensor &input, float limit) {
  HostTensor result(ElementKind::F32, input.shape());
  for (int64_t i = 0; i < input.size(); ++i)
    result.data<float>()[i] = std::clamp(input.data<float>()[i], 0.0f, limit);
  return result;
}

HostTensor swish(const HostTensor &input, float slope) {
  HostTensor result(ElementKind::F32, input.shape());
  for (int64_t i = 0; i < input.size(); ++i) {
    float x = input.data<float>()[i];
    result.data<float>()[i] = x / (1.0f + std::exp(-slope * x));
  }
  return result;
}

HostTensor hardSwish(const HostTensor &input) {
  HostTensor result(ElementKind::F32, input.shape());
  for (int64_t i = 0; i < input.size(); ++i) {
    float x = input.data<float>()[i];
    result.data<float>()[i] = x * std::min(std::max(x / 6.0f + 0.5f, 0.0f), 1.0f);
  }
  return result;
}

HostTensor linear(const HostTensor &input, const HostTensor &weights, const HostTensor *bias) {
  int64_t units = weights.shape()[0], depth = weights.shape()[1];
  SmallVector<int64_t> shape(input.shape());
  shape.back() = units;
  HostTensor result(ElementKind::F32, shape);
  Map out(result.data<float>(), input.rows(), units);
  out.noalias() = ConstMap(input.data<float>(), input.rows(), depth) * ConstMap(weights.data<float>(), units, depth).transpose();
  if (bias)
    out.rowwise() += Eigen::Map<const Eigen::RowVectorXf>(bias->data<float>(), units);
  return result;
}

/// fn(query, key, rows of a table that belong to the pair) for each query and key.
template <class Fn> static void forEachPair(const RelativeTables &tables, int64_t queries, Fn fn) {
  const mcuf::RelativeGrid &grid = tables.grid;
  for (int64_t t = 0; t < queries; ++t)
    for (int64_t j = 0, i = tables.firstQuery + t; j < grid.tokens(); ++j)
      if (i < grid.prefix || j < grid.prefix)
        fn(t, j, ArrayRef<int64_t>{0});
      else
        fn(t, j, ArrayRef<int64_t>{grid.rowOfRows(i, j), grid.rowOfColumns(i, j)});
}

/// Probabilities of one head, or what sigmoids make of its scores, [queries, tokens].
static Matrix probabilities(const ConstStridedMap &q, const ConstStridedMap &k, float scale, const RelativeTables &tables,
                            std::optional<float> sigmoidBias) {
  Matrix scores = scale * (q * k.transpose());
  if (tables.k) {
    const Matrix terms = scale * (q * ConstMap(tables.k->data<float>(), tables.k->rows(), q.cols()).transpose());
    forEachPair(tables, q.rows(), [&](int64_t t, int64_t j, ArrayRef<int64_t> rows) {
      for (int64_t row : rows)
        scores(t, j) += terms(t, row);
    });
  }
  if (sigmoidBias)
    return scores.unaryExpr([bias = *sigmoidBias](float score) { return 1 / (1 + std::exp(-score - bias)); });
  for (int64_t t = 0; t < q.rows(); ++t)
    softmaxRow(scores.data() + t * k.rows(), k.rows());
  return scores;
}

/// The columns of one head.
static ConstStridedMap headOf(const HostTensor &tensor, int64_t head, int64_t heads) {
  const int64_t width = tensor.width() / heads;
  return ConstStridedMap(tensor.data<float>() + head * width, tensor.rows(), width, Eigen::OuterStride<>(tensor.width()));
}
static StridedMap headOf(HostTensor &tensor, int64_t head, int64_t heads) {
  const int64_t width = tensor.width() / heads;
  return StridedMap(tensor.data<float>() + head * width, tensor.rows(), width, Eigen::OuterStride<>(tensor.width()));
}

/// The attention of rows [group * rows of a group, ...) alone.
static HostTensor groupOf(const HostTensor &all, int64_t group, int64_t groups) {
  const int64_t rows = all.rows() / groups;
  return slice(all.reshaped({all.rows(), all.width()}), {group * rows, 0}, {rows, all.width()}, {1, 1});
}

HostTensor attention(const HostTensor &q, const HostTensor &k, const HostTensor &v, int64_t heads, float scale,
                     const RelativeTables &tables, std::optional<float> sigmoidBias, int64_t groups) {
  SmallVector<int64_t> shape(q.shape());
  shape.back() = v.width();
  if (groups > 1) {
    SmallVector<HostTensor> contexts;
    for (int64_t group = 0; group < groups; ++group)
      contexts.push_back(attention(groupOf(q, group, groups), groupOf(k, group, groups), groupOf(v, group, groups), heads, scale, {}, sigmoidBias));
    return concat(contexts, 0, {q.rows(), v.width()}).reshaped(shape);
  }
  HostTensor result(ElementKind::F32, shape);
  for (int64_t h = 0; h < heads; ++h) {
    const Matrix shareOf = probabilities(headOf(q, h, heads), headOf(k, h, heads), scale, tables, sigmoidBias);
    StridedMap context = headOf(result, h, heads);
    context.noalias() = shareOf * headOf(v, h, heads);
    if (tables.v) {
      Matrix shares = Matrix::Zero(q.rows(), tables.v->rows());
      forEachPair(tables, q.rows(), [&](int64_t t, int64_t j, ArrayRef<int64_t> rows) {
        for (int64_t row : rows)
          shares(t, row) += shareOf(t, j);
      });
      context.noalias() += shares * ConstMap(tables.v->data<float>(), tables.v->rows(), context.cols());
    }
  }
  return result;
}

AttentionGradient attentionGradient(const HostTensor &q, const HostTensor &k, const HostTensor &v, int64_t heads, float scale,
                                    const RelativeTables &tables, std::optional<float> sigmoidBias, const HostTensor &gradient, int64_t groups) {
  if (groups > 1) {
    SmallVector<HostTensor> byQ, byK, byV;
    for (int64_t group = 0; group < groups; ++group) {
      AttentionGradient one = attentionGradient(groupOf(q, group, groups), groupOf(k, group, groups), groupOf(v, group, groups), heads, scale, {},
                                                sigmoidBias, groupOf(gradient, group, groups));
      byQ.push_back(std::move(one.q));
      byK.push_back(std::move(one.k));
      byV.push_back(std::move(one.v));
    }
    auto joined = [](ArrayRef<HostTensor> parts, const HostTensor &like) {
      return concat(parts, 0, {like.rows(), like.width()}).reshaped(like.shape());
    };
    return {joined(byQ, q), joined(byK, k), joined(byV, v)};
  }
  AttentionGradient result{HostTensor(ElementKind::F32, q.shape()), HostTensor(ElementKind::F32, k.shape()), HostTensor(ElementKind::F32, v.shape())};
  for (int64_t h = 0; h < heads; ++h) {
    const ConstStridedMap qh = headOf(q, h, heads), kh = headOf(k, h, heads), gh = headOf(gradient, h, heads);
    const Matrix shareOf = probabilities(qh, kh, scale, tables, sigmoidBias);
    headOf(result.v, h, heads).noalias() = shareOf.transpose() * gh;
    Matrix flowing = gh * headOf(v, h, heads).transpose(); // by probabilities
    if (tables.v) {
      const Matrix terms = gh * ConstMap(tables.v->data<float>(), tables.v->rows(), gh.cols()).transpose();
      forEachPair(tables, q.rows(), [&](int64_t t, int64_t j, ArrayRef<int64_t> rows) {
        for (int64_t row : rows)
          flowing(t, j) += terms(t, row);
      });
    }
    // By scores, scaled.
    if (sigmoidBias) {
      flowing = scale * flowing.cwiseProduct(shareOf - shareOf.cwiseProduct(shareOf));
    } else {
      const Eigen::VectorXf along = flowing.cwiseProduct(shareOf).rowwise().sum();
      flowing = scale * shareOf.cwiseProduct(flowing.colwise() - along);
    }
    headOf(result.q, h, heads).noalias() = flowing * kh;
    headOf(result.k, h, heads).noalias() = flowing.transpose() * qh;
    if (tables.k) {
      Matrix terms = Matrix::Zero(q.rows(), tables.k->rows());
      forEachPair(tables, q.rows(), [&](int64_t t, int64_t j, ArrayRef<int64_t> rows) {
        for (int64_t row : rows)
          terms(t, row) += flowing(t, j);
      });
      headOf(result.q, h, heads).noalias() += terms * ConstMap(tables.k->data<float>(), tables.k->rows(), qh.cols());
    }
  }
  return result;
}

HostTensor patchEmbed(const HostTensor &image, const HostTensor &weights, const HostTensor &bias, const HostTensor *position, const HostTensor *prefix,
                      const mcuf::WindowGrid &grid) {
  const int64_t units = weights.shape()[0], channels = weights.shape()[3], patches = grid.outHeight * grid.outWidth, depth = grid.taps() * channels,
                first = prefix ? prefix->shape()[0] : 0, plane = grid.height * grid.width;
  HostTensor rows(ElementKind::F32, {patches, depth});
  if (image.rank() == 3)
    rows = image.reshaped({patches, depth});
  for (int64_t t = 0; t < patches && image.rank() == 4; ++t)
    grid.forEachPixel(t, [&](int64_t tap, int64_t pixel) {
      for (int64_t c = 0; c < channels; ++c)
        rows.data<float>()[t * depth + tap * channels + c] = image.data<float>()[c * plane + pixel];
    });
  HostTensor embedded = linear(rows, weights.reshaped({units, depth}), &bias);
  HostTensor result(ElementKind::F32, {1, first + patches, units});
  if (prefix)
    std::memcpy(result.data<char>(), prefix->data<char>(), size_t(prefix->size()) * sizeof(float));
  float *out = result.data<float>() + first * units;
  for (int64_t i = 0; i < patches * units; ++i)
    out[i] = embedded.data<float>()[i] + (position ? position->data<float>()[i] : 0.0f);
  return result;
}

} // namespace mcuform::floatops
