// Names out of locations.
#include "passes/support/NodeNames.h"

#include "mlir/IR/BuiltinAttributes.h"

using namespace mlir;

namespace mcuform {
namespace {

void collect(Location location, SmallVectorImpl<StringRef> &names) {
  if (auto name = dyn_cast<NameLoc>(location)) {
    if (!llvm::is_contained(names, name.getName().getValue()))
      names.push_back(name.getName());
  } else if (auto fused = dyn_cast<FusedLoc>(location)) {
    for (Location part : fused.getLocations())
      collect(part, names);
  }
}

} // namespace

SmallVector<StringRef> nodeNames(Location location) {
  SmallVector<StringRef> names;
  collect(location, names);
  return names;
}

std::string describeNodes(Location location) {
  constexpr size_t kShown = 2;
  auto names = nodeNames(location);
  if (names.empty())
    return "an op";
  std::string text = names.size() == 1 ? "node " : "nodes ";
  for (size_t i = 0; i < std::min(names.size(), kShown); ++i)
    text += (i ? ", '" : "'") + names[i].str() + "'";
  if (names.size() > kShown)
    text += " and " + std::to_string(names.size() - kShown) + " more";
  return text;
}

} // namespace mcuform
