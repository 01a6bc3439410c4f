#include "compiler/calibration/ChannelCovariance.h"

#include <Eigen/Core>

#include <cmath>
#include <utility>

namespace mcuform {

void ChannelCovariance::add(std::vector<float> values, int64_t width, llvm::ArrayRef<float> weights) {
  using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  sum.resize(size_t(width));
  products.resize(size_t(width * width));
  const int64_t rowCount = int64_t(values.size()) / width;
  for (int64_t r = 0; r < rowCount; ++r) {
    const double weight = weights.empty() ? 1 : weights[size_t(r)];
    const float root = float(std::sqrt(weight));
    for (int64_t c = 0; c < width; ++c) {
      sum[c] += weight * values[r * width + c];
      values[r * width + c] *= root;
    }
    count += weight;
    squaredCount += weight * weight;
  }
  Eigen::Map<Matrix> total(products.data(), width, width);
  total.selfadjointView<Eigen::Lower>().rankUpdate(Eigen::Map<const Matrix>(values.data(), rowCount, width).transpose());
}

std::vector<double> ChannelCovariance::mean() const {
  std::vector<double> result;
  for (double entry : sum)
    result.push_back(entry / count);
  return result;
}

std::vector<float> ChannelCovariance::take() {
  const size_t width = sum.size();
  const std::vector<double> means = mean();
  const double rows = count * count / squaredCount, trusted = rows / (rows + double(width));
  for (size_t i = 0; i < width; ++i)
    for (size_t j = 0; j <= i; ++j) {
      const double covariance = products[i * width + j] / count - means[i] * means[j];
      products[i * width + j] = products[j * width + i] = float(i == j ? covariance : covariance * trusted);
    }
  return std::exchange(products, {});
}

} // namespace mcuform
