/// The graph of a parsed model as a function.
#ifndef MCUFORM_COMPILER_IMPORT_GRAPHIMPORT_H
#define MCUFORM_COMPILER_IMPORT_GRAPHIMPORT_H

#include "mlir/IR/BuiltinOps.h"

namespace onnx {
class GraphProto;
}

namespace mcuform {
class Problems;
struct ImportOptions;

/// Appends @main to `module` if the graph has no problem, else reports all of them. Takes the data of tensors out of `graph`. `modelPath`
/// is where external data is relative to.
void importGraph(onnx::GraphProto &graph, llvm::StringRef modelPath, const ImportOptions &options, mlir::ModuleOp module,
                 Problems &problems);

} // namespace mcuform

#endif
