// Writes the C++ source of a package: stages and calls (SourceEmitter.cpp), what firmware calls (EntryPoints.cpp).
#ifndef MCUFORM_COMPILER_EMISSION_SOURCEEMITTER_H
#define MCUFORM_COMPILER_EMISSION_SOURCEEMITTER_H

#include "compiler/emission/Contents.h"

namespace mcuform::emission {

class SourceEmitter {
public:
  explicit SourceEmitter(const Package &package)
      : package(const_cast<Package &>(package)),
        parameter(package.regions.empty() ? "unsigned char *arena" : "const " + package.name + "_memory &memory"),
        argument(package.regions.empty() ? "arena" : "memory") {}
  std::string emit();

private:
  void emitTables();
  void emitEntries();
  void emitFeedingState();
  void emitStreamedEntries();
  void emitStage(mcurt::StageOp stage);
  void emitBody(mlir::Block &block, const std::string &indent);
  void emitLoop(mcurt::ForOp loop, const std::string &indent);
  void emitFedBody(mcurt::ForOp loop, const std::string &indent);
  void emitCall(mcurt::CallOp call, const std::string &indent);
  /// Where `call` finishes rows of its layer: hands them to the hooks of mcuform/observe.h.
  void emitObservation(mcurt::CallOp call, const std::string &indent);

  std::string pointerTo(mlir::Value value) const;
  std::string describeBuffer(mlir::Value value) const;
  std::string indexName(mlir::Value index) const;
  std::string crcOfWeights() const;
  std::string arenaOf(mcurt::BufferOp buffer) const;
  std::string addressOf(mcurt::BufferOp buffer, llvm::StringRef type) const;
  std::string sizeMacroOf(const RegionArena *region) const;
  std::string fillEntries(llvm::StringRef entries, llvm::ArrayRef<std::pair<llvm::StringRef, std::string>> values) const;

  Package &package; ///< op handles of MLIR have no const accessors; nothing is changed
  /// How a stage takes the memory of a run, and is given it.
  const std::string parameter, argument;
  std::string text;
  std::string calls;                 ///< statements of <name>_run, or of <name>_finish
  std::string callsBefore, fedStage; ///< statements of <name>_begin, and what runs for each strip
  std::string callTable;             ///< entries of <name>_calls
  llvm::DenseMap<int64_t, mlir::Value> results; ///< of the stage that is being written, by layer: what the layer's last call writes
  llvm::DenseMap<mlir::Value, std::string> pointerNames, indexNames;
  int64_t step = 0;
  int depth = 0;
};

} // namespace mcuform::emission

#endif // MCUFORM_COMPILER_EMISSION_SOURCEEMITTER_H
