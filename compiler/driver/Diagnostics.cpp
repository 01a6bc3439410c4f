#include "compiler/driver/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/raw_ostream.h"

#include <nlohmann/json.hpp>

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

namespace {

llvm::StringRef nameOf(DiagnosticSeverity severity) {
  switch (severity) {
  case DiagnosticSeverity::Error:
    return "error";
  case DiagnosticSeverity::Warning:
    return "warning";
  case DiagnosticSeverity::Note:
    return "note";
  case DiagnosticSeverity::Remark:
    return "remark";
  }
  return "error";
}

/// The message without its number, which is set where it has one.
std::string messageOf(Diagnostic &diagnostic, std::optional<Code> &code) {
  std::string text = diagnostic.str();
  StringRef message = text;
  code = takeTag(message);
  return message.str();
}

bool isForUsers(Diagnostic &note) {
  return note.str().find("see current operation") == std::string::npos; // the IR is for us
}

} // namespace

std::string renderDiagnostic(Diagnostic &diagnostic, Code otherwise) {
  std::string text;
  llvm::raw_string_ostream out(text);
  auto line = [&](Diagnostic &entry) {
    std::optional<Code> code;
    std::string message = messageOf(entry, code), where = describeLocation(entry.getLocation());
    if (!code && entry.getSeverity() == DiagnosticSeverity::Error)
      code = otherwise;
    out << nameOf(entry.getSeverity()) << ": ";
    if (!where.empty() && message.find(where) == std::string::npos)
      out << where << ": ";
    out << message << (code ? " [" + mcuform::nameOf(*code) + "]" : "") << "\n";
  };
  line(diagnostic);
  for (Diagnostic &note : diagnostic.getNotes())
    if (isForUsers(note))
      line(note);
  return text;
}

DiagnosticCollector::Entry DiagnosticCollector::entryOf(Diagnostic &diagnostic, Code otherwise) {
  Entry entry;
  std::optional<Code> code;
  entry.severity = nameOf(diagnostic.getSeverity()).str();
  entry.message = messageOf(diagnostic, code);
  if (!code && diagnostic.getSeverity() == DiagnosticSeverity::Error)
    code = otherwise;
  entry.code = code ? mcuform::nameOf(*code) : "";
  llvm::SmallSetVector<StringRef, 8> names;
  std::string file;
  collectNames(diagnostic.getLocation(), names, file);
  for (StringRef name : names)
    entry.nodes.push_back(name.str());
  for (Diagnostic &note : diagnostic.getNotes())
    if (isForUsers(note)) {
      std::optional<Code> ignored;
      entry.notes.push_back(messageOf(note, ignored));
    }
  return entry;
}

DiagnosticCollector::DiagnosticCollector(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
          ++errors;
        collected += renderDiagnostic(diagnostic, phaseCode);
        entries.push_back(entryOf(diagnostic, phaseCode));
        return success();
      }) {}

void DiagnosticCollector::addError(Code code, StringRef message) {
  ++errors;
  collected += ("error: " + message + " [" + mcuform::nameOf(code) + "]\n").str();
  entries.push_back({"error", mcuform::nameOf(code), message.str(), {}, {}});
}

std::string DiagnosticCollector::json(StringRef model) const {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const Entry &entry : entries) {
    nlohmann::ordered_json item = {
        {"severity", entry.severity}, {"message", entry.message}, {"nodes", entry.nodes}, {"notes", entry.notes}};
    if (!entry.code.empty()) {
      item["code"] = entry.code;
      item["page"] = "docs/diagnostics.md#" + StringRef(entry.code).lower();
    }
    list.push_back(std::move(item));
  }
  // Names from a file can be any bytes.
  return nlohmann::ordered_json{{"model", model.str()}, {"diagnostics", std::move(list)}}.dump(
             2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
         "\n";
}

} // namespace mcuform
