/// Tensors of an ONNX file as elements attributes.
#ifndef MCUFORM_COMPILER_IMPORT_TENSORIMPORT_H
#define MCUFORM_COMPILER_IMPORT_TENSORIMPORT_H

#include "compiler/import/ExternalData.h"

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinTypes.h"

#include <optional>
#include <string>

namespace onnx {
class TensorProto;
}

namespace mcuform {
class Problems;

/// The type of an ONNX element type (TensorProto.DataType), or null for one that is not supported (strings, complex numbers, less than a
/// byte).
mlir::Type getElementType(int32_t dataType, mlir::MLIRContext &context);

/// What ONNX calls the element type, for messages.
std::string getElementTypeName(int32_t dataType);

/// Number of elements of that shape, or nothing if it is absurd: more than 2^48, a negative dimension, more than 32 dimensions.
std::optional<int64_t> countElements(llvm::ArrayRef<int64_t> shape);

/// A copy of `bytes`, which may be an empty array at no address.
mlir::AsmResourceBlob copyToBlob(llvm::ArrayRef<char> bytes, size_t alignment);

/// The attribute for elements packed as in a resource (a bool in a byte): few as `dense`, more as a resource with a key like `name`, which
/// takes the blob.
mlir::ElementsAttr makeElements(mlir::RankedTensorType type, mlir::AsmResourceBlob blob, llvm::StringRef name);

/// Which floating-point values a tensor may hold. A weight must be finite; other constants may use an infinity as a bound or a mask.
enum class FloatPolicy { Finite, NoNan };

class TensorReader {
public:
  TensorReader(mlir::MLIRContext &context, llvm::StringRef modelPath, Problems &problems);

  /// Takes the elements out of `tensor`, whose raw data becomes the attribute's without a copy. `what` names it in messages, e.g.
  /// "initializer 'w'", `name` is the location of the error and of the resource. Returns null after reporting.
  mlir::ElementsAttr read(onnx::TensorProto &tensor, llvm::StringRef what, llvm::StringRef name, FloatPolicy policy);

private:
  std::optional<mlir::AsmResourceBlob> takeBytes(onnx::TensorProto &tensor, mlir::RankedTensorType type, llvm::StringRef what,
                                                 llvm::StringRef name);

  mlir::MLIRContext &context;
  Problems &problems;
  ExternalData externalData;
};

} // namespace mcuform

#endif
