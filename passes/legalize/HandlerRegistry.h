// Which ONNX operators the compiler knows, for which opsets, and who handles them.
#ifndef MCUFORM_PASSES_LEGALIZE_HANDLERREGISTRY_H
#define MCUFORM_PASSES_LEGALIZE_HANDLERREGISTRY_H

#include "mlir/Support/LogicalResult.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <map>

namespace mcuform {

class NodeLegalizer;

/// Turns a node into mcuf ops and yields its results, or notes a problem and fails.
using NodeHandler = mlir::LogicalResult (*)(NodeLegalizer &);

/// A handler, the opsets of the default domain that it covers (both ends included), and what docs/operators.md says of it.
struct HandlerEntry {
  NodeHandler handler;
  int64_t firstOpset;
  int64_t lastOpset;
  /// Where the operator may stand on values that are computed at run time; empty if only on shapes, indices and constants.
  llvm::StringRef use = {};
  /// What of the operator is not covered; empty if all is.
  llvm::StringRef limits = {};

  HandlerEntry &since(int64_t opset) {
    firstOpset = opset;
    return *this;
  }
  HandlerEntry &compiles(llvm::StringRef where) {
    use = where;
    return *this;
  }
  HandlerEntry &limitedTo(llvm::StringRef what) {
    limits = what;
    return *this;
  }
};

class HandlerRegistry {
public:
  /// The opsets that operators are handled for unless they say otherwise.
  static constexpr int64_t kFirstOpset = 11;
  static constexpr int64_t kLastOpset = 22;

  /// All operators; made on first use.
  static const HandlerRegistry &get();

  /// The entry is for the caller to say more of, before the next call.
  HandlerEntry &add(llvm::StringRef opType, NodeHandler handler);
  /// The handlers of an operator for disjoint ranges of opsets; empty where there are none.
  llvm::ArrayRef<HandlerEntry> lookup(llvm::StringRef opType) const;
  /// In alphabetical order, for documentation.
  void forEach(llvm::function_ref<void(llvm::StringRef, const HandlerEntry &)> visit) const;

private:
  std::map<std::string, llvm::SmallVector<HandlerEntry, 1>, std::less<>> entries;
};

// One function for each family, in a file of its own.
void addElementwiseHandlers(HandlerRegistry &registry);
void addShapeHandlers(HandlerRegistry &registry);
void addMovementHandlers(HandlerRegistry &registry);
void addLinearHandlers(HandlerRegistry &registry);
void addEinsumHandler(HandlerRegistry &registry);
void addCompositeHandlers(HandlerRegistry &registry);
void addNormalizationHandlers(HandlerRegistry &registry);
void addQuantizationHandlers(HandlerRegistry &registry);
void addPoolingHandlers(HandlerRegistry &registry);

} // namespace mcuform

#endif
