// The float operators on host tensors, one function each, free of the IR.
#ifndef MCUFORM_COMPILER_REFERENCE_FLOATOPS_H
#define MCUFORM_COMPILER_REFERENCE_FLOATOPS_H

#include "compiler/reference/HostTensor.h"
#include "dialects/mcuf/McufDialect.h"

namespace mcuform::floatops {

/// Fails on integers where the function is not defined on them.
mlir::FailureOr<HostTensor> unary(mcuf::UnaryKind kind, const HostTensor &input);
mlir::FailureOr<HostTensor> binary(mcuf::BinaryKind kind, const HostTensor &lhs, const HostTensor &rhs, llvm::ArrayRef<int64_t> shape);
HostTensor select(const HostTensor &condition, const HostTensor &onTrue, const HostTensor &onFalse, llvm::ArrayRef<int64_t> shape);
mlir::FailureOr<HostTensor> cast(const HostTensor &input, ElementKind to);
HostTensor transpose(const HostTensor &input, llvm::ArrayRef<int64_t> permutation);
HostTensor slice(const HostTensor &input, llvm::ArrayRef<int64_t> starts, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> steps);
HostTensor concat(llvm::ArrayRef<HostTensor> inputs, int64_t axis, llvm::ArrayRef<int64_t> shape);
/// Fails where an index is out of range.
mlir::FailureOr<HostTensor> gather(const HostTensor &input, const HostTensor &indices, int64_t axis, llvm::ArrayRef<int64_t> shape);
HostTensor broadcast(const HostTensor &input, llvm::ArrayRef<int64_t> shape);
mlir::FailureOr<HostTensor> reduce(mcuf::ReduceKind kind, const HostTensor &input, llvm::ArrayRef<int64_t> axes, llvm::ArrayRef<int64_t> shape);
HostTensor matmul(const HostTensor &lhs, const HostTensor &rhs, llvm::ArrayRef<int64_t> shape);
HostTensor softmax(const HostTensor &input, int64_t axis);
HostTensor conv(const HostTensor &input, const HostTensor &weights, const HostTensor *bias, llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> pads,
                llvm::ArrayRef<int64_t> dilations, int64_t groups, llvm::ArrayRef<int64_t> shape);
HostTensor windows(const HostTensor &input, const mcuf::WindowGrid &grid, llvm::ArrayRef<int64_t> shape);
HostTensor depthwise(const HostTensor &input, const HostTensor &weights, const HostTensor &bias, const mcuf::WindowGrid &grid, llvm::ArrayRef<int64_t> shape);
HostTensor pool(mcuf::ReduceKind kind, const HostTensor &input, const mcuf::WindowGrid &grid, bool countPadding, llvm::ArrayRef<int64_t> shape);
HostTensor clippedRelu(const HostTensor &input, float limit);
HostTensor layerNorm(const HostTensor &input, const HostTensor *gamma, const HostTensor *beta, float epsilon, bool centered);
HostTensor gelu(const HostTensor &input, bool approximate);
HostTensor swish(const HostTensor &input, float slope);
HostTensor hardSwish(const HostTensor &input);
HostTensor linear(const HostTensor &input, const HostTensor &weights, const HostTensor *bias);
/// Tables of relative positions for an attention whose first row of queries is token `firstQuery`; null where there is none.
struct RelativeTables {
  const HostTensor *k = nullptr, *v = nullptr;
  mcuf::RelativeGrid grid = {};
  int64_t firstQuery = 0;
};
HostTensor attention(const HostTensor &q, const HostTensor &k, const HostTensor &v, int64_t heads, float scale,
                     const RelativeTables &tables = {}, std::optional<float> sigmoidBias = std::nullopt, int64_t groups = 1);
/// What a scalar's derivative by q, k and v is, given that by the attention's result.
struct AttentionGradient {
  HostTensor q, k, v;
};
AttentionGradient attentionGradient(const HostTensor &q, const HostTensor &k, const HostTensor &v, int64_t heads, float scale,
                                    const RelativeTables &tables, std::optional<float> sigmoidBias, const HostTensor &gradient, int64_t groups = 1);
HostTensor permuteRows(const HostTensor &input, llvm::ArrayRef<int64_t> sizes, llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> shape);
/// `grid` has the patches.
HostTensor patchEmbed(const HostTensor &image, const HostTensor &weights, const HostTensor &bias, const HostTensor *position, const HostTensor *prefix,
                      const mcuf::WindowGrid &grid);

} // namespace mcuform::floatops

namespace mcuform {
/// The tables among the operands of an attention.
floatops::RelativeTables tablesOf(mcuf::AttentionOp attention, llvm::ArrayRef<HostTensor> operands);
std::optional<float> sigmoidBiasOf(mcuf::AttentionOp attention);
} // namespace mcuform

#endif
