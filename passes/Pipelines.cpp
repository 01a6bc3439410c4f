// THE order: which pass runs when, and why there.
#include "passes/Pipelines.h"

#include "passes/Passes.h"

#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace mcuform {
namespace {

constexpr PhaseInfo kPhases[] = {
    {Phase::Import, "import", "the ONNX graph as it is, one op a node, all input shapes static"},
    {Phase::Legalize, "legalize", "float operators of the mcuf dialect with static types; shape arithmetic is gone"},
    {Phase::Fuse, "fuse", "transformer operators: patch_embed, linear, layer_norm, attention, gelu and little else"},
    {Phase::Quantize, "quantize", "integer operators; every value has its scale"},
    {Phase::Schedule, "schedule", "loops over blocks of tokens with kernel calls on buffers"},
    {Phase::Memory, "memory", "every buffer has a region and an offset"},
    {Phase::Emit, "emit", "C++ sources and the packed weights"},
};

} // namespace

ArrayRef<PhaseInfo> getPhases() { return kPhases; }

StringRef nameOf(Phase phase) { return kPhases[size_t(phase)].name; }

std::optional<Phase> parsePhase(StringRef name) {
  for (const PhaseInfo &info : kPhases)
    if (info.name == name)
      return info.phase;
  return std::nullopt;
}

void buildLegalizePipeline(OpPassManager &manager) {
  manager.addPass(createLegalize());
  manager.addNestedPass<func::FuncOp>(createVerifyLegalized());
}

void buildFusePipeline(OpPassManager &module) {
  OpPassManager &manager = module.nest<func::FuncOp>();
  // Shared subexpressions are one value, so that patterns can compare values and count users.
  manager.addPass(createCSEPass());
  manager.addPass(createFoldQuantization());
  // Of rows that a transposition makes, before their mean is taken for one over tokens.
  manager.addPass(createFuseLayerNorm());
  manager.addPass(createFoldLayout());
  manager.addPass(createFoldPad());
  manager.addPass(createFuseLayerNorm());
  manager.addPass(createFuseGelu());
  manager.addPass(createFuseSwish());
  manager.addPass(createFuseLinear());
  manager.addPass(createFoldScale());
  // Biases behind a factor that is gone now.
  manager.addPass(createFuseLinear());
  manager.addPass(createFusePatchEmbed());
  // What is no patch embedding.
  manager.addPass(createFuseConv());
  manager.addPass(createFuseAttention());
  // What is left of the heads' transpositions, and the reshapes of layers with rows in other than three dimensions.
  manager.addPass(createFoldLayout());
  manager.addPass(createFusePermuteRows());
  // Tokens that are the pixels of a map are normalized as such now.
  manager.addPass(createFuseSequencePool());
  manager.addPass(createFoldScale());
  manager.addPass(createCSEPass());
  manager.addPass(createHoistSlice());
  // Chains are weighed with the layers of q, k and v as one.
  manager.addPass(createMergeLinear());
  manager.addPass(createSplitLinear());
  manager.addPass(createFoldLayerNormAffine());
  // Weights that a gamma of 0 has made zero as well; what is left of a head or a hidden layer may be odd.
  manager.addPass(createFoldDeadUnits());
  manager.addPass(createFoldDeadChannels());
  manager.addPass(createPadWidths());
  // Layers and constants that splitting has made twice.
  manager.addPass(createCSEPass());
  manager.addPass(createVerifyFused());
}

void buildQuantizePipeline(OpPassManager &manager, const CalibrateOptions &calibration, const QuantizeOptions &quantization) {
  manager.addNestedPass<func::FuncOp>(createCalibrate(calibration));
  QuantizeOptions noting = quantization;
  noting.noteValues = true;
  manager.addPass(createQuantize(noting));
  manager.addNestedPass<func::FuncOp>(createVerifyQuantized());
}

void buildSchedulePipeline(OpPassManager &manager, const ScheduleOptions &options) {
  manager.addPass(createSchedule(options));
  // Rows are addressed anew by every call.
  manager.addNestedPass<func::FuncOp>(createCSEPass());
  manager.addNestedPass<func::FuncOp>(createVerifyScheduled());
}

void buildMemoryPipeline(OpPassManager &manager, const PlanMemoryOptions &plan, const VerifyMemoryOptions &budget) {
  manager.addPass(createPlanMemory(plan));
  manager.addPass(createVerifyMemory(budget));
}

void registerPassesAndPipelines() {
  registerMcuformPasses();
  // Upstream's, for reduced test cases.
  registerCanonicalizerPass();
  registerCSEPass();
  PassPipelineRegistration<>("mcuf-phase-legalize", "Phase legalize", buildLegalizePipeline);
  PassPipelineRegistration<>("mcuf-phase-fuse", "Phase fuse", buildFusePipeline);
  PassPipelineRegistration<>("mcuf-phase-schedule", "Phase schedule", [](OpPassManager &manager) { buildSchedulePipeline(manager); });
  PassPipelineRegistration<>("mcuf-phase-memory", "Phase memory", [](OpPassManager &manager) { buildMemoryPipeline(manager); });
}

} // namespace mcuform
