// The phases of a compilation and the passes of each, in order.
#ifndef MCUFORM_PASSES_PIPELINES_H
#define MCUFORM_PASSES_PIPELINES_H

#include "passes/Passes.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>

namespace mlir {
class OpPassManager;
} // namespace mlir

namespace mcuform {

struct CalibrateOptions;

/// In the order in which they run. Each ends with a pass that verifies its contract.
enum class Phase { Import, Legalize, Fuse, Quantize, Schedule, Memory, Emit };

struct PhaseInfo {
  Phase phase;
  /// As options spell it.
  llvm::StringLiteral name;
  /// What holds after it.
  llvm::StringLiteral contract;
};

/// All phases in order, for help texts and documentation.
llvm::ArrayRef<PhaseInfo> getPhases();
llvm::StringRef nameOf(Phase phase);
std::optional<Phase> parsePhase(llvm::StringRef name);

/// Passes for a module as the importer leaves it.
void buildLegalizePipeline(mlir::OpPassManager &manager);
/// Passes for a legalized module.
void buildFusePipeline(mlir::OpPassManager &manager);
/// Passes for a fused module: calibration and quantization.
void buildQuantizePipeline(mlir::OpPassManager &manager, const CalibrateOptions &calibration, const QuantizeOptions &quantization = {});

/// Passes for a quantized module.
void buildSchedulePipeline(mlir::OpPassManager &manager, const ScheduleOptions &options = {});
/// Passes for a scheduled module. `plan` names the memories where there are several; a budget makes arenas that are larger an error.
void buildMemoryPipeline(mlir::OpPassManager &manager, const PlanMemoryOptions &plan = {}, const VerifyMemoryOptions &budget = {});

/// For tools with a pass pipeline on their command line: all passes, and each phase as --mcuf-phase-<name>.
void registerPassesAndPipelines();

} // namespace mcuform

#endif
