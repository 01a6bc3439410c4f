// What the compiler knows of the runtime's kernels: runtime/kernels.def, read as text.
//
// The verifier of mcurt.call and the emitter ask here; nothing else in the compiler lists kernels or their parameters.
#ifndef MCUFORM_DIALECTS_MCURT_KERNELS_H
#define MCUFORM_DIALECTS_MCURT_KERNELS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <vector>

namespace mcuform::mcurt {

struct KernelParam {
  enum class Role { Written, Read, Integer };
  Role role;
  llvm::StringRef name;
  llvm::StringRef type; ///< in C, without const and '*': "int16_t"
  unsigned bits;
  bool isUnsigned;
};

struct Kernel {
  llvm::StringRef name;
  std::vector<KernelParam> params; ///< written buffers, read buffers, integers

  llvm::ArrayRef<KernelParam> buffers() const { return llvm::ArrayRef(params).take_front(bufferCount); }
  llvm::ArrayRef<KernelParam> integers() const { return llvm::ArrayRef(params).drop_front(bufferCount); }

  size_t bufferCount = 0;
};

/// In the order of kernels.def.
llvm::ArrayRef<Kernel> allKernels();
/// Null where there is none of that name.
const Kernel *findKernel(llvm::StringRef name);

} // namespace mcuform::mcurt

#endif // MCUFORM_DIALECTS_MCURT_KERNELS_H
