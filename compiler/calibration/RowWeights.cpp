#include "compiler/calibration/RowWeights.h"

#include "compiler/reference/Gradient.h"
#include "compiler/reference/Interpreter.h"
#include "compiler/support/ParallelFor.h"
#include "dialects/mcuf/McufDialect.h"

#include <random>

using namespace mlir;

namespace mcuform {
namespace {

/// Which rows count hardly depends on the input.
constexpr size_t kMeasuredInputs = 8;

/// The derivatives of one scalar by values of a network; nothing for those that it cannot be differentiated by.
using Gradients = llvm::DenseMap<Value, HostTensor>;

void add(HostTensor &sum, const HostTensor &term) {
  HostTensor result(ElementKind::F32, sum.shape());
  for (int64_t i = 0; i < sum.size(); ++i)
    result.data<float>()[i] = sum.data<float>()[i] + term.data<float>()[i];
  sum = result;
}

/// Signs, the same on every machine.
HostTensor randomSigns(ArrayRef<int64_t> shape, size_t seed) {
  std::mt19937 random{static_cast<std::mt19937::result_type>(seed)};
  HostTensor result(ElementKind::F32, shape);
  for (int64_t i = 0; i < result.size(); ++i)
    result.data<float>()[i] = random() % 2 ? 1.0f : -1.0f;
  return result;
}

/// The derivatives, by the values `wanted`, of a sum of the network's results with random signs.
Gradients backpropagate(func::FuncOp function, const llvm::DenseMap<Value, HostTensor> &values, const llvm::DenseSet<Value> &wanted,
                        size_t seed) {
  Gradients gradients, kept;
  llvm::DenseSet<Value> unknown; // some user's derivative is not defined
  size_t left = wanted.size();
  for (Operation &op : llvm::reverse(function.getBody().front())) {
    if (op.hasTrait<OpTrait::IsTerminator>()) {
      if (op.getNumOperands() == 1)
        gradients[op.getOperand(0)] = randomSigns(mcuf::shapeOf(op.getOperand(0)), seed);
      continue;
    }
    if (op.getNumResults() != 1 || isa<mcuf::ConstantOp>(op))
      continue;
    const Value result = op.getResult(0);
    const auto found = gradients.find(result);
    std::optional<SmallVector<HostTensor>> parts;
    if (found != gradients.end() && !unknown.contains(result)) {
      const HostTensor gradient = found->second;
      gradients.erase(found); // its users have all been seen
      if (wanted.contains(result)) {
        kept[result] = gradient;
        if (--left == 0)
          break;
      }
      SmallVector<HostTensor> operands;
      for (Value operand : op.getOperands()) {
        auto elements = mcuf::constantOf(operand);
        auto computed = values.find(operand);
        if (elements)
          operands.push_back(*toHostTensor(elements));
        else if (computed != values.end())
          operands.push_back(computed->second);
      }
      if (operands.size() == op.getNumOperands())
        parts = differentiateFloatOp(&op, operands, gradient);
    }
    for (auto [i, operand] : llvm::enumerate(op.getOperands())) {
      if (!parts)
        unknown.insert(operand);
      else if ((*parts)[i].size() == 0 || mcuf::constantOf(operand))
        continue;
      else if (auto sum = gradients.find(operand); sum != gradients.end())
        add(sum->second, (*parts)[i]);
      else
        gradients[operand] = (*parts)[i];
    }
  }
  return kept;
}

/// To 1 on average; drawn towards it as far as rows that weigh most are few, in all inputs, for the number of channels.
void normalize(std::vector<double> &weights, size_t inputs, int64_t width) {
  double sum = 0, squares = 0;
  for (double weight : weights) {
    sum += weight;
    squares += weight * weight;
  }
  const double effective = squares > 0 ? sum * sum / squares * double(inputs) : 0;
  const double trusted = effective / (effective + double(width));
  for (double &weight : weights)
    weight = 1 - trusted + (sum > 0 ? trusted * weight * double(weights.size()) / sum : 0);
}

} // namespace

FailureOr<RowWeights> measureRowWeights(func::FuncOp function, const ImageSet &inputs) {
  FailureOr<Interpreter> interpreter = Interpreter::create(function);
  if (failed(interpreter))
    return failure();
  SmallVector<mcuf::LinearOp> layers;
  llvm::DenseSet<Value> wanted;
  function.walk([&](mcuf::LinearOp linear) {
    if (mcuf::rowCount(linear) < 2) // nothing to weigh
      return;
    layers.push_back(linear);
    wanted.insert(linear);
  });
  const size_t count = std::min(kMeasuredInputs, inputs.size());
  std::vector<std::vector<std::vector<double>>> squares(count, std::vector<std::vector<double>>(layers.size()));
  std::vector<char> ran(count, 0);
  parallelFor(count, [&](size_t n) {
    llvm::DenseMap<Value, HostTensor> values;
    if (failed(interpreter->run(inputs.input(n * inputs.size() / count),
                                [&](Value value, const HostTensor &tensor) { values[value] = tensor; })))
      return;
    ran[n] = 1;
    const Gradients gradients = backpropagate(function, values, wanted, n);
    for (auto [layer, rows] : llvm::zip_equal(layers, squares[n]))
      if (auto found = gradients.find(layer.getResult()); found != gradients.end()) {
        const HostTensor &gradient = found->second;
        rows.assign(size_t(gradient.rows()), 0);
        for (int64_t i = 0; i < gradient.size(); ++i)
          rows[size_t(i / gradient.width())] += double(gradient.data<float>()[i]) * gradient.data<float>()[i];
      }
  });
  if (!llvm::all_of(ran, [](char done) { return done; }))
    return failure();

  RowWeights result;
  llvm::DenseSet<Value> unknown;
  for (const auto &input : squares)
    for (auto [layer, rows] : llvm::zip_equal(layers, input)) {
      if (rows.empty())
        unknown.insert(layer.getInput());
      std::vector<double> &sum = result[layer.getInput()];
      sum.resize(std::max(sum.size(), rows.size()));
      for (size_t r = 0; r < rows.size(); ++r)
        sum[r] += rows[r];
    }
  for (Value value : unknown)
    result.erase(value);
  for (auto &[value, weights] : result)
    normalize(weights, inputs.size(), mcuf::widthOf(value));
  return result;
}

} // namespace mcuform
