#include "compiler/driver/Compile.h"

#include "compiler/driver/Diagnostics.h"
#include "compiler/driver/Model.h"
#include "compiler/emission/Package.h"
#include "compiler/import/ImportOnnx.h"
#include "compiler/support/AtomicOutput.h"
#include "compiler/support/Resources.h"
#include "compiler/support/TargetDescription.h"
#include "passes/Passes.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace mcuform {
namespace {

/// Blocks tried in this order until the plan fits: from 12 tokens on, more save little time (docs/memory.md); fewer save memory.
constexpr int64_t kTokenBlocks[] = {12, 8, 6, 4, 3, 2, 1};

class Compilation {
public:
  Compilation(const CompileOptions &options, llvm::raw_ostream &output, llvm::raw_ostream &errors)
      : options(options), output(output), errors(errors), context(MLIRContext::Threading::DISABLED), diagnostics(&context) {
    loadDialects(context);
  }

  CompileStatus run() {
    bool ok = succeeded(compile());
    errors << diagnostics.text() << message;
    if (ok)
      return CompileStatus::Done;
    if (diagnostics.errorCount() || !message.empty())
      return CompileStatus::InputError;
    errors << "error: internal error: compilation failed without a diagnostic; please report it with the model\n";
    return CompileStatus::InternalError;
  }

private:
  LogicalResult compile();
  LogicalResult planWithinBudget();
  LogicalResult schedule(ModuleOp into, int64_t tokenBlock);
  LogicalResult emit(llvm::StringRef name);

  /// Runs one phase's passes on the module.
  LogicalResult runPhase(ModuleOp on, llvm::function_ref<void(OpPassManager &)> build) {
    PassManager manager(&context);
    build(manager);
    return manager.run(on);
  }
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
  LogicalResult fail(const llvm::Twine &text) {
    message += ("error: " + text + "\n").str();
    return failure();
  }

  const CompileOptions &options;
  llvm::raw_ostream &output, &errors;
  MLIRContext context;
  DiagnosticCollector diagnostics;
  std::string message; ///< problems that have no place in the IR
  OwningOpRef<ModuleOp> module;
  TargetDescription target;
};

LogicalResult Compilation::compile() {
  llvm::Expected<TargetDescription> loaded = loadTarget(options.targetName);
  if (!loaded)
    return fail(llvm::toString(loaded.takeError()));
  target = std::move(*loaded);

  module = importOnnx(options.modelPath, context);
  if (!module)
    return failure();
  std::string name = options.name.empty() ? identifierFrom(options.modelPath) : options.name;
  Builder builder(&context);
  (*module)->setAttr("mcuf.model_name", builder.getStringAttr(name));
  (*module)->setAttr("mcuf.parameters", builder.getI64IntegerAttr(countParameters(*module)));
  CalibrateOptions calibration;
  calibration.inputs = options.calibrationPath;
  calibration.mean = options.mean.empty() ? std::vector<float>{0} : options.mean;
  calibration.std = options.std.empty() ? std::vector<float>{1} : options.std;

  FailureOr<bool> stop = endPhase(Phase::Import);
  if (failed(stop) || *stop)
    return success(succeeded(stop));
  std::pair<Phase, std::function<void(OpPassManager &)>> phases[] = {
      {Phase::Legalize, buildLegalizePipeline},
      {Phase::Fuse, buildFusePipeline},
      {Phase::Quantize, [&](OpPassManager &manager) { buildQuantizePipeline(manager, calibration); }},
  };
  for (auto &[phase, build] : phases) {
    if (failed(runPhase(*module, build)))
      return failure();
    stop = endPhase(phase);
    if (failed(stop) || *stop)
      return success(succeeded(stop));
  }
  if (failed(planWithinBudget()))
    return failure();
  stop = endPhase(Phase::Memory);
  if (failed(stop) || *stop)
    return success(succeeded(stop));
  return emit(name);
}

/// Schedules and plans for one block size.
LogicalResult Compilation::schedule(ModuleOp into, int64_t tokenBlock) {
  ScheduleOptions options;
  options.tokenBlock = tokenBlock;
  return runPhase(into, [&](OpPassManager &manager) { buildSchedulePipeline(manager, options); });
}

LogicalResult Compilation::planWithinBudget() {
  int64_t sram = options.sramBytes.value_or(int64_t(target.findRegion(MemoryKind::Sram)->sizeBytes));
  int64_t budget = options.arenaBytes.value_or(sram - int64_t(target.stackReserveBytes));
  SmallVector<int64_t> blocks(kTokenBlocks);
  if (options.tokenBlock)
    blocks = {*options.tokenBlock};
  OwningOpRef<ModuleOp> quantized = std::move(module);
  int64_t smallest = INT64_MAX;
  for (int64_t block : blocks) {
    module = quantized->clone();
    if (failed(schedule(*module, block)))
      return failure();
    if (options.stopAfter == Phase::Schedule)
      return success(succeeded(endPhase(Phase::Schedule)));
    bool isLast = block == blocks.back();
    if (failed(runPhase(*module, [](OpPassManager &manager) { buildMemoryPipeline(manager); })))
      return failure();
    int64_t bytes = (*module)->getAttrOfType<IntegerAttr>("mcurt.arena_bytes").getInt();
    smallest = std::min(smallest, bytes);
    if (bytes <= budget)
      return success();
  }
  return fail("");
}

LogicalResult Compilation::emit(StringRef name) { return success(); }

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
