#include "compiler/import/Problems.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mcuform;

static constexpr size_t kMaxShown = 100;
static constexpr size_t kMaxPrintedBytes = 120;

std::string mcuform::printable(StringRef name) {
  std::string text;
  for (char c : name.take_front(kMaxPrintedBytes)) {
    unsigned char byte = c;
    if (byte < 0x20 || byte == 0x7f)
      text += "\\x" + llvm::toHex(StringRef(&c, 1), /*LowerCase=*/true);
    else
      text += c;
  }
  return text + (name.size() > kMaxPrintedBytes ? "..." : "");
}

std::string mcuform::quoted(StringRef name) { return "'" + printable(name) + "'"; }

Problems::Problems(MLIRContext &context, StringRef path) : fileLocation(FileLineColLoc::get(&context, path, 0, 0)) {}

Report Problems::report(Code code, Location location) {
  isBroken |= code == Code::NotAModel || code == Code::MalformedGraph || code == Code::UnsupportedOpset || code == Code::Options;
  if (++count > kMaxShown)
    return Report();
  Report report(emitError(location));
  report << tag(code);
  return report;
}

Report Problems::report(Code code, StringRef name) {
  return report(code, NameLoc::get(StringAttr::get(fileLocation.getContext(), name), fileLocation));
}

Report Problems::reportFile(Code code) { return report(code, fileLocation); }

InFlightDiagnostic Problems::warn() { return emitWarning(fileLocation); }

void Problems::finish() {
  if (count > kMaxShown)
    emitError(fileLocation) << tag(Code::MalformedGraph) << (count - kMaxShown) << " more problems are not shown";
}
