// What --per-layer tells as a page for a browser: --html.
#ifndef MCUFORM_COMPILER_DRIVER_RUN_LAYERPAGE_H
#define MCUFORM_COMPILER_DRIVER_RUN_LAYERPAGE_H

#include "compiler/driver/run/LayerValues.h"

namespace mcuform {

/// One page of well-formed XML without scripts, and nothing from elsewhere: a bar for each layer's signal to noise, worst layers marked.
/// The same bytes for the same comparison.
std::string layersPage(const LayerComparison &comparison, const PackageReport &report, llvm::StringRef target);

} // namespace mcuform

#endif // MCUFORM_COMPILER_DRIVER_RUN_LAYERPAGE_H
