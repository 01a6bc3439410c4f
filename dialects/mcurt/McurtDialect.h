// The mcurt dialect: how the device runs a network. See McurtDialect.td.
#ifndef MCUFORM_DIALECTS_MCURT_MCURTDIALECT_H
#define MCUFORM_DIALECTS_MCURT_MCURTDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mcuform::mcurt {

/// What a call does with a buffer.
enum class Access : int32_t { Read, Write, Update };

/// A buffer given to a call.
struct BufferUse {
  Access access;
  mlir::Value value;
};
inline BufferUse in(mlir::Value value) { return {Access::Read, value}; }
inline BufferUse out(mlir::Value value) { return {Access::Write, value}; }
inline BufferUse inout(mlir::Value value) { return {Access::Update, value}; }

/// An integer given to a call: an index where `value` is set, else a number.
struct Integer {
  Integer(int64_t number) : number(number) {}
  Integer(mlir::Value value) : value(value) {}
  mlir::Value value;
  int64_t number = 0;
};

} // namespace mcuform::mcurt

#include "dialects/mcurt/McurtDialect.h.inc"
#include "dialects/mcurt/McurtEnums.h.inc"

#define GET_OP_CLASSES
#include "dialects/mcurt/McurtOps.h.inc"

namespace mcuform::mcurt {

/// On a call whose rows are those of a loop's block: the row of the layer's value at the loop's beginning, where it is not 0. For observation.
inline constexpr llvm::StringLiteral kFirstRowAttr = "mcurt.first_row";

inline mlir::MemRefType typeOf(mlir::Value value) { return llvm::cast<mlir::MemRefType>(value.getType()); }
/// The buffer, constant or function argument behind views.
mlir::Value rootOf(mlir::Value value);
/// Whether it is a constant or a table: in flash, known before anything runs.
bool isReadOnly(mlir::Value root);
/// Bytes of all elements of a static memref.
int64_t sizeBytesOf(mlir::MemRefType type);

} // namespace mcuform::mcurt

#endif // MCUFORM_DIALECTS_MCURT_MCURTDIALECT_H
