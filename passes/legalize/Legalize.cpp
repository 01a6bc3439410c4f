// Legalization: from ONNX nodes to mcuf ops, in one walk from the inputs to the outputs.
// Operands of a node are legalized before it, so shapes are known and constants are folded as they appear: shape arithmetic never becomes
// more than constants.
#include "passes/Passes.h"
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"
#include "passes/legalize/Unsupported.h"

#include "compiler/reference/HostTensor.h"
#include "dialects/onnxin/OnnxinDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

#include <cmath>

namespace mcuform {
#define GEN_PASS_DEF_LEGALIZE
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

class FunctionLegalizer {
public:
  FunctionLegalizer(func::FuncOp function, int64_t opset) : function(function), opset(opset), builder(function.getContext()) {}

  LogicalResult run() {
    if (!function.getBody().hasOneBlock())
      return function.emitError("expected one block");
    for (BlockArgument argument : function.getArguments())
      legalizeArgument(argument);
    Block &body = function.getBody().front();
    for (Operation &op : llvm::make_early_inc_range(body)) {
      builder.setInsertionPoint(&op);
      if (auto constant = dyn_cast<onnxin::ConstantOp>(op))
        legalizeConstant(constant);
      else if (isa<onnxin::NoneOp>(op))
        values[op.getResult(0)] = Value();
      else if (isa<onnxin::UnknownOp>(op))
        failed = true;
      else if (auto node = dyn_cast<onnxin::NodeOp>(op))
        legalizeNode(node);
    }
    if (unchecked != 0)
      emitWarning(function.getLoc()) << unchecked << (unchecked == 1 ? " node depends" : " nodes depend")
                                     << " on what has been reported and could not be checked in full";
    return failed ? failure() : finish(body);
  }

private:
  void legalizeArgument(BlockArgument argument) {
    // The importer has said why.
    if (isa<onnxin::ValueType>(argument.getType())) {
      failed = true;
      return;
    }
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    auto kind = type && type.hasStaticShape() ? elementKindOf(type.getElementType()) : std::nullopt;
    if (!kind || kind == ElementKind::F64) {
      failed = true;
      emitError(argument.getLoc()) << tag(Code::UnsupportedElementType) << "input " << argument.getArgNumber() << " has type "
                                   << argument.getType()
                                   << "; only tensors of static shape and of float32, bool or integer elements are supported";
      return;
    }
    values[argument] = argument;
  }

  /// Arithmetic is in float32: constants of other float types are converted.
  void legalizeConstant(onnxin::ConstantOp constant) {
    ElementsAttr value = constant.getValue();
    auto type = cast<RankedTensorType>(constant.getType());
    Type element = type.getElementType();
    if (isa<FloatType>(element) && !element.isF32()) {
      FailureOr<HostTensor> tensor = toHostTensor(value);
      if (succeeded(tensor)) {
        if (tensor->kind() == ElementKind::F64) {
          HostTensor narrow(ElementKind::F32, tensor->shape());
          auto tooLarge = llvm::find_if(tensor->span<double>(), [](double d) { return std::isfinite(d) && !std::isfinite(float(d)); });
          if (tooLarge != tensor->span<double>().end()) {
            failed = true;
            constant.emitError() << tag(Code::UnsupportedElementType) << "constant holds " << *tooLarge
                                 << ", which float32 cannot represent";
            return;
          }
          llvm::transform(tensor->span<double>(), narrow.data<float>(), [](double d) { return float(d); });
          tensor = narrow;
        }
        std::string name = "constant";
        if (auto location = constant.getLoc()->findInstanceOf<NameLoc>())
          name = location.getName().str();
        value = toElements(*tensor, type.clone(builder.getF32Type()), name);
        element = builder.getF32Type();
      }
    }
    if (!elementKindOf(element)) {
      failed = true;
      constant.emitError() << tag(Code::UnsupportedElementType) << "constant has elements of type " << element
                           << ", which are not supported";
      return;
    }
    values[constant] = createConstant(builder, constant.getLoc(), value);
  }

  static std::string nameOf(onnxin::NodeOp node) {
    bool ownDomain = node.getDomain().empty() || node.getDomain() == "ai.onnx";
    return ownDomain ? node.getOpType().str() : (node.getDomain() + "." + node.getOpType()).str();
  }

  void legalizeNode(onnxin::NodeOp node) {
    const HandlerEntry *entry = lookup(node);
    SmallVector<Value> inputs;
    bool isComplete = true, isAssumed = false;
    for (Value input : node.getInputs()) {
      auto known = values.find(input);
      if (known == values.end()) {
        isComplete = false;
        continue;
      }
      inputs.push_back(known->second);
      isAssumed |= assumed.contains(input);
    }
    // What an operand comes from has been reported.
    unchecked += entry && !isComplete;
    if (!entry || !isComplete)
      return goOnBehind(node, inputs);

    NodeLegalizer legalizer(node, opset, inputs, builder);
    if (mlir::failed(entry->handler(legalizer))) {
      failed = true;
      if (isAssumed && legalizer.getErrorCode() != Code::UnsupportedForm) {
        ++unchecked;
        return goOnBehind(node, inputs);
      }
      node.emitError() << tag(legalizer.getErrorCode()) << "node '" << node.getNodeName() << "' (" << node.getOpType()
                       << "): " << (legalizer.getError().empty() ? "cannot be legalized" : legalizer.getError());
      return goOnBehind(node, inputs);
    }
    for (auto [output, value] : llvm::zip_equal(node->getResults(), legalizer.getResults())) {
      if (value) {
        values[output] = value;
        if (isAssumed)
          assumed.insert(output);
      } else if (!output.use_empty()) {
        failed = true;
        node.emitError() << tag(Code::UnsupportedForm) << "node '" << node.getNodeName() << "' (" << node.getOpType() << "): output "
                         << cast<OpResult>(output).getResultNumber() << " is used but not supported";
      }
    }
  }

  /// For a node that has failed: as if its first result were of its first computed operand's type, so that the nodes behind it can be
  /// checked in the same run. Where that is a guess, problems of shapes behind it are not reported. The IR is discarded in the end.
  void goOnBehind(onnxin::NodeOp node, ArrayRef<Value> inputs) {
    failed = true;
    auto operand = llvm::find_if(inputs, [](Value value) { return value && !mcuf::constantOf(value); });
    if (operand == inputs.end() || node->getNumResults() == 0)
      return;
    Value result = node->getResult(0), first = node.getInput(0);
    values[result] = builder.create<UnrealizedConversionCastOp>(node.getLoc(), operand->getType(), *operand).getResult(0);
    if (!keepsType(nameOf(node)) || values.lookup(first) != *operand || assumed.contains(first))
      assumed.insert(result);
  }

  /// The handler for the node; null after an error that says what to do.
  const HandlerEntry *lookup(onnxin::NodeOp node) {
    bool ownDomain = node.getDomain().empty() || node.getDomain() == "ai.onnx";
    std::string name = nameOf(node);
    ArrayRef<HandlerEntry> entries = ownDomain ? HandlerRegistry::get().lookup(node.getOpType()) : ArrayRef<HandlerEntry>();
    for (const HandlerEntry &entry : entries)
      if (entry.firstOpset <= opset && opset <= entry.lastOpset)
        return &entry;
    failed = true;
    InFlightDiagnostic diagnostic = node.emitError() << tag(entries.empty() ? Code::UnsupportedOperator : Code::UnsupportedOperatorOpset)
                                                     << "unsupported operator '" << name << "' (opset " << opset << "), node '"
                                                     << node.getNodeName() << "': ";
    if (entries.empty())
      diagnostic << nearestForm(name);
    for (const HandlerEntry &entry : entries)
      diagnostic << (&entry == entries.begin() ? "export the model with an opset from " : " or from ") << entry.firstOpset << " to "
                 << entry.lastOpset;
    return nullptr;
  }

  LogicalResult finish(Block &body) {
    Operation *terminator = body.getTerminator();
    for (OpOperand &operand : terminator->getOpOperands())
      operand.set(values.lookup(operand.get()));
    function.setType(FunctionType::get(function.getContext(), body.getArgumentTypes(), terminator->getOperandTypes()));
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(body)))
      if (isOpTriviallyDead(&op))
        op.erase();
    return success();
  }

  func::FuncOp function;
  int64_t opset;
  OpBuilder builder;
  /// What became of each value of the graph: null for a missing operand; values that are unknown have no entry.
  llvm::DenseMap<Value, Value> values;
  /// Those whose type is a guess, and all that depends on them.
  llvm::DenseSet<Value> assumed;
  /// Nodes with a handler that could not be asked, or whose answer rests on a guess.
  int64_t unchecked = 0;
  bool failed = false;
};

class Legalize : public impl::LegalizeBase<Legalize> {
public:
  using LegalizeBase::LegalizeBase;

  void runOnOperation() override {
    auto opset = getOperation()->getAttrOfType<IntegerAttr>(onnxin::OnnxinDialect::kOpsetAttr);
    if (!opset) {
      getOperation().emitError() << "has no attribute '" << onnxin::OnnxinDialect::kOpsetAttr << "'";
      return signalPassFailure();
    }
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (failed(FunctionLegalizer(function, opset.getInt()).run()))
        signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
