// What a scheduled program costs on a Cortex-M7: the model by which the compiler compares schedules. Modelled, never measured.
//
// A kernel of the dot-product family takes, for each group of rows, the cycles that llvm-mca gives for its inner loop, and outside of it a
// cycle for each instruction that QEMU counts; a kernel of any other kind a cycle for each instruction (docs/kernels.md has both). What it
// fetches of flash comes on top where it reads in place, and beside it where panels come by the port.
#ifndef MCUFORM_DIALECTS_MCURT_COST_H
#define MCUFORM_DIALECTS_MCURT_COST_H

#include "dialects/mcurt/McurtDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace mcuform::mcurt {

/// Cycles of all runs of `call` in one inference, its operands being where the core gets them without waiting. Every kernel of kernels.def
/// has a cost.
double computeCyclesOf(CallOp call);

/// The same with what it waits for flash, at `flashCyclesPerByte` for each byte of flashTrafficOf.
double cyclesOf(CallOp call, double flashCyclesPerByte);

/// Rows of a kernel that take the same time together as a whole: cycles for one pair of channels and one step of depth, times two channels.
/// Three rows share the unpacking of the weights, two and one do not have that luck.
double cyclesOfPair(int64_t rows);

/// The same where rows are interleaved by fours and the weights widened once for all of them.
double cyclesOfPairByFours(int64_t rows);

} // namespace mcuform::mcurt

#endif // MCUFORM_DIALECTS_MCURT_COST_H
