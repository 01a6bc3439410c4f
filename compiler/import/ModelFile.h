/// From a path to a parsed model.
#ifndef MCUFORM_COMPILER_IMPORT_MODELFILE_H
#define MCUFORM_COMPILER_IMPORT_MODELFILE_H

#include "llvm/ADT/StringRef.h"

#include <memory>
#include <string>

namespace onnx {
class ModelProto;
}

namespace mcuform {
class Problems;

struct ModelFile {
  std::unique_ptr<onnx::ModelProto> model;
  /// SHA-256 of the file's bytes, 64 hexadecimal digits.
  std::string sha256;

  ModelFile();
  ModelFile(ModelFile &&) = default;
  ~ModelFile();
};

/// Reads and parses the file. On failure `model` is null and `problems` says what kind of file it is instead.
ModelFile readModelFile(llvm::StringRef path, Problems &problems);

} // namespace mcuform

#endif
