// The names of a model's nodes, kept as locations from import to emission.
#ifndef MCUFORM_DIALECTS_MCURT_NODENAMES_H
#define MCUFORM_DIALECTS_MCURT_NODENAMES_H

#include "mlir/IR/Location.h"

#include <string>
#include <vector>

namespace mcuform::mcurt {

/// Every NameLoc in `loc`, in order, each name once.
std::vector<std::string> nodeNamesOf(mlir::Location loc);

/// `name` with all characters that a C identifier cannot have as '_', runs of them as one; never empty.
std::string toIdentifier(llvm::StringRef name);

} // namespace mcuform::mcurt

#endif // MCUFORM_DIALECTS_MCURT_NODENAMES_H
