/// Tensor data in files beside the model.
#ifndef MCUFORM_COMPILER_IMPORT_EXTERNALDATA_H
#define MCUFORM_COMPILER_IMPORT_EXTERNALDATA_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/MemoryBuffer.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace onnx {
class TensorProto;
}

namespace mcuform {
class Problems;

/// Maps each file that tensors point to once. A model is input from anywhere: it can name files only below its own directory.
class ExternalData {
public:
  ExternalData(llvm::StringRef modelPath, Problems &problems);

  /// The `byteCount` bytes that `tensor` points to, valid as long as this object; nothing after reporting. `what` and `name` as in
  /// TensorReader::read.
  std::optional<llvm::StringRef> find(const onnx::TensorProto &tensor, uint64_t byteCount, llvm::StringRef what, llvm::StringRef name);

private:
  const llvm::MemoryBuffer *open(llvm::StringRef location, llvm::StringRef what, llvm::StringRef name);

  Problems &problems;
  std::string directory;
  /// By location; null for one that could not be read, so that it is reported once.
  std::map<std::string, std::unique_ptr<llvm::MemoryBuffer>, std::less<>> files;
};

} // namespace mcuform

#endif
