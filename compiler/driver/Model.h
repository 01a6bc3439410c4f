// Loading a model up to the legalized float level: the common beginning of compiling it and of asking it for float answers.
#ifndef MCUFORM_COMPILER_DRIVER_MODEL_H
#define MCUFORM_COMPILER_DRIVER_MODEL_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>
#include <string>

namespace mcuform {

/// Loads the dialects of all levels.
void loadDialects(mlir::MLIRContext &context);

/// Runs the passes that `build` adds.
llvm::LogicalResult runPasses(mlir::ModuleOp module, llvm::function_ref<void(mlir::OpPassManager &)> build);

/// Imports and legalizes an ONNX file; `dims` are sizes of the input dimensions that it leaves open, by symbol. Null after diagnostics.
mlir::OwningOpRef<mlir::ModuleOp> loadFloatModel(llvm::StringRef path, mlir::MLIRContext &context, const std::map<std::string, int64_t> &dims = {});

/// Weights in the file: the elements of all floating-point initializers. Of a module as imported.
int64_t countParameters(mlir::ModuleOp imported);

} // namespace mcuform

#endif
