// The hidden units of gated MLPs, as the passes that change their number see them.
#ifndef MCUFORM_PASSES_FUSION_GATEDUNITS_H
#define MCUFORM_PASSES_FUSION_GATEDUNITS_H

#include "passes/fusion/Matching.h"

#include <array>

namespace mcuform {

/// act(W1 x + b1) * (W2 x + b2), read by constant layers alone: SwiGLU and its like, the activation behind either layer, both or none.
struct GatedUnits {
  mcuf::BinaryOp product;
  std::array<mcuf::LinearOp, 2> layers;
  /// Null where there is none.
  std::array<mlir::Operation *, 2> activations;
  llvm::SmallVector<mcuf::LinearOp> readers;

  /// Nothing where a layer or an activation has another reader.
  static std::optional<GatedUnits> match(mcuf::BinaryOp op);
  /// The same product of other layers.
  mlir::Value of(mlir::PatternRewriter &rewriter, std::array<mcuf::LinearOp, 2> others);
};

} // namespace mcuform

#endif
