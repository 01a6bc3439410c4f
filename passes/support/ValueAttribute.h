// What an integer operator's result stands for in the float network.
#ifndef MCUFORM_PASSES_SUPPORT_VALUEATTRIBUTE_H
#define MCUFORM_PASSES_SUPPORT_VALUEATTRIBUTE_H

#include "llvm/ADT/StringRef.h"

namespace mcuform {

/// On an integer operator: a dictionary of `number`, the operator of the fused network that it computes, counted without constants; `rows` and
/// `columns` of its result; and `scales`, the real value of one step for all columns or for each of them.
inline constexpr llvm::StringLiteral kValueAttr = "mcuf.value";

} // namespace mcuform

#endif // MCUFORM_PASSES_SUPPORT_VALUEATTRIBUTE_H
