// Names and costs of the network's operators.
#include "passes/schedule/Layers.h"

#include "dialects/mcuf/McufDialect.h"
#include "dialects/mcurt/NodeNames.h"
#include "passes/schedule/Int4Storage.h"
#include "passes/support/ValueAttribute.h"

#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace mcuform::schedule {

std::string NameSet::unique(StringRef name, StringRef separator) {
  std::string candidate = name.str();
  for (unsigned number = 2; !used.insert(candidate).second; ++number)
    candidate = (name + separator + Twine(number)).str();
  return candidate;
}

int64_t macsOf(Operation *op) {
  auto dense = [](Value weights, int64_t rows) { return rows * mcuf::shapeOf(weights)[0] * mcuf::shapeOf(weights)[1]; };
  return TypeSwitch<Operation *, int64_t>(op)
      .Case<mcuf::QLinearOp, mcuf::QLinearAddOp, mcuf::QLinearActivationOp>(
          [&](auto op) { return dense(op.getWeights(), mcuf::rowCount(op.getResult())); })
      .Case([&](mcuf::QPatchEmbedOp op) { return dense(op.getWeights(), mcuf::shapeOf(op.getPosition())[0]); })
      .Case([](mcuf::QDepthwiseOp op) {
        return mcuf::rowCount(op.getResult()) * mcuf::shapeOf(op.getWeights())[0] * mcuf::widthOf(op.getResult());
      })
      .Case([](mcuf::QAttentionOp op) {
        // With relative positions, a row of a table costs as much as a key or a value.
        auto keysWith = [&](bool table) {
          return mcuf::rowCount(op.getK()) / int64_t(op.getGroups()) + (table ? mcuf::RelativeGrid::of(*op.getGrid()).tableRows() : 0);
        };
        return mcuf::rowCount(op.getQ()) *
               (keysWith(bool(op.getKTable())) * mcuf::widthOf(op.getQ()) + keysWith(bool(op.getVTable())) * mcuf::widthOf(op.getV()));
      })
      .Default([](Operation *) { return 0; });
}

void LayerTable::add(Operation *op, StringRef role) {
  StringRef kind = op->getName().stripDialect();
  kind.consume_front("q_");
  auto nodes = mcurt::nodeNamesOf(op->getLoc());
  std::string name = nodes.empty() ? (kind + "_" + Twine(layers.size())).str() : nodes.front();
  if (!role.empty())
    name += (":" + role).str();
  indices[op] = layers.size();
  Layer layer{names.unique(name, ":"), kind.str(), macsOf(op)};
  if (isa<mcuf::QLinearOp, mcuf::QLinearAddOp, mcuf::QLinearActivationOp, mcuf::QPatchEmbedOp>(op))
    layer.weightBits = int4GroupsOf(op).scales ? 4 : 8;
  layer.int4Sqnr = op->getAttrOfType<FloatAttr>(mcuf::kInt4SqnrAttr);
  layer.value = op->getAttrOfType<DictionaryAttr>(kValueAttr);
  layers.push_back(std::move(layer));
}

ArrayAttr LayerTable::toAttr(Builder &builder) const {
  SmallVector<Attribute> entries;
  for (const Layer &layer : layers) {
    NamedAttrList entry;
    entry.set("name", builder.getStringAttr(layer.name));
    entry.set("kind", builder.getStringAttr(layer.kind));
    entry.set("macs", builder.getI64IntegerAttr(layer.macs));
    entry.set("weights_bytes", builder.getI64IntegerAttr(layer.weightsBytes));
    if (layer.value)
      entry.set("value", layer.value);
    if (layer.int4Sqnr) { // only where four bits were considered
      entry.set("weight_bits", builder.getI64IntegerAttr(layer.weightBits));
      entry.set("int4_sqnr_db", layer.int4Sqnr);
    }
    entries.push_back(entry.getDictionary(builder.getContext()));
  }
  return builder.getArrayAttr(entries);
}

} // namespace mcuform::schedule
