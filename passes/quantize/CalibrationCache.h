// What calibration noted, kept in a file, so that a network can be quantized again without the inputs.
//
// The file is a FlatBuffers pack (compiler/emission/pack) of float32 tensors, one for each calibration attribute of an op, "<op
// number>:<attribute>". Its key is the hash of the model's file and a text with the normalization of pixels, the method of choosing ranges
// and a checksum of the network that was calibrated; a file with another key is refused.
#ifndef MCUFORM_PASSES_QUANTIZE_CALIBRATIONCACHE_H
#define MCUFORM_PASSES_QUANTIZE_CALIBRATIONCACHE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace mcuform {

struct InputNormalization;

/// Writes the calibration attributes of a function that mcuf-calibrate has run over with this normalization and this method of choosing
/// ranges.
llvm::Error writeCalibrationCache(llvm::StringRef path, mlir::func::FuncOp function, const InputNormalization &normalization,
                                  llvm::StringRef method);

/// Attaches to a function what writeCalibrationCache took from it. The error names the path, and what the file was made for where that is
/// something else.
llvm::Error readCalibrationCache(llvm::StringRef path, mlir::func::FuncOp function, const InputNormalization &normalization,
                                 llvm::StringRef method);

} // namespace mcuform

#endif
