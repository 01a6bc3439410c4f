// Parses the parameter lists of runtime/kernels.def, once, on first use.
#include "dialects/mcurt/Kernels.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace llvm;

namespace mcuform::mcurt {
namespace {

/// "const int16_t *in" or "int32_t rows".
KernelParam parseParam(StringRef text) {
  KernelParam param;
  text = text.trim();
  bool isConst = text.consume_front("const ");
  size_t nameBegin = text.find_last_of(" *") + 1;
  bool isPointer = text.contains('*');
  param.name = text.substr(nameBegin);
  param.type = text.take_until([](char c) { return c == ' ' || c == '*'; });
  param.role = !isPointer ? KernelParam::Role::Integer : isConst ? KernelParam::Role::Read : KernelParam::Role::Written;
  StringRef digits = param.type;
  param.isUnsigned = digits.consume_front("uint");
  if (!(param.isUnsigned || digits.consume_front("int")) || !digits.consume_back("_t") || digits.getAsInteger(10, param.bits))
    report_fatal_error("runtime/kernels.def: parameter of unknown type: " + text);
  return param;
}

std::vector<Kernel> parseAll() {
  static const struct {
    const char *name, *params;
  } lines[] = {
#define MCUFORM_KERNEL(name, params) {#name, #params},
#include "runtime/kernels.def"
  };
  std::vector<Kernel> kernels;
  for (const auto &line : lines) {
    Kernel kernel{line.name, {}};
    for (StringRef param : split(StringRef(line.params).drop_front().drop_back(), ','))
      kernel.params.push_back(parseParam(param));
    while (kernel.bufferCount < kernel.params.size() && kernel.params[kernel.bufferCount].role != KernelParam::Role::Integer)
      ++kernel.bufferCount;
    kernels.push_back(std::move(kernel));
  }
  return kernels;
}

} // namespace

ArrayRef<Kernel> allKernels() {
  static const std::vector<Kernel> kernels = parseAll();
  return kernels;
}

const Kernel *findKernel(StringRef name) {
  for (const Kernel &kernel : allKernels())
    if (kernel.name == name)
      return &kernel;
  return nullptr;
}

} // namespace mcuform::mcurt
