// Codes and scales of four-bit weights, byte by byte.
#include "passes/schedule/Int4Storage.h"

#include "compiler/reference/HostTensor.h"
#include "dialects/mcuf/McufDialect.h"

#include "mcuform/arith.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mcuform::schedule {

Int4Groups int4GroupsOf(Operation *op) {
  return llvm::TypeSwitch<Operation *, Int4Groups>(op)
      .Case<mcuf::QLinearOp, mcuf::QLinearAddOp, mcuf::QLinearActivationOp>([](auto linear) {
        return Int4Groups{linear.getWeightScalesAttr(), int64_t(linear.getWeightGroup().value_or(0))};
      })
      .Default([](Operation *) { return Int4Groups(); });
}

FailureOr<ElementsAttr> packInt4(Operation *op, ElementsAttr weightsAttr, Int4Groups groups) {
  FailureOr<HostTensor> weights = toHostTensor(weightsAttr), scales = toHostTensor(groups.scales);
  if (failed(weights) || failed(scales))
    return op->emitError() << "weights in four bits must be constants";
  const int64_t units = weights->shape()[0], depth = weights->shape()[1], groupCount = scales->shape()[1];
  const int64_t scaleBytes = rt::int4_scale_bytes(int32_t(depth), int32_t(groups.group));
  HostTensor packed(ElementKind::U8, {(units + 1) / 2, rt::int4_pair_bytes(int32_t(depth), int32_t(groups.group))});
  for (int64_t unit = 0; unit < (units + 1) / 2 * 2; ++unit) {
    uint8_t *pair = packed.data<uint8_t>() + unit / 2 * packed.width();
    for (int64_t k = 0; k < depth; ++k) {
      // An odd last unit has a partner of zeros.
      const int scale = unit < units ? scales->data<int8_t>()[unit * groupCount + k / groups.group] : 1;
      const int weight = unit < units ? weights->data<int8_t>()[unit * depth + k] : 0;
      const int code = scale > 0 ? weight / scale + rt::int4_zero : 0;
      if (scale > rt::int4_largest_scale || code < 1 || code > 15 || rt::int4_weight(code, scale) != weight)
        return op->emitError() << "weight " << weight << " of unit " << unit << ", input " << k << " is no multiple from -7 to 7 of its group's scale of "
                               << scale;
      pair[k / groups.group * 2 + unit % 2] = uint8_t(scale);
      pair[scaleBytes + k / 4 * 4 + k % 2 * 2 + unit % 2] |= uint8_t(k % 4 < 2 ? code : code << 4);
    }
  }
  return toElements(packed, op->getContext(), "weights");
}

} // namespace mcuform::schedule
