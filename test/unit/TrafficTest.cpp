// Bytes of constants that a scheduled program fetches, against figures worked out by hand.
#include "dialects/mcurt/Traffic.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

using namespace mlir;
using namespace mcuform::mcurt;

namespace {

// 16 rows in blocks of 3 are six runs, of which the last has one row; two heads inside.
constexpr const char *kProgram = R"(
func.func @program(%output: memref<1x10xi16>) {
  %x = mcurt.buffer "x" : memref<17x8xi16>
  %scores = mcurt.buffer "scores" : memref<3x4xi16>
  %keys = mcurt.buffer "keys" : memref<2x16xi8>
  %w = mcurt.constant "w" paired dense<1> : tensor<7x8xi8>
  %b = mcurt.constant "b" plain dense<1> : tensor<7xi32>
  %position = mcurt.constant "position" plain dense<1> : tensor<16x8xi16>
  %mult = mcurt.constant "mult" plain dense<1> : tensor<2xi32>
  mcurt.call copy_s16(out %x, in %position, rows = 16, width = 8) : memref<17x8xi16>, memref<16x8xi16>
  mcurt.for %first, %rows = 16 step 3 {
    %row = mcurt.view %x[%first + 1, 0] : memref<17x8xi16>
    %walk = mcurt.view %position[%first, 0] : memref<16x8xi16>
    mcurt.call copy_s16(out %row, in %walk, rows = %rows, width = 8) : memref<?xi16>, memref<?xi16>
    mcurt.call linear_add_s16(inout %row, in %x, in %w, in %b, in %b, rows = %rows, depth = 8, units = 7)
        : memref<?xi16>, memref<17x8xi16>, memref<7x8xi8>, memref<7xi32>, memref<7xi32>
    mcurt.for %head, %one = 2 step 1 {
      %m = mcurt.view %mult[%head] : memref<2xi32>
      mcurt.call attention_scores_s16(out %scores, in %x, in %keys, in %m, rows = %rows, tokens = 4, head_width = 4, q_stride = 8)
          : memref<3x4xi16>, memref<17x8xi16>, memref<2x16xi8>, memref<?xi32>
    }
  }
  return
}
)";

} // namespace

TEST_CASE("a program fetches each constant as often as its calls run") {
  MLIRContext context;
  context.loadDialect<McurtDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(kProgram, &context);
  REQUIRE(module);
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  auto reads = constantReadsOf(function);
  REQUIRE(reads.size() == 6);
  auto check = [&](size_t i, StringRef name, int64_t runs, int64_t bytes) {
    CHECK(reads[i].constant.getName() == name);
    CHECK(reads[i].runs == runs);
    CHECK(reads[i].bytes == bytes);
    CHECK_FALSE(reads[i].byPanels);
  };
  check(0, "position", 1, 16 * 8 * 2);
  check(1, "position", 6, 16 * 8 * 2); // once in all six runs
  check(2, "w", 6, 6 * 8 * 8);         // an eighth unit of zeros
  check(3, "b", 6, 6 * 7 * 4);
  check(4, "b", 6, 6 * 7 * 4);
  check(5, "mult", 12, 6 * 2 * 4); // one multiplier a run
  CHECK(flashTrafficOf(function).inPlaceBytes == 2 * 256 + 384 + 2 * 168 + 48);
  CHECK(flashTrafficOf(function).totalBytes() == flashTrafficOf(function).inPlaceBytes);
}

TEST_CASE("strips of an image walk the positions once, together") {
  constexpr const char *program = R"(
func.func @program(%output: memref<12x8xi16>) {
  %strip = mcurt.buffer "strip" input : memref<2x8x1xui8>
  %state = mcurt.buffer "state" : memref<2xi32>
  %position = mcurt.constant "position" plain dense<1> : tensor<12x8xi16>
  mcurt.stage "patches" {
    mcurt.for %first, %four = 12 step 4 fed 6 lines to %strip counted by %state : memref<2x8x1xui8>, memref<2xi32> {
      %walk = mcurt.view %position[%first, 0] : memref<12x8xi16>
      mcurt.for %i, %rows = 4 step 3 {
        %rows_of_strip = mcurt.view %walk[%i * 8] : memref<?xi16>
        mcurt.call copy_s16(out %output, in %rows_of_strip, rows = %rows, width = 8) : memref<12x8xi16>, memref<?xi16>
      }
    }
  }
  return
}
)";
  MLIRContext context;
  context.loadDialect<McurtDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(program, &context);
  REQUIRE(module);
  auto reads = constantReadsOf(*module->getOps<func::FuncOp>().begin());
  REQUIRE(reads.size() == 1);
  CHECK(reads[0].runs == 6);
  CHECK(reads[0].bytes == 12 * 8 * 2);
}

TEST_CASE("rows of a product are loaded once for each pair of columns") {
  MLIRContext context;
  context.loadDialect<McurtDialect, func::FuncDialect>();
  auto module = parseSourceString<ModuleOp>(kProgram, &context);
  REQUIRE(module);
  func::FuncOp function = *module->getOps<func::FuncOp>().begin();
  llvm::SmallVector<BufferOp> buffers(function.getOps<BufferOp>());
  REQUIRE(buffers.size() == 3);
  std::vector<int64_t> bytes = bufferTrafficOf(function, buffers);
  // x: written as a whole (17 rows), walked over once by the copy and once, loaded and stored, by the sum; as rows of a product 6 times 4
  // pairs of units, and as queries of 2 heads 6 times 2 pairs of keys.
  CHECK(bytes[0] == 272 + 256 + 2 * 256 + 272 * 6 * 4 + 272 * 6 * 2 * 2);
  CHECK(bytes[1] == 12 * 24); // scores
  CHECK(bytes[2] == 12 * 32); // keys
}
