#include "compiler/driver/Compile.h"

#include "compiler/driver/Diagnostics.h"
#include "compiler/driver/ExplainMemory.h"
#include "compiler/driver/IntegerAccuracy.h"
#include "compiler/driver/Model.h"
#include "compiler/driver/ScheduleSearch.h"
#include "compiler/emission/Package.h"
#include "compiler/import/ImportOnnx.h"
#include "compiler/support/AtomicOutput.h"
#include "compiler/support/Resources.h"
#include "compiler/support/TargetDescription.h"
#include "compiler/support/WriteFile.h"
#include "dialects/mcuf/McufDialect.h"
#include "dialects/mcurt/McurtDialect.h"
#include "passes/Passes.h"

#include "mlir/IR/AsmState.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>

using namespace mlir;

namespace mcuform {
namespace {

/// Left for the application's own variables when the budget is the whole SRAM; mcuform-run's harness needs half of it.
constexpr int64_t kApplicationBytes = 1024;
/// The same of every memory but the first, where there are several.
constexpr int64_t kApplicationBytesElsewhere = 256;

constexpr StringLiteral kFacts = "mcuf.quantization";

std::string decibels(double value) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%.1f", value);
  return text;
}

class Compilation {
public:
  Compilation(const CompileOptions &options, llvm::raw_ostream &output, llvm::raw_ostream &errors)
      : options(options), output(output), errors(errors), context(MLIRContext::Threading::DISABLED), diagnostics(&context) {
    loadDialects(context);
  }

  CompileStatus run() {
    bool ok = succeeded(compile());
    const bool isExplained = ok || diagnostics.errorCount() != 0;
    if (!isExplained)
      diagnostics.addError(Code::Internal, "internal error: compilation failed without a diagnostic; please report it with the model");
    if (!options.diagnosticsPath.empty())
      if (llvm::Error error = writeFile(options.diagnosticsPath, StringRef(diagnostics.json(options.modelPath)))) {
        ok = false;
        diagnostics.addError(Code::Options, llvm::toString(std::move(error)));
      }
    errors << diagnostics.text() << notes;
    if (ok)
      return CompileStatus::Done;
    return isExplained ? CompileStatus::InputError : CompileStatus::InternalError;
  }

private:
  LogicalResult compile();
  FailureOr<bool> planWithinBudget();
  /// Only the micro-kernels of DSP have a body for four rows.
  bool hasUseForInterleavedRows() const { return target.hasFeature("dsp") && !target.hasFeature("mve"); }
  std::string cacheOf(ArrayRef<int64_t> absorbed) const;
  ScheduleRequest scheduleRequest() const;
  LogicalResult quantize(ModuleOp fused, ArrayRef<int64_t> absorbed);
  LogicalResult holdAccuracy();
  bool hasNarrowerWeights();
  FailureOr<IntegerAccuracy> measure();
  func::FuncOp integerNetwork() { return *module->getOps<func::FuncOp>().begin(); }
  FailureOr<PlannedSchedule> search(const ScheduleRequest &request);
  LogicalResult divideBudget();
  LogicalResult refuse();
  std::string flashRemedy(int64_t packBytes, int64_t flashBytes);
  LogicalResult emit(llvm::StringRef name);

  /// After each phase: dump if asked to. True where the compilation is to stop here.
  FailureOr<bool> endPhase(Phase phase) {
    if (!options.dumpDirectory.empty()) {
      SmallString<128> path(options.dumpDirectory);
      std::error_code code = llvm::sys::fs::create_directories(path);
      llvm::sys::path::append(path, "0" + std::to_string(int(phase)) + "-" + nameOf(phase).str() + ".mlir");
      if (!code) {
        llvm::raw_fd_ostream file(path, code);
        if (!code)
          print(file);
      }
      if (code)
        return fail("cannot write '" + path.str().str() + "': " + code.message());
    }
    if (options.stopAfter != phase)
      return false;
    print(output);
    return true;
  }
  void print(llvm::raw_ostream &stream) {
    OpPrintingFlags flags;
    flags.elideLargeElementsAttrs(64).elideLargeResourceString(64).enableDebugInfo(true, /*prettyForm=*/true);
    module->print(stream, flags);
    stream << "\n";
  }
  /// External flash where the target has some.
  const MemoryRegion &weightsRegion() const {
    const MemoryRegion *external = target.findRegion(MemoryKind::ExternalFlash);
    return external ? *external : *target.findRegion(MemoryKind::Flash);
  }
  FitLimits limits() const;
  LogicalResult fail(const llvm::Twine &text, Code code = Code::Options) {
    diagnostics.addError(code, text.str());
    return failure();
  }

  const CompileOptions &options;
  llvm::raw_ostream &output, &errors;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  std::string notes; ///< on how to go on after the last error
  OwningOpRef<ModuleOp> module;
  TargetDescription target;
  CalibrateOptions calibration;
  QuantizeOptions quantization;
  OwningOpRef<ModuleOp> fused; ///< what is quantized, once more where a schedule asks for it
  int64_t budget = 0, besideArenaBytes = 0;
  std::vector<std::string> regions; ///< what buffers may take of each of several memories, as mcuf-plan-memory spells it
  PlannedSchedule chosen;
};

LogicalResult Compilation::compile() {
  llvm::Expected<TargetDescription> loaded = loadTarget(options.targetName);
  if (!loaded)
    return fail(llvm::toString(loaded.takeError()));
  target = std::move(*loaded);
  if (options.interleaveRows.value_or(false) && !hasUseForInterleavedRows())
    return fail("--interleave-rows makes packages faster on cores with DSP instructions and without MVE, which '" + target.name +
                "' is not");

  ImportOptions import;
  for (auto &[symbol, size] : options.dims)
    import.dims[symbol] = size;
  OwningOpRef<ModuleOp> incomplete;
  import.incomplete = &incomplete;
  module = importOnnx(options.modelPath, context, import);
  if (!module) {
    // One run is to show all that keeps the model from being compiled: what could be read is checked as well.
    if (incomplete)
      (void)runPasses(*incomplete, [](OpPassManager &manager) { manager.addPass(createLegalize()); });
    return failure();
  }
  std::string name = options.name.empty() ? identifierFrom(options.modelPath) : options.name;
  Builder builder(&context);
  (*module)->setAttr("mcuf.model_name", builder.getStringAttr(name));
  (*module)->setAttr("mcuf.parameters", builder.getI64IntegerAttr(countParameters(*module)));
  calibration.inputs = options.calibrationPath;
  calibration.method = options.calibrationMethod;
  calibration.rowWeights = options.weighsRows;
  calibration.int4Group = options.int4Group;
  quantization.int4Group = options.int4Group;
  quantization.minSqnr = options.minSqnrDb.value_or(kDefaultInt4SqnrDb);
  if (options.precision != "default") {
    calibration.operands = true;
    quantization.operandBits = 8;
  }
  if (options.precision == "mixed")
    quantization.minOperandSqnr = options.minSqnrDb.value_or(kDefaultMixedSqnrDb);
  calibration.cache = options.calibrationCache;
  // The options refer to these.
  const std::vector<float> mean = options.mean.empty() ? std::vector<float>{0} : options.mean;
  const std::vector<float> std = options.std.empty() ? std::vector<float>{1} : options.std;
  calibration.mean = mean;
  calibration.std = std;

  FailureOr<bool> stop = endPhase(Phase::Import);
  if (failed(stop) || *stop)
    return success(succeeded(stop));
  std::pair<Phase, std::function<void(OpPassManager &)>> phases[] = {
      {Phase::Legalize, buildLegalizePipeline},
      {Phase::Fuse, buildFusePipeline},
  };
  diagnostics.setPhaseCode(Code::Internal);
  for (auto &[phase, build] : phases) {
    if (failed(runPasses(*module, build)))
      return failure();
    stop = endPhase(phase);
    if (failed(stop) || *stop)
      return success(succeeded(stop));
  }
  fused = cast<ModuleOp>((*module)->clone());
  if (failed(quantize(*module, {})) || failed(holdAccuracy()))
    return failure();
  stop = endPhase(Phase::Quantize);
  if (failed(stop) || *stop)
    return success(succeeded(stop));
  stop = planWithinBudget();
  if (failed(stop) || *stop)
    return success(succeeded(stop));
  stop = endPhase(Phase::Memory);
  if (failed(stop) || *stop)
    return success(succeeded(stop));
  if (options.explainMemory) {
    output << explainMemory(*module, weightsRegion().name);
    if (options.outputDirectory.empty())
      return success();
  }
  return emit(name);
}

LogicalResult Compilation::quantize(ModuleOp network, ArrayRef<int64_t> absorbed) {
  diagnostics.setPhaseCode(Code::Quantization);
  return runPasses(network, [&](OpPassManager &manager) {
    if (!absorbed.empty()) {
      AbsorbProjectionsOptions attentions;
      attentions.attentions = absorbed; // a view, which the pass copies
      manager.addNestedPass<func::FuncOp>(createAbsorbProjections(attentions));
    }
    CalibrateOptions calibrate = calibration;
    // A cache is that of eight bits: what wider weights ask for depends on inputs.
    calibrate.cache = calibration.wideWeights ? "" : cacheOf(absorbed);
    buildQuantizePipeline(manager, calibrate, quantization);
  });
}

/// Where a signal to noise was asked for: what came of it, in the report. In the default precision, where it is less, layers get wider
/// weights until it is there; a warning where it cannot be reached.
LogicalResult Compilation::holdAccuracy() {
  if (!options.minSqnrDb)
    return success();
  const bool isDefault = options.precision == "default" && !options.int4Group;
  if (options.calibrationPath.empty()) {
    if (isDefault)
      integerNetwork().emitWarning() << "--min-sqnr needs inputs to be measured on, a calibration cache has none: pass --calibrate as well";
    return success();
  }
  auto powerOf = [](double sqnrDb) { return std::pow(10, -sqnrDb / 10); };
  FailureOr<IntegerAccuracy> accuracy = measure();
  while (succeeded(accuracy) && accuracy->sqnrDb < *options.minSqnrDb && isDefault && hasNarrowerWeights()) {
    calibration.wideWeights = true;
    // Errors of layers add up in power, but for a little: what is still missing is asked for on top, and enough of it to get on.
    const double missing = powerOf(accuracy->sqnrDb) - powerOf(*options.minSqnrDb);
    quantization.excessNoise += std::max(missing, quantization.excessNoise / 4);
    module = cast<ModuleOp>((*fused)->clone());
    if (failed(quantize(*module, {})))
      return failure();
    accuracy = measure();
  }
  if (failed(accuracy))
    return failure();
  Builder builder(&context);
  NamedAttrList facts((*module)->getAttrOfType<DictionaryAttr>(kFacts));
  facts.set("measured_sqnr_db", builder.getF64FloatAttr(accuracy->sqnrDb));
  facts.set("wanted_sqnr_db", builder.getF64FloatAttr(*options.minSqnrDb));
  (*module)->setAttr(kFacts, facts.getDictionary(&context));
  if (accuracy->sqnrDb < *options.minSqnrDb)
    integerNetwork().emitWarning()
        << "the network's result is " << decibels(accuracy->sqnrDb) << " dB above its errors, measured on " << accuracy->inputs
        << " of the calibration inputs; --min-sqnr asks for " << decibels(*options.minSqnrDb) << "; "
        << (isDefault ? "all layers that can have wider weights have them: mcuform-run --per-layer shows where the rest comes from"
                      : "its bound is kept by a sum over single layers: raise it, or do without --weights int4 and --precision");
  return success();
}

/// Whether there is a layer that could have wider weights and has not.
bool Compilation::hasNarrowerWeights() {
  auto facts = (*module)->getAttrOfType<DictionaryAttr>(kFacts);
  auto wide = facts.getAs<ArrayAttr>("layers_of_wider_weights");
  return !wide || int64_t(wide.size()) < facts.getAs<IntegerAttr>("layers_that_may_be_wider").getInt();
}

FailureOr<IntegerAccuracy> Compilation::measure() {
  InputNormalization normalization{SmallVector<float>(calibration.mean), SmallVector<float>(calibration.std)};
  llvm::Expected<IntegerAccuracy> accuracy =
      measureAccuracy(*fused->getOps<func::FuncOp>().begin(), integerNetwork(), options.calibrationPath, normalization);
  if (!accuracy)
    return fail("accuracy on '" + options.calibrationPath + "': " + llvm::toString(accuracy.takeError()), Code::Quantization);
  return *accuracy;
}

/// The calibration cache of the network with these projections absorbed: another network, another file beside the first.
std::string Compilation::cacheOf(ArrayRef<int64_t> absorbed) const {
  std::string path = options.calibrationCache;
  if (path.empty() || absorbed.empty())
    return path;
  path += ".absorbed";
  for (int64_t number : absorbed)
    path += "-" + std::to_string(number);
  return path;
}

ScheduleRequest Compilation::scheduleRequest() const {
  ScheduleRequest request;
  request.budgetBytes = budget;
  request.isBudgetGiven = options.arenaBytes || options.sramBytes || !options.memoryBytes.empty();
  request.flashCyclesPerByte = weightsRegion().readCyclesPerByte;
  request.regions = regions;
  request.weightPanelBytes = options.weightPanelBytes.value_or(int64_t(target.weightPanelBytes));
  if (!options.inputMode.empty())
    request.inputMode = options.inputMode;
  request.tokenBlock = options.tokenBlock;
  request.schedule = options.schedule;
  if (options.calibrationPath.empty())
    request.canAbsorb = [this](ArrayRef<int64_t> absorbed) { return llvm::sys::fs::exists(cacheOf(absorbed)); };
  request.interleaveRows = hasUseForInterleavedRows() ? options.interleaveRows : false;
  return request;
}

FailureOr<PlannedSchedule> Compilation::search(const ScheduleRequest &request) {
  diagnostics.setPhaseCode(Code::Scheduling);
  return ScheduleSearch(request,
                        [&](ArrayRef<int64_t> absorbed) -> FailureOr<OwningOpRef<ModuleOp>> {
                          OwningOpRef<ModuleOp> network = cast<ModuleOp>((absorbed.empty() ? *module : *fused)->clone());
                          if (!absorbed.empty() && failed(quantize(*network, absorbed)))
                            return failure();
                          diagnostics.setPhaseCode(Code::Scheduling);
                          return network;
                        })
      .run();
}

/// What is left for arenas, in all and of each memory, beside the stack, the output and the application's variables.
LogicalResult Compilation::divideBudget() {
  int64_t outputBytes = 2 * cast<RankedTensorType>((*module->getOps<func::FuncOp>().begin()).getResultTypes()[0]).getNumElements();
  const std::vector<MemoryRegion> memories = target.sramRegions();
  besideArenaBytes =
      int64_t(target.stackReserveBytes) + kApplicationBytes + outputBytes + int64_t(memories.size() - 1) * kApplicationBytesElsewhere;
  int64_t sram = 0;
  std::map<std::string, int64_t> unknown = options.memoryBytes;
  std::vector<std::string> names;
  int64_t room = 0; // of all of them
  for (const MemoryRegion &memory : memories) {
    sram += int64_t(memory.sizeBytes);
    int64_t taken = regions.empty() ? kApplicationBytes + outputBytes : kApplicationBytesElsewhere;
    int64_t bytes = std::max<int64_t>(0, int64_t(target.budgetBytesOf(memory)) - taken);
    if (auto limit = unknown.extract(memory.name))
      bytes = std::min(bytes, limit.mapped());
    regions.push_back(memory.name + ":" + std::to_string(bytes));
    names.push_back(memory.name);
    room += bytes;
  }
  if (!unknown.empty())
    return fail("--memory " + unknown.begin()->first + ": target '" + target.name + "' has no SRAM of that name; it has " + llvm::join(names, ", "));
  if (memories.size() == 1)
    regions.clear();
  sram = options.sramBytes.value_or(sram);
  budget = options.arenaBytes.value_or(sram - besideArenaBytes);
  if (!options.memoryBytes.empty())
    budget = std::min(budget, room);
  if (budget <= 0)
    return fail("a budget of " + Twine(sram) + " bytes leaves nothing for the arena beside a stack of " + Twine(target.stackReserveBytes) +
                    " bytes",
                Code::Memory);
  return success();
}

/// Schedules and plans in the best way that fits. True where the compilation stops after the schedule.
FailureOr<bool> Compilation::planWithinBudget() {
  if (failed(divideBudget()))
    return failure();
  FailureOr<PlannedSchedule> found = search(scheduleRequest());
  if (failed(found))
    return failure();
  chosen = std::move(*found);
  if (!chosen.fits)
    return refuse();
  module = std::move(chosen.scheduled);
  FailureOr<bool> stop = endPhase(Phase::Schedule);
  if (failed(stop) || *stop)
    return stop;
  module = std::move(chosen.planned);
  return false;
}

/// Nothing fits: says by how much, what is alive at the peak of the smallest plan, and what would help.
LogicalResult Compilation::refuse() {
  VerifyMemoryOptions limit;
  limit.sramBudget = budget;
  diagnostics.setPhaseCode(Code::Memory);
  if (succeeded(runPasses(*chosen.planned, [&](OpPassManager &manager) { manager.addPass(createVerifyMemory(limit)); })))
    return fail("arena needs " + Twine(chosen.arenaBytes) + " bytes, the budget is " + Twine(budget), Code::Memory);
  int64_t smallest = chosen.arenaBytes;
  if (options.tokenBlock || options.schedule || options.interleaveRows || !options.inputMode.empty()) {
    ScheduleRequest anything = scheduleRequest();
    anything.inputMode.reset();
    anything.tokenBlock.reset();
    anything.schedule.reset();
    anything.interleaveRows = hasUseForInterleavedRows() ? std::nullopt : std::optional(false);
    FailureOr<PlannedSchedule> best = search(anything);
    if (failed(best))
      return failure();
    if (best->fits) {
      notes += "note: it fits with --input-mode " + best->choice.inputMode + " --token-block " + std::to_string(best->choice.tokenBlock) +
               " and attention " + best->choice.describeAttentions() + ", in " + std::to_string(best->arenaBytes) + " bytes\n";
      return failure();
    }
    smallest = std::min(smallest, best->arenaBytes);
  }
  if ((*chosen.planned)->hasAttr("mcurt.exceeds_regions")) {
    notes += "note: each buffer has to lie within one memory; of memories that adjoin, a target description can make one, where their "
             "speed does not matter; or give the network fewer tokens, by a smaller image or larger patches\n";
    return failure();
  }
  notes += "note: the smallest arena that can be reached has " + std::to_string(smallest) + " bytes: give it " +
           (options.arenaBytes ? "--arena " + std::to_string(smallest) : "--sram " + std::to_string(smallest + besideArenaBytes)) +
           ", or the network fewer tokens, by a smaller image or larger patches\n";
  return failure();
}

/// What the options allow, else what the target has.
FitLimits Compilation::limits() const {
  uint64_t sram = 0, flash = 0;
  for (const MemoryRegion &region : target.regions)
    if (region.kind == MemoryKind::Sram)
      sram += region.sizeBytes;
    else if (region.kind == MemoryKind::Flash || region.kind == MemoryKind::ExternalFlash)
      flash += region.sizeBytes;
  return {uint64_t(budget), uint64_t(options.sramBytes.value_or(int64_t(sram))), uint64_t(options.flashBytes.value_or(int64_t(flash)))};
}

/// What would make the weights fit: four bits where the linear layers have eight, more flash, or another network.
std::string Compilation::flashRemedy(int64_t packBytes, int64_t flashBytes) {
  const int64_t group = options.int4Group ? options.int4Group : kDefaultInt4Group;
  int64_t least = packBytes;
  llvm::DenseSet<Operation *> embeddings; // keep eight bits
  auto layers = (*module->getOps<func::FuncOp>().begin())->getAttrOfType<ArrayAttr>("mcurt.layers");
  module->walk([&](mcurt::CallOp call) {
    if (call.getLayer() && cast<DictionaryAttr>(layers[*call.getLayer()]).getAs<StringAttr>("kind") == "patch_embed")
      for (Value buffer : call.getBuffers())
        embeddings.insert(buffer.getDefiningOp());
  });
  module->walk([&](mcurt::ConstantOp weights) {
    if (weights.getLayout() != mcurt::Layout::Paired || embeddings.contains(weights))
      return;
    const int64_t units = llvm::alignTo(weights.getType().getDimSize(0), 2), depth = weights.getType().getDimSize(1);
    least -= units * depth - units * (depth / 2 + int64_t(llvm::divideCeil(depth, group)));
  });
  const std::string bytes = std::to_string(least);
  if (least > flashBytes)
    return "note: with --weights int4 and --min-sqnr 0, four bits in all linear layers, they would still take about " + bytes +
           " bytes; give them more with --flash, or the network fewer parameters\n";
  if (options.int4Group)
    return "note: with a lower --min-sqnr more layers have four bits; with 0 all of them, and the weights take about " + bytes + " bytes\n";
  return "note: --weights int4 stores layers in four bits as far as the network bears it; in all of them the weights take about " + bytes + " bytes\n";
}

LogicalResult Compilation::emit(StringRef name) {
  AtomicOutput package(options.outputDirectory);
  if (llvm::Error error = emitPackage(*module, {name.str(), resourceDir(), target.name, weightsRegion().name, limits(), options.dims}, package))
    return fail(llvm::toString(std::move(error)));
  int64_t packBytes = int64_t(package.fileContents().at(name.str() + ".weights").size());
  int64_t flashBytes = options.flashBytes.value_or(int64_t(weightsRegion().sizeBytes));
  if (packBytes > flashBytes) {
    notes += flashRemedy(packBytes, flashBytes);
    return fail("weights need " + Twine(packBytes) + " bytes, flash '" + weightsRegion().name + "' has " + Twine(flashBytes), Code::Memory);
  }
  if (llvm::Error error = package.commit())
    return fail(llvm::toString(std::move(error)));
  std::string places;
  if (auto memories = (*module)->getAttrOfType<ArrayAttr>("mcurt.regions"))
    for (auto memory : memories.getAsRange<DictionaryAttr>())
      if (int64_t bytes = memory.getAs<IntegerAttr>("bytes").getInt())
        places += (places.empty() ? " (" : ", ") + memory.getAs<StringAttr>("name").str() + " " + std::to_string(bytes);
  output << name << ": arena " << chosen.arenaBytes << " of " << budget << " bytes" << (places.empty() ? "" : places + ")") << ", "
         << chosen.choice.tokenBlock << " tokens at a time" << (chosen.choice.interleavesRows ? ", interleaved" : "") << ", attention "
         << chosen.choice.describeAttentions() << ", input mode " << chosen.choice.inputMode << "; weights " << packBytes << " of "
         << flashBytes << " bytes\n"
         << "package written to " << options.outputDirectory << "\n";
  return success();
}

} // namespace

std::string identifierFrom(StringRef fileName) {
  std::string result;
  for (char c : llvm::sys::path::stem(fileName))
    result += llvm::isAlnum(c) ? llvm::toLower(c) : '_';
  if (result.empty() || llvm::isDigit(result[0]))
    result = "model_" + result;
  return result;
}

CompileStatus compileModel(const CompileOptions &options, llvm::raw_ostream &output, llvm::raw_ostream &errors) {
  return Compilation(options, output, errors).run();
}

} // namespace mcuform
