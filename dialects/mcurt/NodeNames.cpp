// Collects node names from nested locations.
#include "dialects/mcurt/NodeNames.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace mcuform::mcurt {

static void collect(Location loc, std::vector<std::string> &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    std::string text = name.getName().str();
    if (!text.empty() && !llvm::is_contained(names, text))
      names.push_back(std::move(text));
    collect(name.getChildLoc(), names);
  } else if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      collect(part, names);
  } else if (auto call = dyn_cast<CallSiteLoc>(loc)) {
    collect(call.getCallee(), names);
  }
}

std::vector<std::string> nodeNamesOf(Location loc) {
  std::vector<std::string> names;
  collect(loc, names);
  return names;
}

std::string toIdentifier(StringRef name) {
  std::string result;
  for (char c : name) {
    if (llvm::isAlnum(c))
      result += c;
    else if (!result.empty() && result.back() != '_')
      result += '_';
  }
  while (!result.empty() && result.back() == '_')
    result.pop_back();
  return result.empty() || llvm::isDigit(result.front()) ? "n" + result : result;
}

} // namespace mcuform::mcurt
