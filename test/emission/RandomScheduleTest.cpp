// Random networks, scheduled with random block sizes and run with the runtime's kernels: every bit as the integer interpreter has it, from
// the planned arena and with each buffer apart. So recomputation, updates in place, row selection and the plan's overlaps are shown right
// where nobody thought of the case.
#include "McurtRunner.h"
#include "RandomGraph.h"

#include "compiler/reference/IntegerInterpreter.h"
#include "passes/Pipelines.h"
#include "passes/memory/OverwriteCheck.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <set>

using namespace mlir;
using namespace mcuform;

namespace {

std::string interpret(func::FuncOp function, StringRef image) {
  llvm::DenseMap<Value, HostTensor> values;
  auto type = cast<RankedTensorType>(function.getArgumentTypes()[0]);
  HostTensor input(*elementKindOf(type.getElementType()), type.getShape());
  std::copy(image.begin(), image.end(), input.data<char>());
  values[function.getArgument(0)] = input;
  for (Operation &op : function.getOps()) {
    SmallVector<HostTensor> operands;
    for (Value operand : op.getOperands())
      operands.push_back(values.lookup(operand));
    if (isa<func::ReturnOp>(op))
      return std::string(operands[0].data<char>(), operands[0].size() * 2);
    auto result = evaluateIntegerOp(&op, operands);
    REQUIRE(succeeded(result));
    values[op.getResult(0)] = *result;
  }
  return "";
}

func::FuncOp functionOf(ModuleOp module) { return *module.getOps<func::FuncOp>().begin(); }

/// The same with the image under its tokens; with any smaller lead the checker refuses the plan.
void checkOverwritten(ModuleOp module, ScheduleOptions options, StringRef image, const std::string &expected) {
  INFO("image overwritten");
  OwningOpRef<ModuleOp> scheduled = module.clone();
  PassManager manager(module.getContext());
  options.inputMode = "overwrite";
  buildSchedulePipeline(manager, options);
  buildMemoryPipeline(manager);
  REQUIRE(succeeded(manager.run(*scheduled)));
  CHECK(test::runMcurt(functionOf(*scheduled), image, test::Placement::Planned) == expected);
  for (auto buffer : functionOf(*scheduled).getOps<mcurt::BufferOp>()) {
    if (!buffer.getOver())
      continue;
    const int64_t lead = int64_t(*buffer.getLead()), wanted = int64_t(*buffer.getOffset());
    CHECK(checkOverwrite(buffer).empty());
    if (lead == 0)
      continue;
    buffer.setOffset(wanted - 8);
    CHECK(checkOverwrite(buffer).size() == 1);
  }
}

/// The same with the image coming a strip at a time.
void checkStreamed(ModuleOp module, ScheduleOptions options, StringRef image, const std::string &expected) {
  INFO("image streamed");
  OwningOpRef<ModuleOp> scheduled = module.clone();
  PassManager manager(module.getContext());
  options.inputMode = "stream";
  buildSchedulePipeline(manager, options);
  buildMemoryPipeline(manager);
  REQUIRE(succeeded(manager.run(*scheduled)));
  for (auto placement : {test::Placement::Apart, test::Placement::Planned})
    CHECK(test::runMcurt(functionOf(*scheduled), image, placement) == expected);
}

/// The same with the buffers in three memories, of which the faster ones have room for a few.
void checkInRegions(ModuleOp module, ScheduleOptions options, StringRef image, const std::string &expected) {
  INFO("in several regions");
  OwningOpRef<ModuleOp> planned = module.clone();
  PassManager manager(module.getContext());
  buildSchedulePipeline(manager, options);
  buildMemoryPipeline(manager);
  REQUIRE(succeeded(manager.run(*planned)));
  const int64_t bytes = (*planned)->getAttrOfType<IntegerAttr>("mcurt.arena_bytes").getInt();
  planned = module.clone();
  PassManager inRegions(module.getContext());
  buildSchedulePipeline(inRegions, options);
  PlanMemoryOptions memory;
  const std::string regions[] = {"dtcm:" + std::to_string(bytes / 3), "sram2:" + std::to_string(bytes / 7),
                                 "sram1:" + std::to_string(bytes)};
  memory.regions = regions;
  VerifyMemoryOptions budget;
  budget.sramBudget = 3 * bytes;
  buildMemoryPipeline(inRegions, memory, budget);
  REQUIRE(succeeded(inRegions.run(*planned)));
  CHECK(test::runMcurt(functionOf(*planned), image, test::Placement::Planned) == expected);
}

} // namespace

TEST_CASE("random networks run as the integer interpreter says") {
  DialectRegistry registry;
  registry.insert<mcuf::McufDialect, mcurt::McurtDialect, func::FuncDialect, quant::QuantizationDialect>();
  // One network, which is printed: MCUFORM_SEED=<number>.
  const char *chosen = std::getenv("MCUFORM_SEED");
  uint32_t begin = chosen ? uint32_t(std::atoi(chosen)) : 0, end = chosen ? begin + 1 : 1000;
  unsigned distinct = 0, narrowed = 0, relative = 0;
  for (uint32_t seed = begin; seed < end; ++seed) {
    MLIRContext context(registry, MLIRContext::Threading::DISABLED);
    test::RandomGraph graph(seed);
    std::string text = graph.generate();
    INFO("MCUFORM_SEED=" << seed);
    if (chosen)
      llvm::errs() << text;
    auto module = parseSourceString<ModuleOp>(text, &context);
    REQUIRE(module);
    std::mt19937 random(seed);
    std::string image(graph.imageBytes(), 0);
    for (char &pixel : image)
      pixel = char(random());
    std::string expected = interpret(functionOf(*module), image);
    distinct += std::set<char>(expected.begin(), expected.end()).size() > 2;

    functionOf(*module).walk([&](mcuf::QAttentionOp attention) { relative += attention.isRelative(); });
    // Head by head, every other network: contexts are rounded, so what is expected changes.
    if (seed % 2) {
      PassManager manager(&context);
      manager.addNestedPass<func::FuncOp>(createSplitHeads());
      REQUIRE(succeeded(manager.run(*module)));
      functionOf(*module).walk([&](mcuf::QNarrowOp) { ++narrowed; });
      expected = interpret(functionOf(*module), image);
    }
    for (int64_t tokenBlock : {int64_t(1), int64_t(2 + random() % 6), int64_t(100)}) {
      OwningOpRef<ModuleOp> scheduled = module->clone();
      PassManager manager(&context);
      ScheduleOptions options;
      options.tokenBlock = tokenBlock;
      options.patchBlock = 1 + random() % 5;
      options.interleaveFrom = random() % 2 ? 4 : 0;
      options.weightPanel = random() % 2 ? 4096 << random() % 3 : 0;
      buildSchedulePipeline(manager, options);
      buildMemoryPipeline(manager);
      REQUIRE(succeeded(manager.run(*scheduled)));
      INFO("token block " << tokenBlock << ", patch block " << options.patchBlock << ", weight panel " << options.weightPanel);
      CHECK(test::runMcurt(functionOf(*scheduled), image, test::Placement::Apart) == expected);
      CHECK(test::runMcurt(functionOf(*scheduled), image, test::Placement::Planned) == expected);
      checkInRegions(*module, options, image, expected);
      if (functionOf(*module).getArgument(0).hasOneUse()) {
        checkOverwritten(*module, options, image, expected);
        if (cast<RankedTensorType>(functionOf(*module).getArgumentTypes()[0]).getElementType().isInteger(8))
          checkStreamed(*module, options, image, expected);
      }
    }
  }
  // Networks that say nothing prove nothing.
  if (!chosen) {
    CHECK(distinct * 10 >= (end - begin) * 9);
    CHECK(narrowed >= 100);
    CHECK(relative >= 100);
  }
}
