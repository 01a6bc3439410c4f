// Which head of the network's attention a single-headed attention computes: names of stages and buffers follow from it.
#ifndef MCUFORM_PASSES_SUPPORT_HEADATTRIBUTE_H
#define MCUFORM_PASSES_SUPPORT_HEADATTRIBUTE_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"

#include <optional>

namespace mcuform {

/// On `mcuf.attention` and `mcuf.q_attention` ops that were one op with their neighbours: the number of the head, from 0.
inline constexpr llvm::StringLiteral kHeadAttr = "mcuf.head";

inline void setHead(mlir::Operation *attention, int64_t head) {
  attention->setAttr(kHeadAttr, mlir::IntegerAttr::get(mlir::IntegerType::get(attention->getContext(), 64), head));
}

/// Nothing for an attention of all heads.
inline std::optional<int64_t> headOf(mlir::Operation *attention) {
  auto head = attention->getAttrOfType<mlir::IntegerAttr>(kHeadAttr);
  return head ? std::optional<int64_t>(head.getInt()) : std::nullopt;
}

/// All attentions of a function with the number of their block of the network: heads that were split belong to one.
template <class AttentionOp> llvm::SmallVector<std::pair<AttentionOp, int64_t>> numberedAttentions(mlir::func::FuncOp function) {
  llvm::SmallVector<std::pair<AttentionOp, int64_t>> result;
  int64_t blocks = 0;
  for (auto attention : function.getOps<AttentionOp>()) {
    blocks += headOf(attention).value_or(0) == 0;
    result.push_back({attention, blocks - 1});
  }
  return result;
}

} // namespace mcuform

#endif // MCUFORM_PASSES_SUPPORT_HEADATTRIBUTE_H
