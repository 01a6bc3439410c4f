/// The types of a model's inputs, with the open dimensions settled.
#ifndef MCUFORM_COMPILER_IMPORT_INPUTTYPES_H
#define MCUFORM_COMPILER_IMPORT_INPUTTYPES_H

#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

namespace onnx {
class ValueInfoProto;
}

namespace mcuform {
class Problems;

class InputTypes {
public:
  InputTypes(const llvm::StringMap<int64_t> &dims, mlir::MLIRContext &context, Problems &problems);

  struct Result {
    /// Null after reporting why there is none, such as each dimension that has no size.
    mlir::RankedTensorType type;
    /// What the input would be with a batch of one and in float32, to look for further problems with; null where that is not enough.
    mlir::RankedTensorType assumed;
  };
  Result get(const onnx::ValueInfoProto &input);

  /// Warns of sizes given for dimensions that no input has.
  void warnOfUnusedDims();

private:
  const llvm::StringMap<int64_t> &dims;
  llvm::StringSet<> usedDims;
  mlir::MLIRContext &context;
  Problems &problems;
};

} // namespace mcuform

#endif
