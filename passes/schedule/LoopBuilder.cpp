// Function, stages and loops of a schedule; places of rows.
#include "passes/schedule/LoopBuilder.h"

#include "compiler/reference/HostTensor.h"
#include "dialects/mcuf/McufCodeOps.h"
#include "dialects/mcurt/NodeNames.h"
#include "passes/support/HeadAttribute.h"
#include "passes/support/ValueAttribute.h"

#include "mcuform/arith.h"
#include "mlir/Dialect/Quant/QuantTypes.h"

using namespace mlir;
using namespace mcuform::mcurt;

namespace mcuform::schedule {

LoopBuilder::LoopBuilder(func::FuncOp source, const RowGroups &groups, const StoragePlan &storage, const OpOrder &order, LoopOptions options)
    : source(source), groups(groups), storage(storage), order(order), options(options), builder(source) {
  for (auto [attention, block] : numberedAttentions<mcuf::QAttentionOp>(source)) {
    blockNumbers[attention] = block;
    for (Value cache : {lookThrough(attention.getK()), lookThrough(attention.getV())})
      cacheReaders.try_emplace(cache, attention);
  }
}

//===--- declarations -----------------------------------------------------===//

Value LoopBuilder::declareBuffer(StringRef name, ArrayRef<int64_t> shape, Type element, Location loc) {
  OpBuilder::InsertionGuard guard(builder);
  if (lastBuffer)
    builder.setInsertionPointAfter(lastBuffer);
  else
    builder.setInsertionPointToStart(&function.getBody().front());
  auto buffer = builder.create<BufferOp>(loc, MemRefType::get(shape, element), names.unique(name, "_"));
  lastBuffer = buffer;
  return buffer;
}

Value LoopBuilder::localBuffer(StringRef name, ArrayRef<int64_t> shape, unsigned bits, Location loc) {
  return builder.create<BufferOp>(loc, MemRefType::get(shape, builder.getIntegerType(bits)),
                                  names.unique((currentStage + "_" + name).str(), "_"));
}

Value LoopBuilder::bufferOf(unsigned number) {
  Value &buffer = buffers[number];
  if (buffer)
    return buffer;
  const Storage &wanted = storage.all()[number];
  Operation *op = wanted.firstWriter;
  Location loc = op->getLoc();
  switch (wanted.kind) {
  case Storage::Kind::Output:
    return buffer = function.getArgument(0);
  case Storage::Kind::Rows:
    return buffer = declareBuffer(bufferName(op), {wanted.rows, wanted.width}, builder.getIntegerType(wanted.bits), loc);
  case Storage::Kind::Block: {
    OpBuilder::InsertionGuard guard(builder);
    if (groups.groups[currentGroup].sequences > 1) // one for the loops of all sequences
      for (Operation *parent = builder.getInsertionBlock()->getParentOp(); !isa<func::FuncOp>(parent); parent = parent->getParentOp())
        builder.setInsertionPointToStart(&parent->getRegion(0).front());
    return buffer = localBuffer(bufferName(op), {blockRows, wanted.width}, 16, loc);
  }
  case Storage::Kind::Cache: {
    // docs/arithmetic.md: an odd number of tokens is padded.
    mcuf::QAttentionOp reader = cacheReaders.lookup(op->getResult(0));
    int64_t heads = reader.getNumHeads(), sequences = reader.getGroups(), tokens = (wanted.rows / sequences + 1) / 2 * 2;
    return buffer = declareBuffer(bufferName(op), {sequences * heads, tokens * (wanted.width / heads)}, builder.getI8Type(), loc);
  }
  }
  llvm_unreachable("covered switch");
}

Value LoopBuilder::constant(Operation *op, Value value, StringRef role, Layout layout) {
  ElementsAttr elements = mcuf::constantOf(value);
  Value &known = constants[{elements, static_cast<int>(layout)}];
  return known ? known : known = declareConstant(op, elements, role, layout);
}

Value LoopBuilder::int4Constant(Operation *op, Value value, Int4Groups groups) {
  ElementsAttr elements = mcuf::constantOf(value);
  Value &known = constants[{elements, static_cast<int>(Layout::Int4)}];
  if (known)
    return known;
  FailureOr<ElementsAttr> packed = packInt4(op, elements, groups);
  complete &= succeeded(packed);
  return known = declareConstant(op, succeeded(packed) ? *packed : elements, "weights", succeeded(packed) ? Layout::Int4 : Layout::Plain);
}

Value LoopBuilder::declareConstant(Operation *op, ElementsAttr elements, StringRef role, Layout layout) {
  OpBuilder::InsertionGuard guard(builder);
  if (Operation *after = lastConstant ? lastConstant : lastBuffer)
    builder.setInsertionPointAfter(after);
  else
    builder.setInsertionPointToStart(&function.getBody().front());
  // One set of factors serves the whole network; everything else belongs to one operator.
  std::string name = role == "factor" ? "residual_factor" : toIdentifier((layers.nameOf(op) + "_" + role).str());
  auto declared = builder.create<ConstantOp>(op->getLoc(), names.unique(name, "_"), layout, elements);
  lastConstant = declared;
  auto shape = declared.getType().getShape();
  int64_t padding = layout == Layout::Paired && shape[0] % 2 ? shape[1] : 0;
  layers.addWeights(op, sizeBytesOf(declared.getType()) + padding);
  return declared;
}

Value LoopBuilder::deltaTable(mcuf::Delta delta, Location loc) {
  Value &known = tables[delta];
  if (known)
    return known;
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  const int64_t values = delta == mcuf::Delta::None ? 1 : int64_t{1} << rt::delta_index_bits;
  return known = builder.create<TableOp>(loc, MemRefType::get({values}, builder.getIntegerType(16, /*isSigned=*/false)), mcuf::stringifyDelta(delta));
}

//===--- places -----------------------------------------------------------===//

Value LoopBuilder::view(Value buffer, ArrayRef<Coordinate> coordinates, Location loc) {
  SmallVector<Value> indices;
  SmallVector<int64_t> scales, offsets;
  bool isWhole = true;
  for (const Coordinate &coordinate : coordinates) {
    if (coordinate.index.value)
      indices.push_back(coordinate.index.value);
    scales.push_back(coordinate.index.value ? coordinate.scale : 0);
    offsets.push_back(coordinate.offset + (coordinate.index.value ? 0 : coordinate.index.number * coordinate.scale));
    isWhole &= !coordinate.index.value && offsets.back() == 0;
  }
  return isWhole ? buffer : builder.create<ViewOp>(loc, buffer, indices, scales, offsets);
}

Value LoopBuilder::rowsOf(Value value, int64_t row, Location loc, Coordinate column) {
  auto [from, fromRow] = selectedFrom(value, row);
  Place place = storage.placeOf(from, currentGroup);
  Value buffer = bufferOf(place.storage);
  bool isBlock = storage.all()[place.storage].kind == Storage::Kind::Block;
  Coordinate rowCoordinate = isBlock ? Coordinate{0} : Coordinate{first, 1, sequenceRow + fromRow + place.rowOffset};
  column.offset += place.column;
  return view(buffer, {rowCoordinate, column}, loc);
}

int64_t LoopBuilder::strideOf(Operation *op) const { return storage.all()[storage.placeOf(op->getResult(0), currentGroup).storage].width; }

Value LoopBuilder::resultRowsOf(Operation *op, Coordinate column) {
  Value result = op->getResult(0);
  return rowsOf(result, groups.groups[currentGroup].base.lookup(result), op->getLoc(), column);
}

Value LoopBuilder::operandRowsOf(Operation *op, Value operand, Coordinate column) {
  return rowsOf(operand, groups.groups[currentGroup].base.lookup(op->getResult(0)), op->getLoc(), column);
}

Value LoopBuilder::summandRowsOf(Operation *op, Value operand) {
  ElementsAttr elements = mcuf::constantOf(operand);
  if (!elements)
    return operandRowsOf(op, operand);
  Value &known = constants[{elements, static_cast<int>(Layout::Plain)}];
  if (!known) { // as rows, whatever map it belongs to
    const SmallVector<int64_t> shape{mcuf::rowCount(operand), mcuf::widthOf(operand)};
    known = declareConstant(op, toElements(toHostTensor(elements)->reshaped(shape), builder.getContext(), "positions"), "positions", Layout::Plain);
  }
  return view(known, {{first, 1, groups.groups[currentGroup].base.lookup(op->getResult(0))}, {0}}, op->getLoc());
}

//===--- loops ------------------------------------------------------------===//

void LoopBuilder::forBlocks(int64_t extent, int64_t step, Location loc, llvm::function_ref<void(Integer, Integer)> body) {
  if (extent <= step)
    return body(0, extent);
  auto loop = builder.create<ForOp>(loc, extent, step);
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&loop.getBody().front());
  // A block of one row has a known number of rows.
  body(Value(loop.getFirst()), step == 1 ? Integer(1) : Integer(loop.getCount()));
}

void LoopBuilder::call(Operation *op, StringRef kernel, ArrayRef<BufferUse> uses, ArrayRef<Integer> integers) {
  auto call = builder.create<CallOp>(op->getLoc(), kernel, uses, integers);
  call.setLayer(layers.indexOf(op));
  // A value whose first rows nobody needs begins with another row than its loop.
  if (int64_t row = sequenceRow + groups.groups[currentGroup].base.lookup(op->getResult(0)); row && op->hasAttr(kValueAttr))
    call->setAttr(kFirstRowAttr, builder.getI64IntegerAttr(row));
}

void LoopBuilder::buildGroup(unsigned number) {
  const Group &group = groups.groups[number];
  currentGroup = number;
  Operation *last = group.roots.back().getDefiningOp();
  OpBuilder::InsertionGuard guard(builder);
  currentStage = stageName(group);
  auto stage = builder.create<StageOp>(last->getLoc(), currentStage);
  if (std::optional<int64_t> block = blockOf(group))
    stage.setBlock(*block);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  if (auto embed = dyn_cast<mcuf::QPatchEmbedOp>(last))
    return buildPatchEmbed(embed);

  // A mean is summed up over the loop.
  auto mean = dyn_cast<mcuf::QMeanRowsOp>(last);
  Value sums;
  if (mean) {
    int64_t width = mcuf::widthOf(mean.getInput());
    sums = localBuffer("sums", {width}, 32, mean.getLoc());
    call(mean, "fill_zero_s32", {out(sums)}, {width});
  }
  const int64_t sequenceRows = group.rowCount / group.sequences;
  blockRows = std::min(options.tokenBlock, sequenceRows);
  for (sequence = 0; sequence < group.sequences; ++sequence) {
    sequenceRow = sequence * sequenceRows;
    forBlocks(sequenceRows, options.tokenBlock, last->getLoc(), [&](Integer firstRow, Integer rowCount) {
      first = firstRow;
      rows = rowCount;
      for (Operation *op : group.ops)
        if (op != mean)
          buildRows(op);
      if (mean)
        call(mean, "accumulate_rows_s16", {inout(sums), in(rowsOf(mean.getInput(), mean.getFirstRow(), mean.getLoc()))},
             {rows, mcuf::widthOf(mean.getInput())});
    });
  }
  sequence = sequenceRow = 0;
  first = 0;
  if (mean)
    call(mean, "scale_s32_s16", {out(resultRowsOf(mean)), in(sums)}, {mcuf::widthOf(mean.getInput()), int64_t(mean.getMult())});
}

void LoopBuilder::copyResult() {
  if (storage.isResultWrittenDirectly())
    return;
  Operation *op = groups.result.getDefiningOp();
  auto output = cast<MemRefType>(function.getArgument(0).getType());
  auto stage = builder.create<StageOp>(op->getLoc(), stageNames.unique("copy_result", "_"));
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&stage.getBody().front());
  first = 0;
  call(op, "copy_s16", {out(function.getArgument(0)), in(rowsOf(groups.result, groups.resultRow, op->getLoc()))},
       {output.getDimSize(0), output.getDimSize(1)});
}

void LoopBuilder::build() {
  Location loc = source.getLoc();
  auto returned = cast<RankedTensorType>(source.getResultTypes()[0]);
  Type output = MemRefType::get({returned.getNumElements() / returned.getShape().back(), returned.getShape().back()}, builder.getI16Type());
  function = builder.create<func::FuncOp>(loc, source.getName(), builder.getFunctionType({output}, {}));
  builder.setInsertionPointToEnd(function.addEntryBlock());
  if (auto quantized = dyn_cast<quant::UniformQuantizedType>(returned.getElementType()))
    function.setArgAttr(0, "mcurt.scale", builder.getF32FloatAttr(quantized.getScale()));

  enterLayers();
  if (source.getNumArguments()) {
    auto image = cast<RankedTensorType>(source.getArgumentTypes()[0]);
    auto quantized = dyn_cast<quant::UniformQuantizedType>(image.getElementType());
    Type stored = quantized ? quantized.getStorageType() : image.getElementType();
    SmallVector<int64_t> shape(image.getShape());
    if (options.streamsInput)
      shape[0] = cast<mcuf::QPatchEmbedOp>(*source.getArgument(0).getUsers().begin()).getPatchHeight();
    Value buffer = declareBuffer(quantized ? "sequence" : "image", shape, stored, loc);
    buffer.getDefiningOp<BufferOp>().setInput(true);
    if (quantized)
      function->setAttr("mcurt.input_scale", builder.getF32FloatAttr(float(quantized.getScale())));
    for (StringRef name : {"mean", "std"})
      if (Attribute value = source.getArgAttr(0, ("mcuf." + name).str()))
        function->setAttr(("mcurt." + name).str(), value);
  }
  for (unsigned number = 0; number < groups.groups.size(); ++number)
    buildGroup(number);
  copyResult();
  builder.create<func::ReturnOp>(loc);

  function->setAttr("mcurt.layers", layers.toAttr(builder));
  function->setAttr("mcurt.schedule",
                    builder.getDictionaryAttr({builder.getNamedAttr("kind", builder.getStringAttr("fused-rows")),
                                               builder.getNamedAttr("token_block", builder.getI64IntegerAttr(options.tokenBlock)),
                                               builder.getNamedAttr("interleave_from", builder.getI64IntegerAttr(options.interleaveFrom)),
                                               builder.getNamedAttr("patch_block", builder.getI64IntegerAttr(options.patchBlock))}));
  source.erase();
}

//===--- names ------------------------------------------------------------===//

std::string LoopBuilder::blockName(mcuf::QAttentionOp attention) {
  std::string name = std::to_string(blockNumbers.lookup(attention));
  if (std::optional<int64_t> head = headOf(attention))
    name += "_head_" + std::to_string(*head);
  return name;
}

std::optional<int64_t> LoopBuilder::blockOf(const Group &group) const {
  for (Operation *op : group.ops)
    if (isa<mcuf::QAttentionOp>(op))
      return blockNumbers.lookup(op);
  if (mcuf::QAttentionOp reader = cacheReaders.lookup(group.roots.back()))
    return blockNumbers.lookup(reader);
  return std::nullopt;
}

std::string LoopBuilder::stageName(const Group &group) {
  Operation *last = group.roots.back().getDefiningOp();
  std::string name;
  if (isa<mcuf::QPatchEmbedOp>(last))
    name = "patch_embed";
  else if (isCached(group.roots.back()))
    name = "block_" + blockName(cacheReaders.lookup(group.roots.back())) + (isa<mcuf::QNarrowOp>(last) ? "_tokens" : "_keys_values");
  for (Operation *op : group.ops)
    if (auto attention = dyn_cast<mcuf::QAttentionOp>(op))
      name = "block_" + blockName(attention);
  if (name.empty())
    name = isa<mcuf::QMeanRowsOp>(last) ? "pool" : llvm::any_of(group.ops, readsMap) ? "conv" : "rows";
  if (group.roots.back() == groups.result)
    name = name == "rows" ? "head" : name + "_head";
  return stageNames.unique(name, "_");
}

std::string LoopBuilder::bufferName(Operation *op) {
  if (isCached(op->getResult(0))) {
    mcuf::QAttentionOp reader = cacheReaders.lookup(op->getResult(0));
    StringRef kind = sharesCache(reader) ? "tokens_" : lookThrough(reader.getK()) == op->getResult(0) ? "keys_" : "values_";
    return (kind + blockName(reader)).str();
  }
  if (auto narrow = dyn_cast<mcuf::QNarrowOp>(op)) {
    auto attention = narrow.getInput().getDefiningOp<mcuf::QAttentionOp>();
    return attention ? "contexts_" + blockName(attention) : "narrow";
  }
  if (isa<mcuf::ConcatOp>(op))
    return "context";
  if (isa<mcuf::QWindowsOp>(op))
    return "windows";
  if (isa<mcuf::QDepthwiseOp>(op))
    return "depthwise";
  if (isa<mcuf::PermuteRowsOp>(op))
    return "permuted";
  if (isa<mcuf::QMaxPoolOp>(op))
    return "pooled";
  if (isa<mcuf::QPatchEmbedOp>(op))
    return "x";
  if (isa<mcuf::QAttentionOp>(op))
    return "context";
  if (isa<mcuf::QLayerNormOp, mcuf::QLayerNormAffineOp>(op))
    return "normed";
  if (isa<mcuf::QLinearActivationOp, mcuf::QActivationOp>(op))
    return "hidden";
  if (isa<mcuf::QMultiplyOp>(op))
    return "gated";
  if (isa<mcuf::QMeanRowsOp>(op))
    return "pooled";
  if (isa<mcuf::QLinearAddOp, mcuf::QAddOp, mcuf::QAddCodesOp>(op))
    return "sum";
  for (Operation *user : op->getUsers())
    if (auto attention = dyn_cast<mcuf::QAttentionOp>(user); attention && attention.getQ().getDefiningOp() == op)
      return "q";
  return "linear";
}

void LoopBuilder::enterLayers() {
  llvm::DenseSet<Operation *> needed;
  for (const Group &group : groups.groups)
    needed.insert(group.ops.begin(), group.ops.end());
  for (Operation &op : source.getOps()) {
    if (!needed.contains(&op))
      continue;
    mcuf::QAttentionOp reader = cacheReaders.lookup(op.getResult(0));
    layers.add(&op, !reader ? "" : lookThrough(reader.getK()) == op.getResult(0) ? "keys" : "values");
  }
}

} // namespace mcuform::schedule
