// The table of operators.
#include "passes/legalize/HandlerRegistry.h"

namespace mcuform {

const HandlerRegistry &HandlerRegistry::get() {
  static const HandlerRegistry registry = [] {
    HandlerRegistry result;
    addElementwiseHandlers(result);
    addShapeHandlers(result);
    addMovementHandlers(result);
    addLinearHandlers(result);
    addEinsumHandler(result);
    addCompositeHandlers(result);
    addNormalizationHandlers(result);
    addQuantizationHandlers(result);
    addPoolingHandlers(result);
    return result;
  }();
  return registry;
}

HandlerEntry &HandlerRegistry::add(llvm::StringRef opType, NodeHandler handler) {
  auto &handlers = entries[opType.str()];
  handlers.push_back({handler, kFirstOpset, kLastOpset});
  return handlers.back();
}

llvm::ArrayRef<HandlerEntry> HandlerRegistry::lookup(llvm::StringRef opType) const {
  auto found = entries.find(opType.str());
  return found == entries.end() ? llvm::ArrayRef<HandlerEntry>() : llvm::ArrayRef(found->second);
}

void HandlerRegistry::forEach(llvm::function_ref<void(llvm::StringRef, const HandlerEntry &)> visit) const {
  for (const auto &[opType, handlers] : entries)
    for (const HandlerEntry &entry : handlers)
      visit(opType, entry);
}

} // namespace mcuform
