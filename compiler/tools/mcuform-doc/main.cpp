// mcuform-doc: prints the pages of docs/ that are made from the sources. scripts/generate-docs writes them, a test compares.
#include "compiler/support/DiagnosticCodes.h"
#include "passes/legalize/HandlerRegistry.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"

using namespace mcuform;

namespace {

void printOperators(llvm::raw_ostream &out) {
  int count = 0;
  HandlerRegistry::get().forEach([&](llvm::StringRef, const HandlerEntry &) { ++count; });
  out << "<!-- Made by scripts/generate-docs from passes/legalize. -->\n"
      << "# ONNX operators\n\n"
      << count << " operators of ONNX's own domain. All are computed by the float interpreter and while constants are folded: on shapes,\n"
      << "indices and weights each may stand anywhere. On values that depend on the network's input an operator compiles to integer code where the third\n"
      << "column says so; elsewhere phase `fuse` ends with a diagnostic that names the node. `mcuform-node-tests` runs ONNX's own tests of each.\n\n"
      << "| operator | opsets | compiles on computed values | limits |\n|---|---|---|---|\n";
  HandlerRegistry::get().forEach([&](llvm::StringRef name, const HandlerEntry &entry) {
    out << "| " << name << " | " << entry.firstOpset << " to " << entry.lastOpset << " | " << entry.use << " | " << entry.limits << " |\n";
  });
}

void printDiagnostics(llvm::raw_ostream &out) {
  out << "<!-- Made by scripts/generate-docs from compiler/support/DiagnosticCodes.def. -->\n"
      << "# Diagnostics\n\n"
      << "Every error of `mcuformc` ends with a number in brackets. One run reports all problems of the file, of its operators and of "
         "their operands;\n"
      << "`--diagnostics-json FILE` writes the same for scripts: severity, number, message, names of the nodes, notes, and the entry on "
         "this page.\n";
  for (const CodeInfo &info : getCodes())
    out << "\n## " << nameOf(info.code) << "\n\n**" << info.title << ".** " << info.explanation << "\n";
}

} // namespace

int main(int argc, char **argv) {
  const llvm::StringRef page = argc == 2 ? argv[1] : "";
  if (page == "operators") {
    printOperators(llvm::outs());
    return 0;
  }
  if (page == "diagnostics") {
    printDiagnostics(llvm::outs());
    return 0;
  }
  llvm::errs() << "usage: mcuform-doc operators|diagnostics\n";
  return 2;
}
