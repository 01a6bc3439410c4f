// The table of the network's operators that is carried to the report: what each is called, what it costs.
#ifndef MCUFORM_PASSES_SCHEDULE_LAYERS_H
#define MCUFORM_PASSES_SCHEDULE_LAYERS_H

#include "mlir/IR/Builders.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringSet.h"

#include <string>
#include <vector>

namespace mcuform::schedule {

/// Names that are each given once: a name that is taken gets a number.
class NameSet {
public:
  /// `separator` stands between the name and its number.
  std::string unique(llvm::StringRef name, llvm::StringRef separator);

private:
  llvm::StringSet<> used;
};

class LayerTable {
public:
  /// Enters `op`; the name is that of its first ONNX node followed by `role`, or its kind and number where it has no name.
  void add(mlir::Operation *op, llvm::StringRef role);
  /// Index into the table.
  int64_t indexOf(mlir::Operation *op) const { return indices.lookup(op); }
  llvm::StringRef nameOf(mlir::Operation *op) const { return layers[indexOf(op)].name; }
  /// Counts a constant to the operator that uses it first.
  void addWeights(mlir::Operation *op, int64_t bytes) { layers[indexOf(op)].weightsBytes += bytes; }

  mlir::ArrayAttr toAttr(mlir::Builder &builder) const;

private:
  struct Layer {
    std::string name, kind;
    int64_t macs = 0, weightsBytes = 0, weightBits = 0;
    mlir::FloatAttr int4Sqnr = {}; ///< what four-bit weights cost or would cost; null where they were not considered
    mlir::DictionaryAttr value = {}; ///< mcuf.value, null where it stands for none of the float network
  };
  std::vector<Layer> layers;
  llvm::DenseMap<mlir::Operation *, int64_t> indices;
  NameSet names;
};

/// Multiply-accumulates of an operator over all its rows, as the network has it: what a schedule leaves out or does twice does not count.
int64_t macsOf(mlir::Operation *op);

} // namespace mcuform::schedule

#endif // MCUFORM_PASSES_SCHEDULE_LAYERS_H
