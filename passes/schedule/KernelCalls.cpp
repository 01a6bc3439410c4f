// Which kernels compute the rows of each integer operator.
#include "passes/schedule/LoopBuilder.h"

#include "dialects/mcuf/McufCodeOps.h"

#include "mlir/Dialect/Quant/QuantTypes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mcuform::mcurt;

namespace mcuform::schedule {

/// Lines of an image that begin at a multiple of 8 are read by words.
constexpr int64_t kInputAlignBytes = 8;

/// Whether the embedding reads rows as they are, rather than patches that are unfolded first.
static bool readsRows(mcuf::QPatchEmbedOp op) { return isa<quant::QuantizedType>(cast<RankedTensorType>(op.getImage().getType()).getElementType()); }

/// By how many bytes an image must lie behind the start of the tokens that overwrite it, patches being read `block` at a time: so many that the tokens written
/// after each step end where the first pixel still to be read begins, or before.
static int64_t leadOfImage(mcuf::QPatchEmbedOp op, int64_t block) {
  auto image = mcuf::shapeOf(op.getImage());
  const mcuf::WindowGrid grid = mcuf::patchGridOf(op);
  int64_t tokenBytes = 2 * mcuf::shapeOf(op.getWeights())[0], patches = mcuf::shapeOf(op.getPosition())[0];
  int64_t prefix = op.getPrefix() ? mcuf::shapeOf(op.getPrefix())[0] : 0;
  int64_t lead = 0;
  for (int64_t done = 0; done < patches; done += block) {
    // The first pixel of the next patch that lies on the image.
    const int64_t line = std::max<int64_t>(done / grid.outWidth * grid.kernelHeight - grid.padTop, 0),
                  column = std::max<int64_t>(done % grid.outWidth * grid.kernelWidth - grid.padLeft, 0);
    int64_t firstUnread = (line * grid.width + column) * grid.channels, written = prefix + done;
    if (readsRows(op)) { // while the tokens of the same block are written
      firstUnread = done * image[2] * 2;
      written += std::min(block, patches - done);
    }
    lead = std::max(lead, tokenBytes * written - firstUnread);
  }
  return (lead + kInputAlignBytes - 1) / kInputAlignBytes * kInputAlignBytes;
}

/// "linear_add_panels_s16" for "linear_add_s16" and "panels".
static std::string variantOf(StringRef kernel, StringRef variant) {
  auto [name, type] = kernel.rsplit('_');
  return (name + "_" + variant + "_" + type).str();
}

void LoopBuilder::callLinear(Operation *op, StringRef kernel, BufferUse result, Value input, int64_t rowsAtMost, SmallVector<Integer> integers) {
  const Int4Groups groups = int4GroupsOf(op);
  std::array<Value, 3> constants =
      llvm::TypeSwitch<Operation *, std::array<Value, 3>>(op)
          .Case<mcuf::QLinearOp, mcuf::QLinearActivationOp, mcuf::QLinearAddOp, mcuf::QPatchEmbedOp>([&](auto linear) {
            Value weights = groups.scales ? int4Constant(op, linear.getWeights(), groups) : constant(op, linear.getWeights(), "weights", Layout::Paired);
            return std::array<Value, 3>{weights, constant(op, linear.getBias(), "bias"), constant(op, linear.getMult(), "mult")};
          });
  const Value weights = constants[0];
  auto callWith = [&](StringRef variant, ArrayRef<BufferUse> scratch) {
    SmallVector<BufferUse> buffers{result};
    llvm::append_range(buffers, scratch);
    buffers.append({in(input), in(weights), in(constants[1]), in(constants[2])});
    if (auto activated = dyn_cast<mcuf::QLinearActivationOp>(op))
      buffers.push_back(in(deltaTable(activated.getDelta(), op->getLoc())));
    call(op, variant.empty() ? kernel.str() : variantOf(kernel, variant), buffers, integers);
  };
  // Four bits are unpacked on the way into the kernel, which reads each byte once a call as it is.
  if (groups.scales) {
    Value pair = localBuffer("pair", {2 * mcuf::widthOf(op->getOperand(0))}, 8, op->getLoc());
    integers.push_back(groups.group);
    return callWith("int4", {out(pair)});
  }
  int64_t units = (typeOf(weights).getDimSize(0) + 1) / 2 * 2, depth = typeOf(weights).getDimSize(1);
  int64_t panelUnits = std::min(options.weightPanel / 2 / depth / 2 * 2, units);
  if (options.weightPanel && panelUnits < 2)
    smallestPanelRefused = smallestPanelRefused ? std::min(smallestPanelRefused, 4 * depth) : 4 * depth;
  if (panelUnits >= 2) {
    hasPanelThatFits = true;
    // Of a single row each weight is read once, panels or not.
    if (rowsAtMost > 1) {
      Value panels = localBuffer("panels", {panelUnits < units ? 2 : 1, panelUnits * depth}, 8, op->getLoc());
      integers.push_back(panelUnits);
      return callWith("panels", {out(panels)});
    }
  }
  if (options.interleaveFrom && rowsAtMost >= std::max<int64_t>(options.interleaveFrom, 4)) {
    // Two rows more are a pair of channels, widened.
    Value fours = localBuffer("fours", {rowsAtMost / 4 * 4 + 2, depth}, 16, op->getLoc());
    return callWith("fours", {out(fours)});
  }
  callWith("", {});
}

static int64_t prefixRows(mcuf::QPatchEmbedOp op) { return op.getPrefix() ? mcuf::shapeOf(op.getPrefix())[0] : 0; }

void LoopBuilder::buildPrefix(mcuf::QPatchEmbedOp op) {
  if (!op.getPrefix())
    return;
  first = 0;
  call(op, "copy_s16", {out(rowsOf(op.getResult(), 0, op.getLoc())), in(constant(op, op.getPrefix(), "prefix"))},
       {prefixRows(op), mcuf::shapeOf(op.getWeights())[0]});
}

/// Tokens of `count` patches of an image or of a strip of it, or rows of a sequence, from `firstPatch` on.
void LoopBuilder::buildPatches(mcuf::QPatchEmbedOp op, BufferOp image, Integer firstPatch, Integer count, Value rowsOfTokens, Value position) {
  auto shape = image.getType().getShape();
  auto weights = mcuf::shapeOf(op.getWeights());
  int64_t units = weights[0], depth = weights[1];
  Value patchRows;
  if (readsRows(op)) {
    patchRows = view(image, {{0}, {firstPatch}, {0}}, op.getLoc());
  } else {
    patchRows = localBuffer("patches", {blockRows, depth}, 16, op.getLoc());
    const mcuf::WindowGrid grid = mcuf::patchGridOf(op);
    if (!op.getPads())
      call(op, "unfold_u8", {out(patchRows), in(image)}, {firstPatch, count, shape[1], shape[2], grid.kernelHeight, grid.kernelWidth});
    else // a strip has the lines above and below the image
      call(op, "unfold_padded_u8", {out(patchRows), in(image)},
           {firstPatch, count, shape[0], shape[1], shape[2], grid.kernelHeight, grid.kernelWidth, options.streamsInput ? 0 : grid.padTop,
            grid.padLeft, grid.outWidth, int64_t(op.getPadValue())});
  }
  call(op, "copy_s16", {out(rowsOfTokens), in(position)}, {count, units});
  callLinear(op, "linear_add_s16", inout(rowsOfTokens), patchRows, blockRows, {count, depth, units});
}

void LoopBuilder::buildPatchEmbed(mcuf::QPatchEmbedOp op) {
  Location loc = op.getLoc();
  Value tokens = op.getResult();
  int64_t patches = mcuf::shapeOf(op.getPosition())[0];
  BufferOp image;
  for (auto buffer : function.getOps<BufferOp>())
    if (buffer.getInput())
      image = buffer;
  if (options.streamsInput)
    return buildFedPatchEmbed(op, image);

  blockRows = std::min(readsRows(op) ? options.tokenBlock : options.patchBlock, patches); // rows need no scratch
  first = 0;
  if (options.overwritesInput) {
    Value x = rootOf(rowsOf(tokens, 0, loc));
    image->moveAfter(x.getDefiningOp());
    lastBuffer = image;
    image.getOverMutable().assign(x);
    image.setLead(leadOfImage(op, blockRows));
  }
  buildPrefix(op);
  forBlocks(patches, blockRows, loc, [&](Integer firstPatch, Integer count) {
    first = firstPatch;
    buildPatches(op, image, firstPatch, count, rowsOf(tokens, prefixRows(op), loc), view(constant(op, op.getPosition(), "position"), {{first}, {0}}, loc));
  });
  first = 0;
}

void LoopBuilder::buildFedPatchEmbed(mcuf::QPatchEmbedOp op, BufferOp strip) {
  Location loc = op.getLoc();
  auto image = mcuf::shapeOf(op.getImage());
  int64_t units = mcuf::shapeOf(op.getWeights())[0], patches = mcuf::shapeOf(op.getPosition())[0], patchesInStrip = mcuf::patchGridOf(op).outWidth;
  if (op.getPrefix()) {
    // Before the first line comes.
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPoint(builder.getInsertionBlock()->getParentOp());
    auto stage = builder.create<StageOp>(loc, stageNames.unique(currentStage + "_prefix", "_"));
    builder.setInsertionPointToEnd(&stage.getBody().front());
    buildPrefix(op);
  }
  Value state = declareBuffer("fed", {2}, builder.getI32Type(), loc);
  auto loop = builder.create<ForOp>(loc, patches, patchesInStrip);
  loop.getFeedMutable().assign({strip.getResult(), state});
  loop.setLines(image[0]);
  if (op.getPads()) {
    loop.setMargin(mcuf::patchGridOf(op).padTop);
    loop.setMarginValue(op.getPadValue());
  }
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToEnd(&loop.getBody().front());
  first = Value(loop.getFirst());
  Value rowsOfTokens = rowsOf(op.getResult(), prefixRows(op), loc), position = view(constant(op, op.getPosition(), "position"), {{first}, {0}}, loc);
  blockRows = std::min(options.patchBlock, patchesInStrip);
  forBlocks(patchesInStrip, blockRows, loc, [&](Integer inStrip, Integer count) {
    buildPatches(op, strip, inStrip, count, view(rowsOfTokens, {{inStrip, units}}, loc), view(position, {{inStrip, units}}, loc));
  });
  first = 0;
}

void LoopBuilder::buildCache(mcuf::QLinearOp op) {
  mcuf::QAttentionOp reader = cacheReaders.lookup(op.getResult());
  bool isKeys = lookThrough(reader.getK()) == op.getResult();
  int64_t tokens = mcuf::rowCount(op.getResult()) / int64_t(reader.getGroups()), units = mcuf::widthOf(op.getResult());
  Value cache = view(bufferOf(storage.placeOf(op.getResult(), currentGroup).storage), {{0, 1, sequence * int64_t(reader.getNumHeads())}, {0}}, op.getLoc());
  callLinear(op, isKeys ? "linear_keys_s8" : "linear_values_s8", out(cache), operandRowsOf(op, op.getInput()), blockRows,
             {first, rows, mcuf::widthOf(op.getInput()), units, tokens, units / int64_t(reader.getNumHeads())});
}

void LoopBuilder::buildAttention(mcuf::QAttentionOp op) {
  Location loc = op.getLoc();
  int64_t heads = op.getNumHeads(), tokens = mcuf::rowCount(op.getK()) / int64_t(op.getGroups());
  int64_t keyWidth = mcuf::widthOf(op.getQ()) / heads, valueWidth = mcuf::widthOf(op.getV()) / heads;
  auto cacheOf = [&](Value value) { return bufferOf(storage.placeOf(value, currentGroup).storage); };
  Value keys = cacheOf(op.getK()), values = cacheOf(op.getV()), mult = constant(op, op.getScoreMult(), "mult");
  auto optional = [&](Value value, StringRef role, Layout layout = Layout::Plain) {
    return value ? constant(op, value, role, layout) : Value();
  };
  Value keyTable = optional(op.getKTable(), "k_table", Layout::Paired), keyTableMult = optional(op.getKTableMult(), "k_table_mult"),
        valueTable = optional(op.getVTable(), "v_table", Layout::Paired), valueTableMult = optional(op.getVTableMult(), "v_table_mult");
  // Where the rows of this block stand on the grid: the kernels add the index of the loop to the row at its first iteration.
  const auto grid = op.isRelative() ? mcuf::RelativeGrid::of(*op.getGrid()) : mcuf::RelativeGrid();
  const int64_t firstQuery = int64_t(op.getFirstQuery()) + groups.groups[currentGroup].base.lookup(op.getResult()),
                tableRows = grid.tableRows();
  const SmallVector<Integer> places{first, rows, firstQuery, grid.prefix, grid.height, grid.width, grid.rowClip, grid.columnClip};
  auto queries = [&](Integer head) {
    return mcuf::constantOf(op.getQ()) ? constant(op, op.getQ(), "query") : operandRowsOf(op, op.getQ(), {head, keyWidth});
  };
  resultRowsOf(op); // declares the buffer of the context outside of the loop over heads
  forBlocks(heads, 1, loc, [&](Integer head, Integer) {
    Value scores = localBuffer("scores", {blockRows, (tokens + 1) / 2 * 2}, 16, loc);
    Value sums = localBuffer("sums", {blockRows}, 32, loc);
    call(op, "attention_scores_s16",
         {out(scores), in(queries(head)), in(view(keys, {{head, 1, sequence * heads}, {0}}, loc)),
          in(view(mult, {{head}}, loc))},
         {rows, tokens, keyWidth, mcuf::widthOf(op.getQ())});
    if (keyTable) {
      // The rows of the table in the place of keys.
      Value terms = localBuffer("terms", {blockRows, tableRows + 1}, 16, loc);
      call(op, "attention_scores_s16",
           {out(terms), in(operandRowsOf(op, op.getQ(), {head, keyWidth})), in(keyTable), in(view(keyTableMult, {{head}}, loc))},
           {rows, tableRows, keyWidth, mcuf::widthOf(op.getQ())});
      call(op, "relative_scores_s16", {inout(scores), in(terms)}, places);
    }
    if (op.getSigmoidBias())
      call(op, "sigmoid_s16", {inout(scores), out(sums)}, {rows, tokens, *op.getSigmoidBias(), int64_t(*op.getWeightTotal())});
    else
      call(op, "softmax_s16", {inout(scores), out(sums)}, {rows, tokens});
    call(op, !sharesCache(op) ? "attention_context_s16" : blockRows > 1 ? "attention_context_keys_s16" : "attention_context_keys_one_s16",
         {out(resultRowsOf(op, {head, valueWidth})), in(scores), in(view(values, {{head, 1, sequence * heads}, {0}}, loc)), in(sums)},
         {rows, tokens, valueWidth, strideOf(op)});
    if (valueTable) {
      Value shares = localBuffer("shares", {blockRows, tableRows + 1}, 16, loc);
      call(op, "relative_shares_s16", {out(shares), in(scores), in(sums)}, places);
      call(op, "relative_context_s16",
           {inout(resultRowsOf(op, {head, valueWidth})), in(shares), in(valueTable), in(view(valueTableMult, {{head, valueWidth}}, loc))},
           {rows, tableRows + 1, valueWidth, strideOf(op)});
    }
  });
}

void LoopBuilder::buildNarrow(mcuf::QNarrowOp op) {
  int64_t width = mcuf::widthOf(op.getResult());
  BufferUse input = in(operandRowsOf(op, op.getInput())), mult = in(constant(op, op.getMult(), "mult"));
  if (isCached(op.getResult()))
    call(op, "narrow_keys_s8", {out(bufferOf(storage.placeOf(op.getResult(), currentGroup).storage)), input, mult},
         {first, rows, width, mcuf::rowCount(op.getResult())});
  else
    call(op, "narrow_s8", {out(resultRowsOf(op)), input, mult}, {rows, width});
}

void LoopBuilder::buildConcat(mcuf::ConcatOp op) {
  int64_t column = 0;
  for (auto [number, input] : llvm::enumerate(op.getInputs())) {
    int64_t width = mcuf::widthOf(input);
    if (!storage.isJoinedInPlace(op, number, currentGroup))
      call(op, "copy_columns_s16", {out(resultRowsOf(op, {0, 1, column})), in(operandRowsOf(op, input))}, {rows, width, strideOf(op)});
    column += width;
  }
}

template <class OpT>
void LoopBuilder::callOnWindows(OpT op, StringRef kernel, ArrayRef<BufferUse> constants, ArrayRef<Integer> more) {
  const mcuf::WindowGrid grid = mcuf::WindowGrid::of(op);
  Value map;
  if (isa<BlockArgument>(op.getInput())) {
    for (auto buffer : function.getOps<BufferOp>())
      if (buffer.getInput())
        map = buffer;
  } else {
    map = wholeMap(op, op.getInput());
  }
  SmallVector<BufferUse> buffers = {out(resultRowsOf(op)), in(map)};
  llvm::append_range(buffers, constants);
  SmallVector<Integer> integers = {first,        rows,         grid.height, grid.width,   grid.channels, grid.kernelHeight, grid.kernelWidth,
                                   grid.strideY, grid.strideX, grid.padTop, grid.padLeft, grid.outWidth};
  llvm::append_range(integers, more);
  call(op, kernel, buffers, integers);
}

Value LoopBuilder::wholeMap(Operation *op, Value value) {
  Place place = storage.placeOf(lookThrough(value), currentGroup);
  return view(bufferOf(place.storage), {{0, 1, place.rowOffset}, {0, 1, place.column}}, op->getLoc());
}

void LoopBuilder::buildPermute(mcuf::PermuteRowsOp op) {
  SmallVector<int64_t> sizes(4 - op.getSizes().size(), 1), strides(sizes.size(), 0);
  llvm::append_range(sizes, op.getSizes());
  llvm::append_range(strides, op.getStrides());
  const int64_t base = sequenceRow + groups.groups[currentGroup].base.lookup(op.getResult());
  call(op, "permute_rows_s16", {out(resultRowsOf(op)), in(wholeMap(op, op.getInput()))},
       {first, rows, base, mcuf::widthOf(op.getResult()), sizes[1], sizes[2], sizes[3], strides[0], strides[1], strides[2], strides[3]});
}

void LoopBuilder::buildRows(Operation *op) {
  auto linearRows = [&](auto linear, StringRef kernel, BufferUse result, SmallVector<Integer> more = {}) {
    SmallVector<Integer> integers = {rows, mcuf::widthOf(linear.getInput()), mcuf::widthOf(linear.getResult())};
    llvm::append_range(integers, more);
    callLinear(op, kernel, result, operandRowsOf(op, linear.getInput()), blockRows, integers);
  };
  int64_t width = mcuf::widthOf(op->getResult(0));
  llvm::TypeSwitch<Operation *>(op)
      .Case([&](mcuf::QLayerNormOp norm) {
        call(op, norm.getCentered() ? "layer_norm_s16" : "rms_norm_s16",
             {out(resultRowsOf(op)), in(operandRowsOf(op, norm.getInput())), in(constant(op, norm.getFactor(), "factor"))},
             {rows, width, int64_t(norm.getEpsilon()), int64_t(norm.getOutShift())});
      })
      .Case([&](mcuf::QLayerNormAffineOp norm) {
        call(op, norm.getCentered() ? "layer_norm_affine_s16" : "rms_norm_affine_s16",
             {out(resultRowsOf(op)), in(operandRowsOf(op, norm.getInput())), in(constant(op, norm.getFactor(), "factor")),
              in(constant(op, norm.getGain(), "gain")), in(constant(op, norm.getOffset(), "offset"))},
             {rows, width, int64_t(norm.getEpsilon())});
      })
      .Case([&](mcuf::QLinearOp linear) {
        if (isCached(linear.getResult()))
          return buildCache(linear);
        linearRows(linear, "linear_s16", out(resultRowsOf(op)));
      })
      .Case([&](mcuf::QLinearActivationOp linear) {
        linearRows(linear, "linear_activation_s16", out(resultRowsOf(op)), {int64_t(linear.getIndexMult()), int64_t(linear.getDeltaMult())});
      })
      .Case([&](mcuf::QLinearAddOp linear) {
        if (!storage.isInPlace(op, currentGroup))
          call(op, "copy_s16", {out(resultRowsOf(op)), in(operandRowsOf(op, linear.getResidual()))}, {rows, width});
        linearRows(linear, "linear_add_s16", inout(resultRowsOf(op)));
      })
      .Case([&](mcuf::QWidenOp widen) {
        call(op, "widen_s16",
             {out(resultRowsOf(op)), in(operandRowsOf(op, widen.getInput())), in(constant(op, widen.getFactor(), "widening"))},
             {rows, width, strideOf(op)});
      })
      .Case([&](mcuf::QCoarsenOp coarsen) {
        call(op, "coarsen_s16",
             {out(resultRowsOf(op)), in(operandRowsOf(op, coarsen.getInput())), in(constant(op, coarsen.getMult(), "mult")),
              in(constant(op, coarsen.getFactor(), "steps"))},
             {rows, width});
      })
      .Case([&](mcuf::QWindowsOp windows) {
        if (windows.getOffset() && mcuf::shapeOf(windows.getOffset()).size() == 2)
          callOnWindows(windows, "windows_codes_u8", {in(constant(op, windows.getOffset(), "codes"))}, {});
        else if (windows.getOffset())
          callOnWindows(windows, "windows_u8", {in(constant(op, windows.getOffset(), "offset"))}, {int64_t(windows.getShift())});
        else
          callOnWindows(windows, "windows_s16", {}, {});
      })
      .Case([&](mcuf::QDepthwiseOp depthwise) {
        callOnWindows(depthwise, "depthwise_s16",
                      {in(constant(op, depthwise.getWeights(), "weights")), in(constant(op, depthwise.getBias(), "bias")),
                       in(constant(op, depthwise.getMult(), "mult"))},
                      {int64_t(depthwise.getLow())});
      })
      .Case([&](mcuf::PermuteRowsOp permute) { buildPermute(permute); })
      .Case([&](mcuf::QMaxPoolOp pool) { callOnWindows(pool, "max_pool_s16", {}, {}); })
      .Case([&](mcuf::QAddOp add) {
        call(op, "add_s16", {out(resultRowsOf(op)), in(summandRowsOf(op, add.getLhs())), in(summandRowsOf(op, add.getRhs()))},
             {rows, width, int64_t(add.getLhsMult()), int64_t(add.getRhsMult()), int64_t(add.getLow())});
      })
      .Case([&](mcuf::QAddCodesOp add) {
        call(op, "add_codes_s16", {out(resultRowsOf(op)), in(operandRowsOf(op, add.getLhs())), in(operandRowsOf(op, add.getRhs()))},
             {rows, width, int64_t(add.getLhsMult()), int64_t(add.getRhsMult()), int64_t(add.getLow()), int64_t(add.getHigh())});
      })
      .Case([&](mcuf::QClampOp clamp) {
        call(op, "clamp_s16", {out(resultRowsOf(op)), in(operandRowsOf(op, clamp.getInput()))},
             {rows, width, int64_t(clamp.getLow()), int64_t(clamp.getHigh())});
      })
      .Case([&](mcuf::QMultiplyOp product) {
        call(op, "multiply_s16",
             {out(resultRowsOf(op)), in(operandRowsOf(op, product.getLhs())), in(operandRowsOf(op, product.getRhs()))},
             {rows, width, int64_t(product.getMult())});
      })
      .Case([&](mcuf::QActivationOp activation) {
        call(op, "activation_s16",
             {out(resultRowsOf(op)), in(operandRowsOf(op, activation.getInput())), in(deltaTable(activation.getDelta(), op->getLoc()))},
             {rows, width, int64_t(activation.getMult()), int64_t(activation.getIndexMult()), int64_t(activation.getDeltaMult())});
      })
      .Case([&](mcuf::QNarrowOp narrow) { buildNarrow(narrow); })
      .Case([&](mcuf::ConcatOp concat) { buildConcat(concat); })
      .Case([&](mcuf::QAttentionOp attention) { buildAttention(attention); });
}

} // namespace mcuform::schedule
