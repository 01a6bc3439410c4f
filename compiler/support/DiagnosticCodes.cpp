#include "compiler/support/DiagnosticCodes.h"

namespace mcuform {
namespace {

constexpr CodeInfo kCodes[] = {
#define MCUFORM_DIAGNOSTIC(number, name, title, explanation) {Code::name, title, explanation},
#include "compiler/support/DiagnosticCodes.def"
#undef MCUFORM_DIAGNOSTIC
};

constexpr llvm::StringLiteral kPrefix = "MCF";
constexpr size_t kDigits = 4;

} // namespace

llvm::ArrayRef<CodeInfo> getCodes() { return kCodes; }

std::string nameOf(Code code) {
  std::string digits = std::to_string(int(code));
  return kPrefix.str() + std::string(kDigits - digits.size(), '0') + digits;
}

std::string tag(Code code) { return nameOf(code) + ": "; }

std::optional<Code> takeTag(llvm::StringRef &message) {
  for (const CodeInfo &info : kCodes)
    if (message.consume_front(tag(info.code)))
      return info.code;
  return std::nullopt;
}

} // namespace mcuform
