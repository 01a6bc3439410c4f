// Which values a quantized file's codes are taken over for.
#include "passes/quantize/FileCodes.h"

#include "dialects/mcuf/McufCodeOps.h"
#include "passes/quantize/MapRewriter.h"

#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// Whether codes fit the int16 that kernels read.
bool fits(const FileRange &range) { return range.low >= INT16_MIN && range.high <= INT16_MAX && range.low <= 0 && range.high >= 0 && range.low < range.high; }

std::optional<FileRange> ownRange(Value value) {
  std::optional<FileRange> range = fileRangeOf(value);
  return range && fits(*range) ? range : std::nullopt;
}

/// Whether a linear layer's output has a storage of its own for what reads it.
bool hasOwnForm(mcuf::LinearOp linear) {
  return llvm::any_of(linear->getUsers(), [](Operation *user) {
    return isa<mcuf::AttentionOp, mcuf::ConcatOp>(user) || mcuf::hasTable(user) || (isa<mcuf::BinaryOp>(user) && isResidual(user->getResult(0)));
  });
}

/// max(x, 0), and its limit, of codes: those of the operand where the file has no others.
std::optional<FileRange> codesOfActivation(Operation *activation) {
  std::optional<FileRange> codes = ownRange(activation->getResult(0));
  if (!codes)
    codes = codesOf(activation->getOperand(0));
  if (!codes)
    return std::nullopt;
  codes->low = std::max<int64_t>(codes->low, 0);
  if (auto clipped = dyn_cast<mcuf::ClippedReluOp>(activation))
    codes->high = std::min(codes->high, int64_t(std::nearbyint(clipped.getLimit().convertToDouble() / double(codes->scale))));
  return codes->high > 0 ? codes : std::nullopt;
}

} // namespace

std::optional<FileRange> codesOf(Value value) {
  using Codes = std::optional<FileRange>;
  Operation *op = value.getDefiningOp();
  if (!op || isResidual(value) || isMeanOfResidual(value))
    return std::nullopt;
  if (mcuf::isActivation(op))
    return mcuf::hasTable(op) ? std::nullopt : codesOfActivation(op);
  return llvm::TypeSwitch<Operation *, Codes>(op)
      .Case<mcuf::ReshapeOp, mcuf::SliceOp, mcuf::PermuteRowsOp>([](Operation *view) { return codesOf(view->getOperand(0)); })
      .Case([](mcuf::WindowsOp windows) {
        return mcuf::isInterleavedImage(windows.getInput()) ? codesOfImage(windows) : codesOf(windows.getInput());
      })
      .Case([&](mcuf::PoolOp pool) { return pool.getKind() == mcuf::ReduceKind::Max ? codesOf(pool.getInput()) : ownRange(value); })
      .Case([&](mcuf::ReduceOp reduce) { return reduce.getKind() == mcuf::ReduceKind::Mean ? ownRange(value) : std::nullopt; })
      .Case([&](mcuf::LinearOp linear) { return hasOwnForm(linear) ? std::nullopt : ownRange(value); })
      .Case([&](mcuf::DepthwiseOp) { return ownRange(value); })
      .Case([&](mcuf::BinaryOp add) { return isSumOfMaps(add) ? ownRange(value) : std::nullopt; })
      .Default([](Operation *) { return Codes(); });
}

std::optional<FileRange> codesOfImage(mcuf::WindowsOp windows) {
  Operation *view = windows.getInput().getDefiningOp();
  return view && isa<BlockArgument>(view->getOperand(0)) ? ownRange(view->getOperand(0)) : std::nullopt;
}

Storage storageOf(const FileRange &codes) { return {double(codes.scale), {}, codes.bound() + 1}; }

Storage finerStorageOf(const FileRange &codes, int64_t count) {
  int64_t factor = 1;
  while (2 * factor * codes.bound() <= INT16_MAX && 4 * factor < count)
    factor *= 2;
  return {double(codes.scale) / double(factor), {}, 32768};
}

bool holdsMeanOf(const FileRange &output, const FileRange &input) {
  const double ratio = double(input.scale) / double(output.scale);
  return std::floor(double(input.low) * ratio + 0.5) >= double(output.low) && std::floor(double(input.high) * ratio + 0.5) <= double(output.high);
}

Value clampToCodes(OpBuilder &builder, Value result, const FileRange &codes) {
  if (codes.low == INT16_MIN && codes.high == INT16_MAX)
    return result;
  return builder.create<mcuf::QClampOp>(result.getLoc(), result.getType(), result, uint64_t(codes.low), uint64_t(codes.high));
}

std::vector<int16_t> codesOfPixels(const FileRange &codes, float mean, float deviation) {
  std::vector<int16_t> result;
  for (int pixel = 0; pixel < 256; ++pixel) {
    const float code = std::nearbyint((float(pixel) / 255.0f - mean) / deviation / codes.scale);
    result.push_back(int16_t(std::clamp(code, float(codes.low), float(codes.high))));
  }
  return result;
}

} // namespace mcuform
