// The ONNX nodes that an op stands for: their names are its location.
#ifndef MCUFORM_PASSES_SUPPORT_NODENAMES_H
#define MCUFORM_PASSES_SUPPORT_NODENAMES_H

#include "mlir/IR/Location.h"

namespace mcuform {

/// In the order of the graph, without repetitions; empty for an op that was not made from a file.
llvm::SmallVector<llvm::StringRef> nodeNames(mlir::Location location);

/// The same as text for a message: "node 'a'", "nodes 'a', 'b' and 3 more", or "an op" where there are no names.
std::string describeNodes(mlir::Location location);

} // namespace mcuform

#endif
