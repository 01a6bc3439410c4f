// What one inference fetches of the constants: the walk over a scheduled program that the report and cost models share.
#ifndef MCUFORM_DIALECTS_MCURT_TRAFFIC_H
#define MCUFORM_DIALECTS_MCURT_TRAFFIC_H

#include "dialects/mcurt/McurtDialect.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"

#include <string>
#include <vector>

namespace mcuform::mcurt {

/// How often one inference runs `call`: the trip counts of the loops around it, multiplied.
int64_t runsOf(CallOp call);

/// One constant that a call reads.
struct ConstantRead {
  CallOp call;
  unsigned buffer; ///< position among the buffers of the call
  ConstantOp constant;
  int64_t runs;  ///< of the call in one inference
  int64_t bytes; ///< fetched in one inference: each byte once a run
  bool byPanels; ///< copied panel by panel, so exact; else read in place
};

/// All of them, in the order of the program.
///
/// A run of a call fetches each byte of its constants once. Of a view whose coordinate follows a loop, all runs of that loop together fetch
/// what they walk over once (rows of a position embedding, one multiplier a head). For weights by panels `bytes` is what the port's reads
/// copy. In place it is what reaches the core if the two channels that it works on stay in the data cache while the rows of the block pass:
/// without a cache the core loads them again for every three rows of the block (docs/kernels.md).
std::vector<ConstantRead> constantReadsOf(mlir::func::FuncOp function);

/// Bytes of constants that one inference fetches.
struct FlashTraffic {
  int64_t inPlaceBytes = 0, panelBytes = 0;
  int64_t totalBytes() const { return inPlaceBytes + panelBytes; }
};
FlashTraffic flashTrafficOf(mlir::func::FuncOp function);
/// The same of one call.
FlashTraffic flashTrafficOf(CallOp call);

/// The same for one operator of the network.
struct LayerTraffic {
  int64_t bytes = 0;
  /// How its weights come: "in place", "panels of 16 units"; empty where it has none.
  std::string how;
};
/// In the order of mcurt.layers.
std::vector<LayerTraffic> trafficByLayer(mlir::func::FuncOp function);

/// Bytes that all runs of `call` reach of what `value` points to, each once a run; a loop that walks over a view reaches each byte once in
/// all.
int64_t bytesReached(CallOp call, mlir::Value value);

/// Bytes that one inference loads and stores of each of `buffers`: rows that are multiplied with a matrix once for each pair of its
/// columns, as the kernels do it (docs/kernels.md), all else once a run. Tells which buffers gain most from fast memory.
std::vector<int64_t> bufferTrafficOf(mlir::func::FuncOp function, llvm::ArrayRef<BufferOp> buffers);

/// Bytes of a constant as it lies in flash: of paired rows that are odd in number one row of zeros more.
int64_t storedBytesOf(ConstantOp constant);

} // namespace mcuform::mcurt

#endif // MCUFORM_DIALECTS_MCURT_TRAFFIC_H
