#include "compiler/driver/Model.h"

#include "compiler/import/ImportOnnx.h"
#include "dialects/mcuf/McufDialect.h"
#include "dialects/mcurt/McurtDialect.h"
#include "dialects/onnxin/OnnxinDialect.h"
#include "dialects/onnxin/OnnxinOps.h"
#include "passes/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Quant/QuantOps.h"

using namespace mlir;

namespace mcuform {

void loadDialects(MLIRContext &context) {
  context.loadDialect<func::FuncDialect, quant::QuantizationDialect, onnxin::OnnxinDialect, mcuf::McufDialect, mcurt::McurtDialect>();
}

LogicalResult runPasses(ModuleOp module, llvm::function_ref<void(OpPassManager &)> build) {
  PassManager manager(module.getContext());
  build(manager);
  return manager.run(module);
}

OwningOpRef<ModuleOp> loadFloatModel(StringRef path, MLIRContext &context, const std::map<std::string, int64_t> &dims) {
  ImportOptions options;
  for (auto &[symbol, size] : dims)
    options.dims[symbol] = size;
  OwningOpRef<ModuleOp> module = importOnnx(path, context, options);
  if (!module)
    return module;
  if (failed(runPasses(*module, buildLegalizePipeline)))
    return {};
  return module;
}

int64_t countParameters(ModuleOp imported) {
  int64_t count = 0;
  imported.walk([&](onnxin::ConstantOp constant) {
    auto type = cast<ShapedType>(constant.getType());
    if (isa<FloatType>(type.getElementType()) && type.getRank() > 0)
      count += type.getNumElements();
  });
  return count;
}

} // namespace mcuform
