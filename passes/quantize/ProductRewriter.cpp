#include "passes/quantize/ProductRewriter.h"

#include "mlir/Dialect/Quant/QuantTypes.h"

using namespace mlir;

namespace mcuform {

FailureOr<Value> rewriteProduct(OpBuilder &builder, const ScalePlan &plan, mcuf::BinaryOp product,
                                llvm::function_ref<Value(Value)> stored) {
  const Storage lhs = plan.storageOf(product.getLhs()), rhs = plan.storageOf(product.getRhs()), result = plan.storageOf(product);
  if (!lhs.channel.empty() || !rhs.channel.empty())
    return product.emitError() << "multiplies rows whose channels have scales of their own; supported are products of dense layers, with an "
                                  "activation behind them or without";
  // The result's scale keeps the ratio below 1/2 (ScalePlan).
  const int32_t mult = fixedPoint32(lhs.scale * rhs.scale / result.scale).value();
  Type element = quant::UniformQuantizedType::get(quant::QuantizationFlags::Signed, builder.getIntegerType(16), builder.getF32Type(),
                                                  result.scale, 0, -result.bound, result.bound - 1);
  return builder
      .create<mcuf::QMultiplyOp>(product.getLoc(), cast<RankedTensorType>(product.getType()).clone(element), stored(product.getLhs()),
                                 stored(product.getRhs()), uint64_t(mult))
      .getResult();
}

} // namespace mcuform
