// Values that are stored in the codes of a quantized file: its scale, its integers less the zero point, its saturation.
//
// Where the input, the weights and the output of a layer are the file's, its accumulators sum the integers that the file's own runtime sums; what
// differs is how the sum is rounded to the output's step (docs/quantization.md).
#ifndef MCUFORM_PASSES_QUANTIZE_FILECODES_H
#define MCUFORM_PASSES_QUANTIZE_FILECODES_H

#include "passes/quantize/ScalePlan.h"
#include "passes/support/FileRange.h"

#include "mlir/IR/Builders.h"

namespace mcuform {

/// The codes in which a value of a fused network is stored, if its file has a range for it and it is no value whose storage has a form of its
/// own: residual stream, queries, keys and values, what attention makes, hidden units of an activation with a table.
std::optional<FileRange> codesOf(mlir::Value value);

/// The same of the pixels that windows read.
std::optional<FileRange> codesOfImage(mcuf::WindowsOp windows);

/// How codes are stored.
Storage storageOf(const FileRange &codes);

/// The mean of rows that are stored in codes, where the file has no range for it: a power of two finer, as far as 16 bits and a multiplier
/// below 1/2 allow.
Storage finerStorageOf(const FileRange &codes, int64_t count);

/// Whether a mean of `input` saturates nowhere before `output` does, so that no clamp is needed.
bool holdsMeanOf(const FileRange &output, const FileRange &input);

/// `result`, an integer op's, within the codes; itself where 16 bits say so.
mlir::Value clampToCodes(mlir::OpBuilder &builder, mlir::Value result, const FileRange &codes);

/// What the file rounds each of 256 pixels of a channel to, for an image normalized as ImageSet does it.
std::vector<int16_t> codesOfPixels(const FileRange &codes, float mean, float deviation);

} // namespace mcuform

#endif
