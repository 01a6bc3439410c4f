// The cost model: every kernel has a cost, and figures worked out by hand.
#include "dialects/mcurt/Cost.h"

#include "dialects/mcurt/Kernels.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace mcuform::mcurt;

namespace {

/// A call of each kernel with all integers 8 and buffers of the right element types.
std::string callOf(const Kernel &kernel) {
  std::string uses, types;
  for (const KernelParam &param : kernel.buffers()) {
    uses += (uses.empty() ? "" : ", ") + std::string(param.role == KernelParam::Role::Written ? "out" : "in") + " %b" +
            (param.isUnsigned ? "u" : "") + std::to_string(param.bits);
    types += (types.empty() ? "" : ", ") + std::string("memref<4096x") + (param.isUnsigned ? "u" : "") + "i" + std::to_string(param.bits) + ">";
  }
  for (const KernelParam &param : kernel.integers())
    uses += ", " + param.name.str() + " = 8";
  return "  mcurt.call " + kernel.name.str() + "(" + uses + ") : " + types + "\n";
}

} // namespace

TEST_CASE("every kernel has a cost") {
  MLIRContext context;
  context.loadDialect<McurtDialect, func::FuncDialect>();
  std::string text = R"(func.func @program(%output: memref<1x8xi16>) {
  %bu8 = mcurt.buffer "bu8" : memref<4096xui8>
  %b8 = mcurt.buffer "b8" : memref<4096xi8>
  %b16 = mcurt.buffer "b16" : memref<4096xi16>
  %b32 = mcurt.buffer "b32" : memref<4096xi32>
)";
  for (const Kernel &kernel : allKernels())
    text += callOf(kernel);
  auto module = parseSourceString<ModuleOp>(text + "  return\n}\n", &context);
  REQUIRE(module);
  size_t calls = 0;
  module->walk([&](CallOp call) {
    INFO(call.getKernel().str());
    CHECK(computeCyclesOf(call) > 0);
    ++calls;
  });
  CHECK(calls == allKernels().size());
}

TEST_CASE("groups of three rows are cheapest") {
  CHECK(cyclesOfPair(3) / 3 == Approx(2 * 0.594));
  CHECK(cyclesOfPair(12) == Approx(4 * cyclesOfPair(3)));
  CHECK(cyclesOfPair(2) / 2 == Approx(2 * 0.766));
  CHECK(cyclesOfPair(1) == Approx(2 * 0.907));
  CHECK(cyclesOfPair(4) == Approx(2 * cyclesOfPair(2)));
  CHECK(cyclesOfPair(5) == Approx(cyclesOfPair(3) + cyclesOfPair(2)));
}

TEST_CASE("interleaved rows are cheaper from two dozen on") {
  CHECK(cyclesOfPairByFours(4) > cyclesOfPair(4) - 2);
  CHECK(cyclesOfPairByFours(24) < 0.95 * cyclesOfPair(24));
  CHECK(cyclesOfPairByFours(27) == Approx(cyclesOfPairByFours(24) + cyclesOfPair(3)));
}

TEST_CASE("a loop costs its full blocks and its last one, and what it fetches") {
  MLIRContext context;
  context.loadDialect<McurtDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(R"(func.func @program(%output: memref<1x8xi16>) {
  %x = mcurt.buffer "x" : memref<8x4xi16>
  %y = mcurt.buffer "y" : memref<8x6xi16>
  %w = mcurt.constant "w" paired dense<1> : tensor<6x4xi8>
  %b = mcurt.constant "b" plain dense<1> : tensor<6xi32>
  mcurt.for %first, %rows = 8 step 3 {
    mcurt.call linear_s16(out %y, in %x, in %w, in %b, in %b, rows = %rows, depth = 4, units = 6)
        : memref<8x6xi16>, memref<8x4xi16>, memref<6x4xi8>, memref<6xi32>, memref<6xi32>
  }
  return
}
)",
                                            &context);
  REQUIRE(module);
  module->walk([](CallOp call) {
    // Blocks of 3, 3 and 2 rows; three pairs of channels, four deep; 48 outputs; nine pairs met in all.
    double compute = 3 * 4 * (2 * cyclesOfPair(3) + cyclesOfPair(2)) + 48 * 7.7 + 9 * 64;
    CHECK(computeCyclesOf(call) == Approx(compute));
    CHECK(cyclesOf(call, 2) == Approx(compute + 2 * 3 * (24 + 24 + 24)));
  });
}
