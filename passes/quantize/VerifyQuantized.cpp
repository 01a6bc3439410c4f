// mcuf-verify-quantized: no float tensor is left, every activation has its scale.
#include "passes/Passes.h"

#include "mlir/Dialect/Quant/QuantOps.h"
#include "mlir/Dialect/Quant/QuantTypes.h"

namespace mcuform {
#define GEN_PASS_DEF_VERIFYQUANTIZED
#include "passes/Passes.h.inc"

namespace {

using namespace mlir;

struct VerifyQuantized : impl::VerifyQuantizedBase<VerifyQuantized> {
  using Base::Base;
  void runOnOperation() override {
    getOperation().walk([&](Operation *op) {
      for (Value result : op->getResults()) {
        auto type = dyn_cast<RankedTensorType>(result.getType());
        Type element = type ? type.getElementType() : Type();
        bool isStored = element && (isa<quant::QuantizedType>(element) || (isa<IntegerType>(element) && isa<mcuf::ConstantOp>(op)));
        if (!isStored) {
          op->emitError() << "'" << op->getName() << "' gives " << result.getType() << " after quantization; expected integers with a scale";
          signalPassFailure();
        }
      }
    });
  }
};

} // namespace
} // namespace mcuform
