#include "passes/quantize/Activation.h"

#include "passes/quantize/LinearQuantizer.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace mcuform {

/// Head-room above the largest hidden unit that calibration saw, and above its x.
constexpr double kHeadRoom = 1.25, kHeadRoomOfX = 1.1;
constexpr double kMaxS15 = 16383;
/// Of ReLU, which has no delta.
constexpr double kLeastScale = 1.01 / (1 << 17);

Activation::Activation(Operation *op) {
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](mcuf::GeluOp) {
        delta = mcuf::Delta::Gelu;
        steps = 256, bits = 18, largest = 0.169972;
      })
      .Case([&](mcuf::SwishOp swish) {
        delta = mcuf::Delta::Silu;
        slope = swish.getSlope().convertToFloat();
        steps = 128, bits = 17, largest = 0.278465;
      })
      .Case([&](mcuf::HardSwishOp) {
        delta = mcuf::Delta::HardSwish;
        steps = 512, bits = 17, largest = 0.375;
      })
      .Default([&](Operation *) { delta = mcuf::Delta::None; });
}

/// For x > 0.
double Activation::valueAt(double x) const {
  switch (delta) {
  case mcuf::Delta::None: return x;
  case mcuf::Delta::Gelu: return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
  case mcuf::Delta::Silu: return x / (1 + std::exp(-slope * x));
  case mcuf::Delta::HardSwish: return x * std::min(x / 6 + 0.5, 1.0);
  }
  llvm_unreachable("covered switch");
}

/// The x > 0 of the value y > 0.
double Activation::inverse(double y) const {
  double least = y, most = y + largest / slope;
  for (int step = 0; step < 40; ++step) {
    double x = (least + most) / 2;
    (valueAt(x) < y ? least : most) = x;
  }
  return most;
}

double Activation::scaleOf(double maximum) const {
  double range = std::max(maximum * kHeadRoom, delta == mcuf::Delta::None ? 0 : inverse(maximum) * kHeadRoomOfX);
  return std::max(range / kMaxS15, delta == mcuf::Delta::None ? kLeastScale : 1.0002 * largest / slope / (1 << 14));
}

std::optional<int32_t> Activation::indexMult(double scale) const {
  return delta == mcuf::Delta::None ? std::optional<int32_t>(0) : fixedPoint32(scale * slope * steps / 256);
}

std::optional<int32_t> Activation::deltaMult(double scale) const {
  return delta == mcuf::Delta::None ? std::optional<int32_t>(0) : fixedPoint32(std::ldexp(1 / (scale * slope), -bits));
}

} // namespace mcuform
