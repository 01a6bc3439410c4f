// Constructors and registration of all passes; generated from Passes.td.
#ifndef MCUFORM_PASSES_PASSES_H
#define MCUFORM_PASSES_PASSES_H

#include "dialects/mcuf/McufDialect.h"
#include "dialects/mcurt/McurtDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

#include <memory>

namespace mcuform {

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace mcuform

#endif
