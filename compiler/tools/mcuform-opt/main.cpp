// mcuform-opt: runs any pass of the compiler, or a whole phase, on IR in text form.
#include "dialects/mcuf/McufDialect.h"
#include "dialects/mcurt/McurtDialect.h"
#include "dialects/onnxin/OnnxinDialect.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mcuform::registerPassesAndPipelines();
  mlir::DialectRegistry registry;
  registry.insert<mcuform::mcuf::McufDialect, mcuform::mcurt::McurtDialect, mcuform::onnxin::OnnxinDialect, mlir::func::FuncDialect,
                  mlir::quant::QuantizationDialect>();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "mcuform's passes on IR in text form\n", registry));
}
