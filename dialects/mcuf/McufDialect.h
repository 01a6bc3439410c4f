// The mcuf dialect: what a network computes. See McufDialect.td.
#ifndef MCUFORM_DIALECTS_MCUF_MCUFDIALECT_H
#define MCUFORM_DIALECTS_MCUF_MCUFDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/mcuf/McufDialect.h.inc"
#include "dialects/mcuf/McufEnums.h.inc"

#define GET_OP_CLASSES
#include "dialects/mcuf/McufOps.h.inc"

namespace mcuform::mcuf {

/// The shape of a value whose type is a ranked tensor, which every value of this dialect is.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape(); }
/// All leading dimensions together.
int64_t rowCount(mlir::Value value);
/// The last dimension.
inline int64_t widthOf(mlir::Value value) { return shapeOf(value).back(); }
/// The type of `value` with another last dimension.
mlir::RankedTensorType withWidth(mlir::Value value, int64_t width);
/// Numpy broadcasting of two shapes; nothing where they do not fit.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);
/// Whether the op is the activation between two dense layers that integer kernels exist for: gelu, or max(x, 0).
bool isActivation(mlir::Operation *op);
/// The defining constant's elements, null where the value is not a constant.
mlir::ElementsAttr constantOf(mlir::Value value);

/// Of an integer linear layer: how far below the network's result the noise of four-bit weights is or would be, in dB.
inline constexpr llvm::StringLiteral kInt4SqnrAttr = "mcuf.int4_sqnr_db";

} // namespace mcuform::mcuf

#endif
