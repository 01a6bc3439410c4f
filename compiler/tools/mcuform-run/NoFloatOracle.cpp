// Stands in for the float reference in builds that have none.
#include "compiler/driver/FloatOracle.h"

llvm::Expected<std::vector<float>> mcuform::evaluateFloatModel(llvm::StringRef, const NpyArray &, llvm::ArrayRef<float>,
                                                               llvm::ArrayRef<float>, llvm::function_ref<void(size_t, size_t)>) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), "this build of mcuform-run has no float reference");
}
