// The contract after phase legalize. A violation is a bug of a handler, not of the model: the message says which op.
#include "passes/Passes.h"

namespace mcuform {
#define GEN_PASS_DEF_VERIFYLEGALIZED
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

bool isStaticTensor(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape();
}

class VerifyLegalized : public impl::VerifyLegalizedBase<VerifyLegalized> {
public:
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    for (Type type : llvm::concat<const Type>(function.getArgumentTypes(), function.getResultTypes()))
      if (!isStaticTensor(type)) {
        function.emitError() << "has an argument or result of type " << type << " after legalization";
        signalPassFailure();
      }
    function.walk([&](Operation *op) {
      if (isa<func::FuncOp, func::ReturnOp>(op))
        return;
      if (!isa<mcuf::McufDialect>(op->getDialect()))
        op->emitOpError() << "is left after legalization";
      else if (!llvm::all_of(op->getResultTypes(), isStaticTensor))
        op->emitOpError() << "has a result without static shape";
      else
        return;
      signalPassFailure();
    });
  }
};

} // namespace
} // namespace mcuform
