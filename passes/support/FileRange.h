// The range that a quantized file gives a value: its scale, and the codes that there are.
//
// mcuf-fold-quantization notes it where it takes a pair of QuantizeLinear and DequantizeLinear away; fusion carries it along; quantization
// takes it over (docs/quantization.md).
#ifndef MCUFORM_PASSES_SUPPORT_FILERANGE_H
#define MCUFORM_PASSES_SUPPORT_FILERANGE_H

#include "mlir/IR/Operation.h"
#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <optional>

namespace mcuform {

/// On the op that makes the value, or on the function's argument: a dictionary of `scale`, f32, and the codes less the zero point, `low` and `high`.
inline constexpr llvm::StringLiteral kFileRangeAttr = "mcuf.file_range";

struct FileRange {
  float scale = 1;
  int64_t low = 0, high = 0; ///< integers in units of scale; 0 is the zero point

  /// The largest magnitude of an integer, and of the value.
  int64_t bound() const { return std::max(-low, high); }
  double largest() const { return double(scale) * double(bound()); }
  bool operator==(const FileRange &other) const { return scale == other.scale && low == other.low && high == other.high; }
};

/// As the attribute says; nothing where there is none.
std::optional<FileRange> fileRangeOf(mlir::Attribute attribute);
/// Of an op's result, or of an argument of the function.
std::optional<FileRange> fileRangeOf(mlir::Value value);

/// Notes a range at `value`, or at what it shows all elements of; a range that is there already stays.
void noteFileRange(mlir::Value value, const FileRange &range);
/// Notes at `value` the range of `op`, which it is about to replace.
void inheritFileRange(mlir::Operation *op, mlir::Value value);

} // namespace mcuform

#endif // MCUFORM_PASSES_SUPPORT_FILERANGE_H
