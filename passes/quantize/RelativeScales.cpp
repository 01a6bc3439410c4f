#include "passes/quantize/RelativeScales.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

namespace mcuform {
namespace {

constexpr double kMaxS8 = 127;

int8_t rounded(double value, double scale) {
  return scale > 0 ? int8_t(std::clamp(std::nearbyint(value / scale), -kMaxS8, kMaxS8)) : int8_t(0);
}

} // namespace

std::vector<double> FloatTable::columnMaxima() const {
  std::vector<double> maxima(static_cast<size_t>(width), 0);
  for (size_t i = 0; i < values.size(); ++i)
    maxima[i % maxima.size()] = std::max(maxima[i % maxima.size()], std::fabs(double(values[i])));
  return maxima;
}

std::vector<double> SharedScales::product() const {
  std::vector<double> scale;
  for (double h : head)
    for (double c : channel)
      scale.push_back(h * c);
  return scale;
}

SharedScales shareScales(llvm::ArrayRef<double> scale, const FloatTable &table) {
  const size_t width = size_t(table.width), heads = scale.size() / width;
  SharedScales shared{std::vector<double>(heads), std::vector<double>(width)};
  for (size_t i = 0; i < scale.size(); ++i)
    shared.head[i / width] = std::max(shared.head[i / width], scale[i]);
  for (size_t i = 0; i < scale.size(); ++i)
    shared.channel[i % width] = std::max(shared.channel[i % width], scale[i] / shared.head[i / width]);
  const double finest = *std::min_element(shared.head.begin(), shared.head.end());
  for (auto [channel, largest] : llvm::zip_equal(shared.channel, table.columnMaxima()))
    channel = std::max(channel, largest / (kMaxS8 * finest));
  return shared;
}

IntegerTable quantizeKeyTable(const FloatTable &table, llvm::ArrayRef<double> channel) {
  IntegerTable result;
  double largest = 0;
  for (size_t i = 0; i < table.values.size(); ++i)
    largest = std::max(largest, std::fabs(table.values[i] / channel[i % channel.size()]));
  result.scale = {largest / kMaxS8};
  for (size_t i = 0; i < table.values.size(); ++i)
    result.values.push_back(rounded(table.values[i] / channel[i % channel.size()], result.scale[0]));
  return result;
}

IntegerTable quantizeValueTable(const FloatTable &table) {
  IntegerTable result;
  for (auto [c, largest] : llvm::enumerate(table.columnMaxima())) {
    result.scale.push_back(largest / kMaxS8);
    for (int64_t row = 0; row < table.rows; ++row)
      result.values.push_back(rounded(table.values[size_t(row * table.width) + c], result.scale.back()));
    result.values.push_back(0);
  }
  return result;
}

} // namespace mcuform
