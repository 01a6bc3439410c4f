// Writes the scheduled function: stages, loops, buffers and kernel calls for groups whose storage is decided.
#ifndef MCUFORM_PASSES_SCHEDULE_LOOPBUILDER_H
#define MCUFORM_PASSES_SCHEDULE_LOOPBUILDER_H

#include "dialects/mcurt/McurtDialect.h"
#include "passes/schedule/Int4Storage.h"
#include "passes/schedule/Layers.h"
#include "passes/schedule/Storage.h"

namespace mcuform::schedule {

struct LoopOptions {
  int64_t tokenBlock;    ///< rows that a loop over tokens computes together
  int64_t patchBlock;    ///< patches that are unfolded together
  bool overwritesInput;  ///< the image lies over the tokens of its patch embedding
  bool streamsInput;     ///< the image comes line by line, a strip of patches at a time
  int64_t weightPanel;   ///< bytes for two panels of weights; 0: weights are read in place
  int64_t interleaveFrom; ///< rows from which on linear layers in place interleave them by fours; 0: never
};

/// index * scale + offset, in one dimension of a buffer.
struct Coordinate {
  mcurt::Integer index;
  int64_t scale = 1, offset = 0;
};

class LoopBuilder {
public:
  LoopBuilder(mlir::func::FuncOp source, const RowGroups &groups, const StoragePlan &storage, const OpOrder &order, LoopOptions options);

  /// Replaces the source function.
  void build();
  /// False, after a diagnostic, where weights could not be laid out.
  bool isComplete() const { return complete; }
  /// Where weights were to come by panels and no layer has a pair of units that fits: the bytes that the smallest pair asks for. Else 0.
  int64_t smallestPanelNeeded() const { return hasPanelThatFits ? 0 : smallestPanelRefused; }

private:
  // Declarations: buffers and constants at the start of the function.
  mlir::Value declareBuffer(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, mlir::Type element, mlir::Location loc);
  mlir::Value localBuffer(llvm::StringRef name, llvm::ArrayRef<int64_t> shape, unsigned bits, mlir::Location loc);
  mlir::Value bufferOf(unsigned storage);
  /// The constant behind `value`, which `op` reads in the role `role`.
  mlir::Value constant(mlir::Operation *op, mlir::Value value, llvm::StringRef role, mcurt::Layout layout = mcurt::Layout::Plain);

  /// The same for weights in four bits.
  mlir::Value int4Constant(mlir::Operation *op, mlir::Value weights, Int4Groups groups);
  mlir::Value declareConstant(mlir::Operation *op, mlir::ElementsAttr elements, llvm::StringRef role, mcurt::Layout layout);

  /// The table that an activation takes off max(x, 0).
  mlir::Value deltaTable(mcuf::Delta delta, mlir::Location loc);

  // Places. `row` is the row at the first iteration of the current loop.
  mlir::Value view(mlir::Value source, llvm::ArrayRef<Coordinate> coordinates, mlir::Location loc);
  mlir::Value rowsOf(mlir::Value value, int64_t row, mlir::Location loc, Coordinate column = {0});
  mlir::Value resultRowsOf(mlir::Operation *op, Coordinate column = {0});
  /// Values from a row of the result to the next.
  int64_t strideOf(mlir::Operation *op) const;
  /// Rows of the operand on which the result rows of the current block depend.
  mlir::Value operandRowsOf(mlir::Operation *op, mlir::Value operand, Coordinate column = {0});

  /// The same of an operand that may be a constant.
  mlir::Value summandRowsOf(mlir::Operation *op, mlir::Value operand);

  // Loops and calls.
  void forBlocks(int64_t extent, int64_t step, mlir::Location loc, llvm::function_ref<void(mcurt::Integer, mcurt::Integer)> body);
  void call(mlir::Operation *op, llvm::StringRef kernel, llvm::ArrayRef<mcurt::BufferUse> buffers, llvm::ArrayRef<mcurt::Integer> integers);
  /// Calls the kernel of a linear layer, by panels or on interleaved rows where that is asked for and pays. `rowsAtMost` of a call; `integers` begin with the
  /// kernel's own up to units.
  void callLinear(mlir::Operation *op, llvm::StringRef kernel, mcurt::BufferUse result, mlir::Value input, int64_t rowsAtMost,
                  llvm::SmallVector<mcurt::Integer> integers);
  void buildGroup(unsigned number);
  void buildRows(mlir::Operation *op);
  void buildPatchEmbed(mcuf::QPatchEmbedOp op);
  void buildFedPatchEmbed(mcuf::QPatchEmbedOp op, mcurt::BufferOp strip);
  void buildPrefix(mcuf::QPatchEmbedOp op);
  void buildPatches(mcuf::QPatchEmbedOp op, mcurt::BufferOp image, mcurt::Integer firstPatch, mcurt::Integer count, mlir::Value rowsOfTokens,
                    mlir::Value position);
  void buildCache(mcuf::QLinearOp op);
  void buildAttention(mcuf::QAttentionOp op);
  void buildNarrow(mcuf::QNarrowOp op);
  void buildConcat(mcuf::ConcatOp op);
  void buildPermute(mcuf::PermuteRowsOp op);
  /// All rows of what `op` reads as a map.
  mlir::Value wholeMap(mlir::Operation *op, mlir::Value value);
  /// Calls the kernel of an op on windows: its buffers are the rows of the result, the map and `constants`; `more` integers follow the grid's.
  template <class OpT>
  void callOnWindows(OpT op, llvm::StringRef kernel, llvm::ArrayRef<mcurt::BufferUse> constants, llvm::ArrayRef<mcurt::Integer> more);
  void copyResult();

  // Names.
  /// "3", or "3_head_1" where the heads of block 3 are split.
  std::string blockName(mcuf::QAttentionOp attention);
  std::optional<int64_t> blockOf(const Group &group) const;
  std::string stageName(const Group &group);
  std::string bufferName(mlir::Operation *op);
  void enterLayers();

  mlir::func::FuncOp source;
  const RowGroups &groups;
  const StoragePlan &storage;
  const OpOrder &order;
  LoopOptions options;
  mlir::OpBuilder builder;

  mlir::func::FuncOp function;
  mlir::Operation *lastBuffer = nullptr, *lastConstant = nullptr;
  llvm::DenseMap<unsigned, mlir::Value> buffers;
  llvm::DenseMap<std::pair<mlir::Attribute, int>, mlir::Value> constants;
  std::map<mcuf::Delta, mlir::Value> tables;
  LayerTable layers;
  NameSet names, stageNames;
  /// Which block of the network each attention belongs to, and the attention that reads a cache.
  llvm::DenseMap<mlir::Operation *, int64_t> blockNumbers;
  llvm::DenseMap<mlir::Value, mcuf::QAttentionOp> cacheReaders;

  // The loop that is being built.
  unsigned currentGroup = 0;
  std::string currentStage;
  int64_t blockRows = 0;
  mcurt::Integer first{0}, rows{0};
  /// Which of the group's sequences it computes, and the row before its first.
  int64_t sequence = 0, sequenceRow = 0;

  bool complete = true;
  bool hasPanelThatFits = false;
  int64_t smallestPanelRefused = 0;
};

} // namespace mcuform::schedule

#endif // MCUFORM_PASSES_SCHEDULE_LOOPBUILDER_H
