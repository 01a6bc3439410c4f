// What a handler sees of the ONNX node that it turns into mcuf ops: operands already legalized, attributes, constants, and one way to
// report a problem.
#ifndef MCUFORM_PASSES_LEGALIZE_NODELEGALIZER_H
#define MCUFORM_PASSES_LEGALIZE_NODELEGALIZER_H

#include "compiler/support/DiagnosticCodes.h"
#include "dialects/mcuf/McufDialect.h"
#include "dialects/onnxin/OnnxinOps.h"
#include "passes/support/Folding.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/TypeUtilities.h"

namespace mcuform {

/// One node on its way. The first problem is kept for the caller to report at the node, and everything that needs a value gives null from
/// then on.
class NodeLegalizer {
public:
  /// `inputs` are the legalized operands, null where the node leaves one out. New ops go to the builder's insertion point.
  NodeLegalizer(onnxin::NodeOp node, int64_t opset, llvm::ArrayRef<mlir::Value> inputs, mlir::OpBuilder &builder)
      : node(node), opset(opset), builder(builder), inputs(inputs), results(node->getNumResults()) {}

  onnxin::NodeOp node;
  const int64_t opset;
  mlir::OpBuilder &builder;

  mlir::Location location() { return node.getLoc(); }
  /// Notes the problem unless there is one already, and returns failure, so that handlers can `return n.error("...")`.
  mlir::LogicalResult error(const llvm::Twine &message) { return error(Code::UnsupportedForm, message); }
  /// The same of a problem that the operands' shapes have a part in.
  mlir::LogicalResult shapeError(const llvm::Twine &message) { return error(Code::ShapeMismatch, message); }
  mlir::LogicalResult error(Code code, const llvm::Twine &message);
  /// The first problem; empty where there is none.
  const std::string &getError() const { return firstError; }
  Code getErrorCode() const { return firstCode; }

  // Operands.
  size_t inputCount() const { return inputs.size(); }
  bool has(unsigned index) const { return index < inputs.size() && inputs[index]; }
  /// Operand `index`; an error and null where it is missing.
  mlir::Value input(unsigned index);
  mlir::Value optionalInput(unsigned index) const { return has(index) ? inputs[index] : mlir::Value(); }
  /// The integers of operand `index`, which must be a constant; `what` says what it stands for.
  std::optional<llvm::SmallVector<int64_t>> ints(unsigned index, llvm::StringRef what);

  // Attributes.
  int64_t intAttribute(llvm::StringRef name, int64_t otherwise) { return node.getInt(name).value_or(otherwise); }
  float floatAttribute(llvm::StringRef name, float otherwise) { return node.getFloat(name).value_or(otherwise); }
  /// A list that newer opsets pass as operand `index` and opsets before `inputSince` as attribute `name`; empty where it is left out.
  std::optional<llvm::SmallVector<int64_t>> listAttributeOrInput(llvm::StringRef name, unsigned index, int64_t inputSince);
  /// Axes in [0, rank), those given being negative or not; an error where one lies outside.
  std::optional<int64_t> normalizeAxis(int64_t axis, int64_t rank);
  std::optional<llvm::SmallVector<int64_t>> normalizeAxes(llvm::ArrayRef<int64_t> axes, int64_t rank);

  // Results.
  /// An mcuf op with an inferred type, folded where its operands are constant; null after an error.
  template <class OpT, class... Arguments> mlir::Value create(Arguments &&...arguments) {
    if (!firstError.empty())
      return {};
    Quotation quotation(*this);
    return createFolded<OpT>(builder, location(), std::forward<Arguments>(arguments)...);
  }
  mlir::Value binary(mcuf::BinaryKind kind, mlir::Value lhs, mlir::Value rhs) { return create<mcuf::BinaryOp>(kind, lhs, rhs); }
  mlir::Value reshape(mlir::Value value, llvm::ArrayRef<int64_t> shape) { return create<mcuf::ReshapeOp>(value, shape); }
  mlir::Value constant(llvm::ArrayRef<int64_t> values) { return createConstant(builder, location(), values); }
  mlir::Value constant(float scalar) { return createConstant(builder, location(), scalar); }
  /// Says that `value` is output `index`; failure where it is null.
  mlir::LogicalResult yield(mlir::Value value, unsigned index = 0);
  llvm::ArrayRef<mlir::Value> getResults() const { return results; }

private:
  /// While it lives, errors that ops emit become errors of this node.
  class Quotation : public mlir::ScopedDiagnosticHandler {
  public:
    explicit Quotation(NodeLegalizer &node);
  };

  llvm::SmallVector<mlir::Value> inputs;
  llvm::SmallVector<mlir::Value> results;
  std::string firstError;
  Code firstCode = Code::UnsupportedForm;
};

} // namespace mcuform

#endif
