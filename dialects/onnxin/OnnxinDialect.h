/// The onnxin dialect: what an ONNX file says, between compiler/import, which writes it, and passes/legalize, which turns it into mcuf.
/// Invariant: nothing here depends on the meaning of an operator.
#ifndef MCUFORM_DIALECTS_ONNXIN_ONNXINDIALECT_H
#define MCUFORM_DIALECTS_ONNXIN_ONNXINDIALECT_H

#include "mlir/IR/Dialect.h"
#include "mlir/IR/Types.h"

#include "dialects/onnxin/OnnxinDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "dialects/onnxin/OnnxinTypes.h.inc"

#endif
