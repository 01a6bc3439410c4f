#include "passes/quantize/WeightRounding.h"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mcuform {
namespace {

constexpr double kMaxWeight = 127;
/// Correlations are multiplied by 1 - kDamping.
constexpr double kDamping = 0.02;
/// The least variance of an input, as a share of the mean one. Less would let weights of inputs that calibration saw almost dead, and that
/// others wake, compensate for all the rest.
constexpr double kLeastVariance = 1e-2;
/// How many steps a weight may be rounded away from its nearest integer, for the same reason.
constexpr double kMostSteps = 2;
constexpr int kDescents = 8;

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

double nearest(double value, double limit) { return std::clamp(std::nearbyint(value), -limit, limit); }

/// The integer next to `value` that is not too far from the weight, `exact`, in the same steps.
double nearestTo(double exact, double value, double limit) {
  const double middle = nearest(exact, limit);
  return nearest(std::clamp(value, middle - kMostSteps, middle + kMostSteps), limit);
}

} // namespace

WeightRounding::WeightRounding(std::vector<double> covariance, int64_t depth)
    : depth(depth), matrix(std::move(covariance)), factor(size_t(depth * depth)), order(size_t(depth)) {
  double trace = 0;
  for (int64_t k = 0; k < depth; ++k)
    trace += matrix[k * depth + k];
  double least = trace > 0 ? trace / double(depth) * kLeastVariance : 1;
  for (int64_t i = 0; i < depth; ++i)
    for (int64_t j = 0; j < depth; ++j)
      matrix[i * depth + j] = i == j ? std::max(matrix[i * depth + i], least) : matrix[i * depth + j] * (1 - kDamping);

  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return matrix[a * depth + a] < matrix[b * depth + b]; });
  Eigen::Map<Matrix> ordered(factor.data(), depth, depth);
  for (int64_t i = 0; i < depth; ++i)
    for (int64_t j = 0; j < depth; ++j)
      ordered(i, j) = matrix[order[i] * depth + order[j]];
  Matrix original = ordered;
  for (double shift = 1e-9; shift < 1; shift *= 10) { // a damped covariance is definite but for rounding errors of the sample's sums
    Eigen::LLT<Eigen::Ref<Matrix>> decomposition(ordered);
    if (decomposition.info() == Eigen::Success)
      return;
    ordered = original;
    ordered.diagonal() *= 1 + shift;
  }
  ordered = Matrix(original.diagonal().cwiseSqrt().asDiagonal());
}

double WeightRounding::round(llvm::ArrayRef<double> weights, double scale, llvm::MutableArrayRef<int8_t> rounded) const {
  return round(weights, std::vector<double>(size_t(depth), scale), kMaxWeight, rounded);
}

double WeightRounding::round(llvm::ArrayRef<double> weights, llvm::ArrayRef<double> scales, double limit,
                             llvm::MutableArrayRef<int8_t> rounded, bool fromNearest) const {
  // e^T C e is the sum over positions j of (sum over i >= j of L[i][j] * e[i])^2: with all later errors known, the best weight at j brings that sum next to 0.
  std::vector<double> carried(size_t(depth), 0);
  for (int64_t i = depth - 1; i >= 0; --i) {
    const double *row = &factor[i * depth];
    double weight = weights[order[i]], scale = scales[order[i]];
    double value = nearestTo(weight / scale, (weight + carried[i] / row[i]) / scale, limit), difference = weight - scale * value;
    for (int64_t j = 0; j < i; ++j)
      carried[j] += row[j] * difference;
    rounded[order[i]] = int8_t(value);
  }
  double best = descend(weights, scales, limit, rounded);
  if (!fromNearest)
    return best;
  std::vector<int8_t> plain(static_cast<size_t>(depth));
  for (int64_t k = 0; k < depth; ++k)
    plain[k] = int8_t(nearest(weights[k] / scales[k], limit));
  double plainError = descend(weights, scales, limit, plain);
  if (plainError < best * (1 - 1e-9)) { // of a tie the first
    std::copy(plain.begin(), plain.end(), rounded.begin());
    best = plainError;
  }
  return best;
}

double WeightRounding::descend(llvm::ArrayRef<double> weights, llvm::ArrayRef<double> scales, double limit,
                               llvm::MutableArrayRef<int8_t> rounded) const {
  std::vector<double> difference(static_cast<size_t>(depth)), gradient(static_cast<size_t>(depth), 0);
  for (int64_t k = 0; k < depth; ++k) {
    difference[k] = weights[k] - scales[k] * rounded[k];
    if (difference[k] != 0)
      for (int64_t j = 0; j < depth; ++j)
        gradient[j] += matrix[k * depth + j] * difference[k];
  }
  for (int pass = 0; pass < kDescents; ++pass) {
    bool changed = false;
    for (int64_t k = 0; k < depth; ++k) {
      const double power = matrix[k * depth + k], scale = scales[k];
      const double value = nearestTo(weights[k] / scale, rounded[k] + gradient[k] / (scale * power), limit);
      const double step = scale * (value - rounded[k]);
      // Of a tie both sides are as good; moving must gain, or the passes would go to and fro.
      if (step == 0 || step * (step * power - 2 * gradient[k]) >= -1e-12 * gradient[k] * gradient[k] / power)
        continue;
      rounded[k] = int8_t(value);
      difference[k] -= step;
      for (int64_t j = 0; j < depth; ++j)
        gradient[j] -= matrix[k * depth + j] * step;
      changed = true;
    }
    if (!changed)
      break;
  }
  double sum = 0;
  for (int64_t k = 0; k < depth; ++k)
    sum += difference[k] * gradient[k];
  return std::max(0.0, sum);
}

} // namespace mcuform
