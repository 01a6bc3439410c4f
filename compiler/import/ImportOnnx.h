/// Reads an ONNX file into the onnxin dialect: the first arrow of the data flow, from a file that may hold anything to IR that holds.
/// Invariant: whatever the bytes are, the outcome is a verified module or diagnostics; nothing is thrown, nothing is guessed.
#ifndef MCUFORM_COMPILER_IMPORT_IMPORTONNX_H
#define MCUFORM_COMPILER_IMPORT_IMPORTONNX_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>

namespace mlir {
class MLIRContext;
} // namespace mlir

namespace mcuform {

struct ImportOptions {
  /// Sizes for the dimensions of graph inputs that the file leaves open, by symbol ("batch"), or by "<input>:<dimension>" where there is no
  /// symbol.
  llvm::StringMap<int64_t> dims;
  /// Where it is not null and the import fails over problems that leave the graph as such readable, receives it with onnxin.unknown for
  /// what is not, for the next phase to look for more problems. A leading dimension without a size is taken as 1.
  mlir::OwningOpRef<mlir::ModuleOp> *incomplete = nullptr;
};

/// The opsets of ONNX's own domain that can be read.
inline constexpr int64_t kOldestOpset = 11;
inline constexpr int64_t kNewestOpset = 22;

/// Imports the ONNX file at `path`; external data is looked for beside it. Returns null after a diagnostic for each problem found, all of
/// them in one run. Weights are owned by `context`, as resources of the builtin dialect, also after a failed import.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(llvm::StringRef path, mlir::MLIRContext &context, const ImportOptions &options = {});

} // namespace mcuform

#endif
