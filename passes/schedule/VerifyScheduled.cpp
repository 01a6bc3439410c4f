// The contract of phase schedule: loops, buffers, constants and kernel calls, and no rows are read that nobody has written.
#include "dialects/mcurt/McurtDialect.h"
#include "passes/Passes.h"

namespace mcuform {
#define GEN_PASS_DEF_VERIFYSCHEDULED
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

struct VerifyScheduled : impl::VerifyScheduledBase<VerifyScheduled> {
  void runOnOperation() override {
    func::FuncOp function = getOperation();
    bool isGood = true;
    llvm::DenseSet<Value> written;
    unsigned inputs = 0;
    function.walk<WalkOrder::PreOrder>([&](Operation *op) {
      if (isa<func::FuncOp, func::ReturnOp>(op))
        return;
      if (!isa<mcurt::McurtDialect>(op->getDialect())) {
        op->emitOpError() << "is left after scheduling";
        isGood = false;
        return;
      }
      auto buffer = dyn_cast<mcurt::BufferOp>(op);
      if (buffer && buffer.getInput() && ++inputs)
        written.insert(buffer);
      auto call = dyn_cast<mcurt::CallOp>(op);
      if (!call)
        return;
      for (auto [i, value] : llvm::enumerate(call.getBuffers())) {
        Value root = mcurt::rootOf(value);
        if (call.getAccess(i) != mcurt::Access::Write && !mcurt::isReadOnly(root) && !written.contains(root)) {
          call.emitOpError() << "reads buffer " << i << " before anything is written to it";
          isGood = false;
        }
        if (call.getAccess(i) != mcurt::Access::Read)
          written.insert(root);
      }
    });
    if (inputs > 1) {
      function.emitOpError() << "has " << inputs << " input buffers, one is possible";
      isGood = false;
    }
    if (!isGood)
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
