/// Attributes of an ONNX node as MLIR attributes.
#ifndef MCUFORM_COMPILER_IMPORT_ATTRIBUTEIMPORT_H
#define MCUFORM_COMPILER_IMPORT_ATTRIBUTEIMPORT_H

#include "mlir/IR/BuiltinAttributes.h"

namespace onnx {
class NodeProto;
}

namespace mcuform {
class Problems;
class TensorReader;

/// The node's attributes; null after reporting each that cannot be represented. Takes the data of tensors out of `node`.
mlir::DictionaryAttr importAttributes(onnx::NodeProto &node, llvm::StringRef nodeName, mlir::MLIRContext &context, TensorReader &tensors,
                                      Problems &problems);

/// The value of a Constant node given its attributes; null after reporting that there is none, or more than one.
mlir::ElementsAttr getConstantValue(mlir::DictionaryAttr attributes, llvm::StringRef nodeName, Problems &problems);

} // namespace mcuform

#endif
