// The compiler's back end alone, for tests: from integer operators in text form to a package.
//
//   mcuform-emit-test MODEL.mlir OUT NAME [--token-block N] [--patch-block N] [--input-mode MODE] [--weight-panel N] [--interleave-from N]
//                     [--regions NAME:BYTES,...] [--images FILE --logits FILE]
//
// With --images (raw uint8 images, one behind the other) it also writes what the integer interpreter computes for them.
#include "compiler/emission/Package.h"
#include "compiler/reference/IntegerInterpreter.h"
#include "compiler/support/WriteFile.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/CommandLine.h"

#include <limits>

using namespace mlir;

namespace {

llvm::cl::opt<std::string> modelPath(llvm::cl::Positional, llvm::cl::Required);
llvm::cl::opt<std::string> outputPath(llvm::cl::Positional, llvm::cl::Required);
llvm::cl::opt<std::string> name(llvm::cl::Positional, llvm::cl::Required);
llvm::cl::opt<int64_t> tokenBlock("token-block", llvm::cl::init(12));
llvm::cl::opt<int64_t> patchBlock("patch-block", llvm::cl::init(4));
llvm::cl::opt<std::string> inputMode("input-mode", llvm::cl::init("frame"));
llvm::cl::opt<int64_t> weightPanel("weight-panel", llvm::cl::init(0));
llvm::cl::opt<int64_t> interleaveFrom("interleave-from", llvm::cl::init(0));
llvm::cl::list<std::string> regions("regions", llvm::cl::CommaSeparated);
llvm::cl::opt<std::string> imagesPath("images");
llvm::cl::opt<std::string> logitsPath("logits");

/// Appends the logits of one image to `logits`.
LogicalResult interpret(func::FuncOp function, StringRef image, std::string &logits) {
  llvm::DenseMap<Value, mcuform::HostTensor> values;
  mcuform::HostTensor input(mcuform::ElementKind::U8, cast<RankedTensorType>(function.getArgumentTypes()[0]).getShape());
  std::copy(image.begin(), image.end(), input.data<char>());
  values[function.getArgument(0)] = input;
  for (Operation &op : function.getOps()) {
    SmallVector<mcuform::HostTensor> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    if (isa<func::ReturnOp>(op)) {
      logits.append(operands[0].data<char>(), operands[0].size() * 2);
      return success();
    }
    auto result = mcuform::evaluateIntegerOp(&op, operands);
    if (failed(result))
      return failure();
    values[op.getResult(0)] = *result;
  }
  return failure();
}

int fail(llvm::Error error) {
  llvm::errs() << llvm::toString(std::move(error)) << "\n";
  return 1;
}

} // namespace

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv);
  DialectRegistry registry;
  registry.insert<mcuform::mcuf::McufDialect, mcuform::mcurt::McurtDialect, func::FuncDialect, quant::QuantizationDialect>();
  MLIRContext context(registry);
  auto module = parseSourceFile<ModuleOp>(modelPath, &context);
  if (!module)
    return 1;

  if (!imagesPath.empty()) {
    auto images = mcuform::readFile(imagesPath);
    if (!images)
      return fail(images.takeError());
    auto function = *module->getOps<func::FuncOp>().begin();
    size_t imageBytes = cast<ShapedType>(function.getArgumentTypes()[0]).getNumElements();
    std::string logits;
    for (size_t at = 0; at + imageBytes <= images->size(); at += imageBytes)
      if (failed(interpret(function, StringRef(*images).substr(at, imageBytes), logits)))
        return 1;
    if (llvm::Error error = mcuform::writeFile(logitsPath, StringRef(logits)))
      return fail(std::move(error));
  }

  PassManager manager(&context);
  mcuform::ScheduleOptions options;
  options.tokenBlock = tokenBlock;
  options.patchBlock = patchBlock;
  options.inputMode = inputMode;
  options.weightPanel = weightPanel;
  options.interleaveFrom = interleaveFrom;
  mcuform::buildSchedulePipeline(manager, options);
  mcuform::PlanMemoryOptions memory;
  const std::vector<std::string> named(regions.begin(), regions.end());
  memory.regions = named;
  mcuform::VerifyMemoryOptions budget;
  budget.sramBudget = std::numeric_limits<int64_t>::max();
  mcuform::buildMemoryPipeline(manager, memory, budget);
  if (failed(manager.run(*module)))
    return 1;
  mcuform::AtomicOutput output(outputPath);
  llvm::Error error = mcuform::emitPackage(*module, {name, MCUFORM_RESOURCE_DIR, "host", "flash", {1 << 20, 1 << 20, 1 << 24}, {}}, output);
  if (!error)
    error = output.commit();
  return error ? fail(std::move(error)) : 0;
}
