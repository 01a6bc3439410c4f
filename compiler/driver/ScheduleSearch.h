// Which schedule a network gets: the fastest by the cost model of dialects/mcurt/Cost.h that fits the budget.
//
// What is chosen: for each attention whether the keys and values of all its heads are cached, those of one head after another, or none; how
// many tokens and how many patches are computed together; where the image stands. A stage's cost and its bytes depend on few of these, so
// that a few dozen schedules are enough to know all combinations; the best ones are then planned until one fits (docs/memory.md).
#ifndef MCUFORM_COMPILER_DRIVER_SCHEDULESEARCH_H
#define MCUFORM_COMPILER_DRIVER_SCHEDULESEARCH_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <array>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mcuform {

/// How the rows that all tokens of an attention read are kept.
enum class AttentionSchedule {
  Cached,     ///< keys and values of all heads
  HeadByHead, ///< keys and values of one head at a time, and the contexts of the heads that are done in int8
  Absorbed,   ///< the normalized tokens in int8, which serve as keys and values of all heads
};
/// As --schedule spells them.
inline constexpr std::array<const char *, 3> kAttentionSchedules = {"cached", "head-by-head", "absorbed"};

/// What --input-mode can be. A stream has another interface, so that it is chosen only where nothing else fits.
inline constexpr const char *kStream = "stream";
inline constexpr std::array<const char *, 3> kInputModes = {"frame", "overwrite", kStream};

struct ScheduleRequest {
  int64_t budgetBytes = 0; ///< for the arena
  /// False where the budget is all that the target has: then less memory is worth a little time.
  bool isBudgetGiven = false;
  double flashCyclesPerByte = 0; ///< of the memory that holds the weights
  int64_t weightPanelBytes = 0;
  /// What the arena may take of each of several memories, as mcuf-plan-memory spells it; the budget is that of all together.
  std::vector<std::string> regions;
  /// Chosen where absent.
  std::optional<std::string> inputMode;
  std::optional<int64_t> tokenBlock;
  std::optional<AttentionSchedule> schedule;
  /// Whether a network with the projections of these attentions absorbed can be quantized; others are not looked at unless `schedule` asks.
  std::function<bool(llvm::ArrayRef<int64_t> absorbed)> canAbsorb = [](llvm::ArrayRef<int64_t>) { return true; };
  std::optional<bool> interleaveRows;
};

struct ScheduleChoice {
  std::string inputMode;
  int64_t tokenBlock = 0, patchBlock = 0;
  bool interleavesRows = false;
  std::vector<AttentionSchedule> attentions; ///< in the order of the network

  /// "cached", or "cached (10), head-by-head (2)" where attentions differ.
  std::string describeAttentions() const;
};

struct PlannedSchedule {
  ScheduleChoice choice;
  mlir::OwningOpRef<mlir::ModuleOp> scheduled, planned;
  int64_t arenaBytes = 0;
  bool fits = false;
};

class ScheduleSearch {
public:
  /// Gives the quantized network with the projections of these attentions absorbed; called once for each set that is looked at.
  using Quantizer = std::function<mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>>(llvm::ArrayRef<int64_t> absorbed)>;

  ScheduleSearch(ScheduleRequest request, Quantizer quantizer) : request(std::move(request)), quantizer(std::move(quantizer)) {}

  /// The best schedule that fits, or, with `fits` false, the smallest there is.
  mlir::FailureOr<PlannedSchedule> run();

private:
  /// A part of a schedule whose figures do not depend on the other parts.
  struct Part {
    double cycles = 0;
    int64_t peakBytes = 0;
  };
  /// All but the patch embedding, for one number of tokens.
  struct RowsFigures {
    int64_t tokenBlock = 0;
    bool interleavesRows = false;
    std::vector<std::array<std::optional<Part>, 3>> attentions; ///< by AttentionSchedule
    Part rest;
  };
  struct PatchFigures {
    std::string inputMode;
    int64_t patchBlock = 0;
    Part part;
  };
  struct Combination {
    ScheduleChoice choice;
    double price = 0; ///< modelled cycles, those of lossy parts counted for more
    int64_t peakBytes = 0;
  };

  mlir::FailureOr<mlir::ModuleOp> quantized(llvm::ArrayRef<int64_t> absorbed);
  mlir::FailureOr<mlir::OwningOpRef<mlir::ModuleOp>> schedule(const ScheduleChoice &choice);
  std::vector<int64_t> tokenBlocks() const;
  mlir::LogicalResult measurePatches();
  mlir::LogicalResult measureRows(AttentionSchedule kind);
  enum class Streamed { Avoided, Only };
  /// All combinations within `limitBytes`, streamed ones only where there are no others, or only those; the smallest one alone where there
  /// is none.
  std::vector<Combination> combine(int64_t limitBytes, Streamed streamed) const;
  /// The best first, without those that cannot be quantized.
  std::vector<Combination> inOrder(std::vector<Combination> all) const;
  /// Plans them in this order until one fits; else the smallest of them and `best`.
  mlir::LogicalResult planFirstThatFits(llvm::ArrayRef<Combination> combinations, PlannedSchedule &best);
  mlir::FailureOr<PlannedSchedule> plan(const Combination &combination);
  mlir::LogicalResult measureAll();

  ScheduleRequest request;
  Quantizer quantizer;
  std::map<std::vector<int64_t>, mlir::OwningOpRef<mlir::ModuleOp>> modules; ///< by the attentions that are absorbed
  int64_t rowCount = 0;
  size_t attentionCount = 0;
  bool mayAbsorb = true; ///< projections, as no attention with relative positions, by sigmoids or in groups may
  std::vector<RowsFigures> rowsFigures;
  std::vector<PatchFigures> patchFigures;
};

} // namespace mcuform

#endif
