// From integer operators on whole tensors to loops over blocks of rows with kernel calls (schedule iii of the design).
//
// 1. RowGroups: which values must exist for all rows, and one loop for each set of them that belongs together.
// 2. Storage:   which of them are overwritten in place.
// 3. LoopBuilder: the loops.
#include "passes/Passes.h"
#include "passes/schedule/LoopBuilder.h"

#include "mlir/Dialect/Quant/QuantOps.h"

namespace mcuform {
#define GEN_PASS_DEF_SCHEDULE
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

/// Reports everything that cannot be scheduled.
LogicalResult checkFunction(func::FuncOp function) {
  bool isGood = true;
  if (function.getBody().getBlocks().size() != 1 || function.getNumResults() != 1 || function.getNumArguments() > 1) {
    function.emitError() << "a network with one input and one output is needed, got " << function.getFunctionType();
    return failure();
  }
  llvm::DenseMap<Value, std::tuple<int64_t, int64_t, bool>> caches;
  for (Operation &op : function.getOps()) {
    std::string problem = schedule::whyUnsupported(&op);
    if (!problem.empty()) {
      op.emitOpError() << "cannot be scheduled: " << problem;
      isGood = false;
      continue;
    }
    auto attention = dyn_cast<mcuf::QAttentionOp>(op);
    if (!attention)
      continue;
    for (auto [value, isKeys] : {std::pair(attention.getK(), true), std::pair(attention.getV(), false)}) {
      std::tuple<int64_t, int64_t, bool> use(attention.getNumHeads(), attention.getGroups(), isKeys || schedule::sharesCache(attention));
      if (caches.try_emplace(schedule::lookThrough(value), use).first->second == use)
        continue;
      op.emitOpError() << "cannot be scheduled: its keys or values are read in another layout by another attention, too";
      isGood = false;
    }
  }
  Value returned = function.getBody().front().getTerminator()->getOperand(0);
  if (isGood && !schedule::lookThrough(returned).getDefiningOp<mcuf::ConstantOp>() &&
      !isa<BlockArgument>(schedule::lookThrough(returned)) && !schedule::isCached(schedule::lookThrough(returned)))
    return success();
  if (isGood)
    function.emitError() << "returns its input, a constant, or keys and values, none of which a loop over rows computes";
  return failure();
}

/// Kernels on windows know a row by its number, so that a loop over them begins with the first; sequences that attention keeps apart are
/// computed as a whole.
LogicalResult checkMaps(const schedule::RowGroups &groups) {
  for (const schedule::Group &group : groups.groups)
    for (Operation *op : group.ops) {
      const int64_t row = group.base.lookup(op->getResult(0));
      if (auto attention = dyn_cast<mcuf::QAttentionOp>(op); attention && attention.getGroups() > 1 && (row || group.rowCount != mcuf::rowCount(attention.getQ())))
        return op->emitOpError() << "cannot be scheduled: only some rows of its " << attention.getGroups() << " groups are needed";
      if (group.sequences > 1 && schedule::readsMap(op) && !isa<mcuf::PermuteRowsOp>(op))
        return op->emitOpError() << "cannot be scheduled: windows are taken in the loop of an attention in groups";
      if (row && schedule::readsMap(op) && !isa<mcuf::PermuteRowsOp>(op))
        return op->emitOpError() << "cannot be scheduled: only its rows from " << row << " on are needed, and a map is computed from its first row on";
    }
  return success();
}

/// Mode overwrite needs an image that nobody reads after its first patch embedding.
LogicalResult checkOverwrite(func::FuncOp function) {
  if (function.getNumArguments() != 1)
    return success();
  for (Operation *user : function.getArgument(0).getUsers())
    if (!isa<mcuf::QPatchEmbedOp>(user))
      return user->emitError() << "the input cannot be overwritten: its windows overlap, which only those of a patch embedding do not";
  if (function.getArgument(0).hasOneUse())
    return success();
  auto error = function.emitError() << "the input cannot be overwritten: " << llvm::range_size(function.getArgument(0).getUses()) << " operators read it";
  for (Operation *user : function.getArgument(0).getUsers())
    error.attachNote(user->getLoc()) << "one of them";
  return failure();
}

/// Mode stream needs an image that goes, line by line, into one patch embedding and nowhere else.
LogicalResult checkStream(func::FuncOp function) {
  if (function.getNumArguments() != 1)
    return function.emitError() << "the input cannot be streamed: there is none";
  Value image = function.getArgument(0);
  if (!cast<RankedTensorType>(image.getType()).getElementType().isInteger(8))
    return function.emitError() << "the input cannot be streamed: it is a sequence of rows, not an image";
  if (image.hasOneUse() && isa<mcuf::QPatchEmbedOp>(*image.getUsers().begin()))
    return success();
  auto error = function.emitError() << "the input cannot be streamed: " << llvm::range_size(image.getUses())
                                    << " operators read it, where one patch embedding is wanted";
  for (Operation *user : image.getUsers())
    error.attachNote(user->getLoc()) << "one of them";
  return failure();
}

struct Schedule : impl::ScheduleBase<Schedule> {
  using ScheduleBase::ScheduleBase;

  void runOnOperation() override {
    for (auto function : llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      if (tokenBlock < 1 || patchBlock < 1) {
        function.emitError() << "token-block and patch-block must be at least 1, got " << int64_t(tokenBlock) << " and " << int64_t(patchBlock);
        return signalPassFailure();
      }
      if (weightPanel < 0) {
        function.emitError() << "weight-panel must not be negative, got " << int64_t(weightPanel);
        return signalPassFailure();
      }
      if (inputMode != "frame" && inputMode != "overwrite" && inputMode != "stream") {
        function.emitError() << "'" << inputMode << "' is no input mode; they are frame, overwrite, stream";
        return signalPassFailure();
      }
      const bool overwritesInput = inputMode == "overwrite", streamsInput = inputMode == "stream";
      if (failed(checkFunction(function)) || (overwritesInput && failed(checkOverwrite(function))) || (streamsInput && failed(checkStream(function))))
        return signalPassFailure();
      schedule::OpOrder order;
      for (auto [position, op] : llvm::enumerate(function.getOps()))
        order[&op] = position;
      schedule::RowGroups groups = schedule::divideIntoGroups(function, order);
      if (failed(checkMaps(groups)))
        return signalPassFailure();
      schedule::StoragePlan storage(groups, order);
      Location loc = function.getLoc();
      schedule::LoopBuilder loops(function, groups, storage, order, {tokenBlock, patchBlock, overwritesInput, streamsInput, weightPanel, interleaveFrom});
      loops.build();
      if (!loops.isComplete())
        return signalPassFailure();
      if (int64_t least = loops.smallestPanelNeeded()) {
        emitError(loc) << "weight panels of " << int64_t(weightPanel) << " bytes hold no pair of units of any layer: the smallest needs " << least;
        return signalPassFailure();
      }
    }
  }
};

} // namespace
} // namespace mcuform
