// How far an integer network's result is above its errors, measured while it is compiled.
#ifndef MCUFORM_COMPILER_DRIVER_INTEGERACCURACY_H
#define MCUFORM_COMPILER_DRIVER_INTEGERACCURACY_H

#include "compiler/calibration/ImageSet.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/Error.h"

namespace mcuform {

struct IntegerAccuracy {
  double sqnrDb;
  size_t inputs;
};

/// The power of the float network's results over that of the integer one's errors, over at most eight of the inputs of the .npy file,
/// evenly spread. The functions are one network before and after quantization. Independent of the number of threads.
llvm::Expected<IntegerAccuracy> measureAccuracy(mlir::func::FuncOp floatNetwork, mlir::func::FuncOp integerNetwork, llvm::StringRef inputs,
                                                const InputNormalization &normalization);

} // namespace mcuform

#endif
