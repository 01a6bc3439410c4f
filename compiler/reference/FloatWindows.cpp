// Float operators on the windows of a map [1, height, width, channels].
#include "compiler/reference/FloatOps.h"

#include <algorithm>
#include <limits>

using namespace mlir;

namespace mcuform::floatops {

HostTensor windows(const HostTensor &input, const mcuf::WindowGrid &grid, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::F32, shape);
  for (int64_t row = 0; row < result.rows(); ++row)
    grid.forEachPixel(row, [&](int64_t tap, int64_t pixel) {
      std::copy_n(input.data<float>() + pixel * grid.channels, grid.channels,
                  result.data<float>() + row * grid.depth() + tap * grid.channels);
    });
  return result;
}

HostTensor depthwise(const HostTensor &input, const HostTensor &weights, const HostTensor &bias, const mcuf::WindowGrid &grid,
                     ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::F32, shape);
  for (int64_t row = 0; row < result.rows(); ++row) {
    float *out = result.data<float>() + row * grid.channels;
    std::copy_n(bias.data<float>(), grid.channels, out);
    grid.forEachPixel(row, [&](int64_t tap, int64_t pixel) {
      for (int64_t c = 0; c < grid.channels; ++c)
        out[c] += input.data<float>()[pixel * grid.channels + c] * weights.data<float>()[tap * grid.channels + c];
    });
  }
  return result;
}

HostTensor pool(mcuf::ReduceKind kind, const HostTensor &input, const mcuf::WindowGrid &grid, bool countPadding, ArrayRef<int64_t> shape) {
  HostTensor result(ElementKind::F32, shape);
  const bool isMax = kind == mcuf::ReduceKind::Max;
  for (int64_t row = 0; row < result.rows(); ++row) {
    float *out = result.data<float>() + row * grid.channels;
    std::fill_n(out, grid.channels, isMax ? -std::numeric_limits<float>::infinity() : 0.0f);
    int64_t pixels = 0;
    grid.forEachPixel(row, [&](int64_t, int64_t pixel) {
      ++pixels;
      for (int64_t c = 0; c < grid.channels; ++c) {
        const float x = input.data<float>()[pixel * grid.channels + c];
        out[c] = isMax ? std::max(out[c], x) : out[c] + x;
      }
    });
    for (int64_t c = 0; c < grid.channels && !isMax; ++c)
      out[c] /= float(countPadding ? grid.taps() : pixels);
  }
  return result;
}

} // namespace mcuform::floatops
