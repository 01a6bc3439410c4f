// Derivatives of the float operators against differences of the operators themselves.
#include "compiler/reference/Gradient.h"

#include "compiler/reference/Interpreter.h"
#include "dialects/mcuf/McufDialect.h"

#include "mlir/Parser/Parser.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

using namespace mlir;
using namespace mcuform;

namespace {

// One op of each kind that is differentiated.
constexpr const char *kOperators = R"(
func.func @main(%x: tensor<1x5x4xf32>, %k: tensor<1x5x4xf32>, %v: tensor<1x5x4xf32>) {
  %w = mcuf.constant dense<[[1.0, -2.0, 0.5, 0.25], [0.5, 1.5, -1.0, 2.0], [-0.5, 1.0, 1.0, -1.0]]> : tensor<3x4xf32> : tensor<3x4xf32>
  %gamma = mcuf.constant dense<[1.0, -2.0, 0.5, 3.0]> : tensor<4xf32> : tensor<4xf32>
  %kt = mcuf.constant dense<[[0.5, -1.0], [1.0, 0.25], [-0.75, 2.0]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %vt = mcuf.constant dense<[[1.5, 0.0], [-1.0, 0.5], [0.25, 1.0]]> : tensor<3x2xf32> : tensor<3x2xf32>
  %linear = mcuf.linear %x, %w : (tensor<1x5x4xf32>, tensor<3x4xf32>) -> tensor<1x5x3xf32>
  %plain = mcuf.layer_norm %x {epsilon = 1.0e-05 : f32} : (tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %norm = mcuf.layer_norm %x gamma %gamma {epsilon = 1.0e-05 : f32} : (tensor<1x5x4xf32>, tensor<4xf32>) -> tensor<1x5x4xf32>
  %rms = mcuf.layer_norm %x gamma %gamma {centered = false, epsilon = 1.0e-05 : f32} : (tensor<1x5x4xf32>, tensor<4xf32>) -> tensor<1x5x4xf32>
  %sigmoids = mcuf.attention %x, %k, %v {num_heads = 2 : i64, scale = 7.0e-01 : f32, sigmoid_bias = -1.5 : f32} : (tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %attention = mcuf.attention %x, %k, %v {num_heads = 2 : i64, scale = 7.0e-01 : f32} : (tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %relative = mcuf.attention %x, %k, %v k_table %kt v_table %vt {num_heads = 2 : i64, scale = 7.0e-01 : f32, grid = array<i64: 1, 1, 4, 0, 0>} : (tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<1x5x4xf32>, tensor<3x2xf32>, tensor<3x2xf32>) -> tensor<1x5x4xf32>
  %gelu = mcuf.gelu %x : (tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %slice = mcuf.slice %x {starts = array<i64: 0, 1, 0>, sizes = array<i64: 1, 2, 4>, steps = array<i64: 1, 2, 1>} : (tensor<1x5x4xf32>) -> tensor<1x2x4xf32>
  %concat = mcuf.concat %x, %k {axis = 2 : i64} : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x8xf32>
  %mean = mcuf.reduce mean %x {axes = array<i64: 1>, keep_dims = false} : (tensor<1x5x4xf32>) -> tensor<1x4xf32>
  %sum = mcuf.binary add %x, %k : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %difference = mcuf.binary sub %x, %k : (tensor<1x5x4xf32>, tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  %product = mcuf.binary mul %x, %gamma : (tensor<1x5x4xf32>, tensor<4xf32>) -> tensor<1x5x4xf32>
  return
}
)";

HostTensor randomTensor(ArrayRef<int64_t> shape, std::mt19937 &random, float size = 1) {
  HostTensor result(ElementKind::F32, shape);
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<float>()[i] = size * float(int32_t(random())) * 0x1p-30f;
  return result;
}

double dot(const HostTensor &a, const HostTensor &b) {
  double sum = 0;
  for (int64_t i = 0; i < a.size(); ++i)
    sum += double(a.data<float>()[i]) * b.data<float>()[i];
  return sum;
}

HostTensor moved(const HostTensor &from, const HostTensor &direction, float step) {
  HostTensor result(ElementKind::F32, from.shape());
  for (int64_t i = 0; i < from.size(); ++i)
    result.data<float>()[i] = from.data<float>()[i] + step * direction.data<float>()[i];
  return result;
}

} // namespace

TEST_CASE("derivatives are those of the operators") {
  MLIRContext context;
  context.loadDialect<mcuf::McufDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(kOperators, &context);
  REQUIRE(module);
  int count = 0;
  module->walk([&](Operation *op) {
    if (op->getNumResults() != 1 || isa<mcuf::ConstantOp>(op))
      return;
    INFO(op->getName().getStringRef().str());
    std::mt19937 random(7);
    SmallVector<HostTensor> operands;
    for (Value operand : op->getOperands()) {
      auto elements = mcuf::constantOf(operand);
      operands.push_back(elements ? *toHostTensor(elements) : randomTensor(mcuf::shapeOf(operand), random));
    }
    const HostTensor gradient = randomTensor(mcuf::shapeOf(op->getResult(0)), random);
    const auto parts = differentiateFloatOp(op, operands, gradient);
    REQUIRE(parts);
    REQUIRE(parts->size() == operands.size());
    for (size_t i = 0; i < operands.size(); ++i) {
      if (mcuf::constantOf(op->getOperand(unsigned(i)))) {
        CHECK((*parts)[i].size() == 0);
        continue;
      }
      REQUIRE((*parts)[i].shape() == operands[i].shape());
      for (int direction = 0; direction < 4; ++direction) {
        constexpr float kStep = 2e-3f;
        const HostTensor along = randomTensor(operands[i].shape(), random);
        SmallVector<HostTensor> more(operands), less(operands);
        more[i] = moved(operands[i], along, kStep);
        less[i] = moved(operands[i], along, -kStep);
        const double difference = (dot(*evaluateFloatOp(op, more), gradient) - dot(*evaluateFloatOp(op, less), gradient)) / (2 * kStep);
        CHECK(dot((*parts)[i], along) == Approx(difference).epsilon(2e-3).margin(2e-3));
      }
    }
    ++count;
  });
  CHECK(count == 14);
}

TEST_CASE("what has no derivative says so") {
  MLIRContext context;
  context.loadDialect<mcuf::McufDialect, func::FuncDialect>();
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(R"(
func.func @main(%x: tensor<1x5x4xf32>) {
  %largest = mcuf.reduce max %x {axes = array<i64: 1>, keep_dims = false} : (tensor<1x5x4xf32>) -> tensor<1x4xf32>
  %roots = mcuf.unary sqrt %x : (tensor<1x5x4xf32>) -> tensor<1x5x4xf32>
  return
}
)",
                                                             &context);
  REQUIRE(module);
  std::mt19937 random(3);
  module->walk([&](Operation *op) {
    if (op->getNumResults() == 1)
      CHECK(!differentiateFloatOp(op, randomTensor(mcuf::shapeOf(op->getOperand(0)), random),
                                  randomTensor(mcuf::shapeOf(op->getResult(0)), random)));
  });
}
