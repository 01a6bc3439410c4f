/// An order of execution for the nodes of a graph.
#ifndef MCUFORM_COMPILER_IMPORT_NODEORDER_H
#define MCUFORM_COMPILER_IMPORT_NODEORDER_H

#include "llvm/ADT/ArrayRef.h"

#include <vector>

namespace mcuform {

struct NodeOrder {
  /// All nodes that depend on no cycle, each after the nodes it reads; as near to the order of the file as that allows, and the same if
  /// that is good.
  std::vector<size_t> order;
  /// The cycles, each as the nodes along it, every one reading the one before it.
  std::vector<std::vector<size_t>> cycles;
};

/// `producers[n]` lists the nodes whose outputs node n reads; repetitions do no harm.
NodeOrder orderNodes(llvm::ArrayRef<std::vector<size_t>> producers);

} // namespace mcuform

#endif
