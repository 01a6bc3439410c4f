#include "compiler/driver/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace mcuform {
namespace {

void collectNames(Location location, llvm::SmallSetVector<StringRef, 8> &names, std::string &file) {
  if (auto name = dyn_cast<NameLoc>(location)) {
    names.insert(name.getName());
    collectNames(name.getChildLoc(), names, file);
    return;
  }
  if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      collectNames(part, names, file);
    return;
  }
  if (auto call = dyn_cast<CallSiteLoc>(location))
    return collectNames(call.getCallee(), names, file);
  if (auto position = dyn_cast<FileLineColLoc>(location); position && file.empty()) {
    file = position.getFilename().str();
    if (position.getLine())
      file += ":" + std::to_string(position.getLine()) + ":" + std::to_string(position.getColumn());
  }
}

} // namespace

std::string describeLocation(Location location) {
  llvm::SmallSetVector<StringRef, 8> names;
  std::string file;
  collectNames(location, names, file);
  if (names.empty())
    return file;
  std::string result;
  for (size_t i = 0; i < std::min<size_t>(3, names.size()); ++i)
    result += (i ? ", '" : "'") + names[i].str() + "'";
  if (names.size() > 3)
    result += " and " + std::to_string(names.size() - 3) + " more";
  return result;
}

std::string renderDiagnostic(Diagnostic &diagnostic) {
  std::string text;
  llvm::raw_string_ostream out(text);
  auto line = [&](Diagnostic &entry) {
    switch (entry.getSeverity()) {
    case DiagnosticSeverity::Error: out << "error: "; break;
    case DiagnosticSeverity::Warning: out << "warning: "; break;
    case DiagnosticSeverity::Note: out << "note: "; break;
    case DiagnosticSeverity::Remark: out << "remark: "; break;
    }
    std::string where = describeLocation(entry.getLocation());
    std::string message = entry.str();
    if (!where.empty() && message.find(where) == std::string::npos)
      out << where << ": ";
    out << message << "\n";
  };
  line(diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    if (note.str().find("see current operation") == std::string::npos) // the IR is for us, not for the user
      line(note);
  return text;
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          ++errors;
        collected += renderDiagnostic(diagnostic);
        return success();
      }) {}

} // namespace mcuform
