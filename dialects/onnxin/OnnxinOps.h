/// The ops of the onnxin dialect; see OnnxinOps.td.
#ifndef MCUFORM_DIALECTS_ONNXIN_ONNXINOPS_H
#define MCUFORM_DIALECTS_ONNXIN_ONNXINOPS_H

#include "dialects/onnxin/OnnxinDialect.h"

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinAttributeInterfaces.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include <optional>

#define GET_OP_CLASSES
#include "dialects/onnxin/OnnxinOps.h.inc"

#endif
