// What is known of operators that have no handler, or whose node a handler refuses.
#ifndef MCUFORM_PASSES_LEGALIZE_UNSUPPORTED_H
#define MCUFORM_PASSES_LEGALIZE_UNSUPPORTED_H

#include "llvm/ADT/StringRef.h"

#include <string>

namespace mcuform {

/// What to write in place of an operator without a handler: the nearest supported form where there is one. `name` has its domain in front
/// where that is not ONNX's own.
std::string nearestForm(llvm::StringRef name);

/// Whether the first result has the type of the first operand, whatever the attributes: one can go on behind such a node without having it.
bool keepsType(llvm::StringRef name);

} // namespace mcuform

#endif
