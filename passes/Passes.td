// Every pass of the compiler. Pipelines.cpp says in which order they run.
// A transformation has one name: class FuseGelu = passes/fusion/FuseGelu.cpp = --mcuf-fuse-gelu = test/passes/fuse-gelu.mlir.
#ifndef MCUFORM_PASSES_PASSES
#define MCUFORM_PASSES_PASSES

include "mlir/Pass/PassBase.td"

class Mcuf_FunctionPass<string flag> : Pass<flag, "::mlir::func::FuncOp">;

//===--- legalize ---------------------------------------------------------===//

def Legalize : Pass<"mcuf-legalize", "::mlir::ModuleOp"> {
  let summary = "Turn ONNX nodes into mcuf ops with static types";
  let description = [{
    One walk from inputs to outputs. Each `onnxin.node` goes to the handler of its operator and opset; result types are inferred, ops on constants are evaluated
    as they appear, so that shape arithmetic leaves no trace. Every node that is not supported, for its operator, its opset or its operands, is reported in
    one run; what depends on it is not reported again.
  }];
  let dependentDialects = ["::mcuform::mcuf::McufDialect"];
}

//===--- schedule ---------------------------------------------------------===//

def SplitHeads : Mcuf_FunctionPass<"mcuf-split-heads"> {
  let summary = "Give each head of an attention keys, values and an attention of its own";
  let description = [{
    One after another, the heads then need room for the keys and values of one head only. The contexts of all but the last are kept for all tokens, in int8
    (`mcuf.q_narrow` by the attention's context_factor); block by block they meet the context of the last one. Leaves attentions alone that have one head, or
    whose queries, keys or values have another user.
  }];
  let options = [ListOption<"attentions", "attentions", "int64_t", "Numbers of the attentions in the order of the network, split heads being one; all where none is given">];
  let dependentDialects = ["::mlir::quant::QuantizationDialect"];
}

def Schedule : Pass<"mcuf-schedule", "::mlir::ModuleOp"> {
  let summary = "Turn integer operators into loops over blocks of rows with kernel calls";
  let description = [{
    Values that are needed for all rows at once (the residual stream, keys and values, what pooling sums up) get a buffer; everything else exists for the rows of
    one block, inside a loop. Keys and values come from a loop of their own, before their attention, from the same rows of the residual stream, which the
    loop after it overwrites in place where no later reader needs the old rows; otherwise they are copied first. Normalized rows are computed again rather
    than kept. Only rows that a result depends on are computed. Every operator that cannot be scheduled is reported in one run.

    Input mode `frame` gives the image a buffer of its own. In mode `overwrite` it lies over the tokens of its patch embedding, at the smallest lead at which no
    token is written over pixels that are still to be read. In mode `stream` there is room for one strip of patches, which the caller fills line by line.

    With `weight-panel` bytes, a linear layer on more than one row at a time copies its weights panel by panel through a buffer of its own, at most that large, a
    panel being as many pairs of units as half of it holds. A layer of which not one pair fits reads its weights in place; if that is so for all, it is an error.

    With `interleave-from` N, a linear layer in place on N rows or more at a time gets a buffer in which its kernel interleaves them by fours.
  }];
  let options = [Option<"tokenBlock", "token-block", "int64_t", "12", "Rows that are computed together">,
                 Option<"patchBlock", "patch-block", "int64_t", "4", "Patches of the image that are unfolded together">,
                 Option<"inputMode", "input-mode", "std::string", "\"frame\"", "Where the image stands: frame, overwrite, stream">,
                 Option<"weightPanel", "weight-panel", "int64_t", "0", "Bytes for two panels of weights that are copied from flash; 0: weights are read in place">,
                 Option<"interleaveFrom", "interleave-from", "int64_t", "0", "Rows from which on a linear layer in place gets a copy of them, interleaved by fours; 0: never">];
  let dependentDialects = ["::mcuform::mcurt::McurtDialect"];
}

def VerifyScheduled : Mcuf_FunctionPass<"mcuf-verify-scheduled"> {
  let summary = "Check the contract of phase schedule: mcurt ops alone, no buffer read before it is written";
}

//===--- memory -----------------------------------------------------------===//

def PlanMemory : Pass<"mcuf-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Give every buffer its offset in the arena";
  let description = [{
    A step is a call. A buffer is alive from the first step that touches it to the last; if it is defined outside of a loop that touches it, for all steps of the
    loop; the input from step 0. Buffers that are alive together do not overlap, but for an input that lies over another buffer. Adds region, offset and steps to each buffer, `mcurt.arena_bytes` and
    `mcurt.lower_bound_bytes` to the module.

    With `regions`, the fastest first, each buffer stands in one of them: those with the most traffic per byte of their size in the fastest ones, as far as there is room
    (`passes/memory/planner/RegionPlanner`). Adds `mcurt.regions`, which says what each takes, has, and needs at least, to the module; the two attributes above
    are then the sums. Where the buffers do not fit, `mcurt.exceeds_regions` says so.
  }];
  let options = [ListOption<"regions", "regions", "std::string", "Memories and the bytes that buffers may take of each, the fastest first, such as dtcm:65536">];
}

def VerifyMemory : Pass<"mcuf-verify-memory", "::mlir::ModuleOp"> {
  let summary = "Check the contract of phase memory: a safe plan that fits its region";
  let description = [{
    Finds overlaps anew; shares no code with the search for offsets. Where the input lies over a buffer, the calls are followed byte by byte: none may read a byte
    of the input that an earlier one has overwritten. Of several regions none may be larger than it can be, unless the plan says that it does not fit, which a budget
    makes an error.
  }];
  let options = [Option<"sramBudget", "sram-budget", "int64_t", "0", "Bytes that the arena may have; 0: any number">];
}

//===--- verify -----------------------------------------------------------===//

def VerifyLegalized : Mcuf_FunctionPass<"mcuf-verify-legalized"> {
  let summary = "Check the contract of phase legalize: mcuf ops on static tensors, nothing else";
}

def VerifyFused : Mcuf_FunctionPass<"mcuf-verify-fused"> {
  let summary = "Check the contract of phase fuse: only ops that can be quantized";
  let description = "Every op that cannot is reported in one run, with the ONNX nodes that it comes from and with what would be supported.";
}

//===--- fuse -------------------------------------------------------------===//

def FoldLayout : Mcuf_FunctionPass<"mcuf-fold-layout"> {
  let summary = "Remove reshapes and transpositions that undo each other";
  let description = [{
    A chain of reshapes and transpositions that keeps the order of all elements becomes one reshape, or nothing. Reshapes that leave the last dimension alone move
    down past ops that work on rows, so that they meet.
  }];
}

def FoldScale : Mcuf_FunctionPass<"mcuf-fold-scale"> {
  let summary = "Put constant factors into neighbouring layers and remove neutral arithmetic";
  let description = [{
    A scalar or a vector that multiplies the input or the output of a linear layer goes into its weights; two scalars are one; x * 1 and x + 0 are x; the affine
    function that batch normalization leaves behind a convolution goes into the convolution.
  }];
}

def FuseLayerNorm : Mcuf_FunctionPass<"mcuf-fuse-layer-norm"> {
  let summary = "Recognize layer normalization and RMSNorm in their decomposed forms";
  let description = [{
    (x - mean) / sqrt(variance + epsilon) over the last dimension; the square as Pow or Mul, the root as Sqrt or Pow, the quotient as Div or as a product with a
    reciprocal. A vector that multiplies the result becomes gamma, one that is added beta. Without the mean, x / sqrt(mean(x^2) + epsilon), it is RMSNorm: the same
    op with centered = false.
  }];
}

def FoldQuantization : Mcuf_FunctionPass<"mcuf-fold-quantization"> {
  let summary = "Note the 8-bit ranges of activations that a quantized model has, in place of their rounding";
  let description = [{
    Pairs of QuantizeLinear and DequantizeLinear with the same parameters, as legalization wrote them out, become their operand, which gets the file's scale and
    codes as `mcuf.file_range`; fusion carries them along, and mcuf-quantize takes them over. Where the range begins at zero the pair stands for a ReLU as well,
    which quantizers leave out; it becomes one unless the operand is not negative anyway. A value that others read unrounded, and one with a scale for each
    index of an axis, get no range.
  }];
}

def FuseGelu : Mcuf_FunctionPass<"mcuf-fuse-gelu"> {
  let summary = "Recognize GELU in its erf and tanh forms";
  let description = [{
    x * 0.5 * (1 + erf(x / sqrt 2)) with its factors in any order, and the same with tanh(sqrt(2/pi) * (x + 0.044715 x^3)), whose argument is compared as a
    polynomial, however it is written.
  }];
}

def FuseSwish : Mcuf_FunctionPass<"mcuf-fuse-swish"> {
  let summary = "Recognize SiLU, QuickGELU and hard swish";
  let description = [{
    x * sigmoid(c * x), c = 1 being SiLU and c = 1.702 QuickGELU, and x * max(0, min(1, x / 6 + 1 / 2)), with factors and bounds in any order.
  }];
}

def FuseLinear : Mcuf_FunctionPass<"mcuf-fuse-linear"> {
  let summary = "Recognize dense layers: a product with constant weights and a bias";
}

def FusePatchEmbed : Mcuf_FunctionPass<"mcuf-fuse-patch-embed"> {
  let summary = "Recognize the embedding of image patches with positions and class tokens";
  let description = [{
    A convolution with kernel = stride, or a linear layer on patches cut out by reshapes and transpositions. The weights are laid out for interleaved images.
    Constants added to all tokens become the position, constant tokens in front the prefix, in either order.
  }];
}

def FuseConv : Mcuf_FunctionPass<"mcuf-fuse-conv"> {
  let summary = "Turn convolutions into linear layers on windows, and maps into rows of channels";
  let description = [{
    A map [1, channels, height, width] becomes [1, height, width, channels], whose rows are pixels; transpositions move down past what works on elements until
    they meet. A convolution is a linear layer on `mcuf.windows` of the map, or on its rows where the kernel is one pixel; with a group for each channel it is
    `mcuf.depthwise`. A dense layer on a flattened map is one on its only window. min(max(x, 0), c) becomes `mcuf.clipped_relu`.
  }];
}

def FuseAttention : Mcuf_FunctionPass<"mcuf-fuse-attention"> {
  let summary = "Recognize multi-head attention";
  let description = [{
    softmax(scale * q k^T) v, or sigmoid(scale * q k^T + bias) v, where q, k and v are any views of token rows that put tokens along rows, heads and channels along columns. They become column slices
    (a gather where the columns of the heads are scattered) of the rows' producer; all scalar factors become the scale.
  }];
}

def FusePermuteRows : Mcuf_FunctionPass<"mcuf-fuse-permute-rows"> {
  let summary = "Recognize permutations of rows: the pixels of a map patch by patch, and back";
  let description = [{
    Reshapes and transpositions that leave the columns of rows alone, as MobileViT's unfold and fold, become one `mcuf.permute_rows`. After mcuf-fuse-attention,
    since heads, too, are rows until they have been put side by side.
  }];
}

def HoistSlice : Mcuf_FunctionPass<"mcuf-hoist-slice"> {
  let summary = "Select rows before they are computed";
  let description = [{
    A slice of rows moves up through row-wise ops of which it is the only user: after the last block, only the class token is normalized.
  }];
  let options = [
    Option<"throughResidual", "through-residual", "bool", "false",
           "Also through residual additions and the queries of attention, which cuts the last block down to the rows that are used">,
  ];
}

def SplitLinear : Mcuf_FunctionPass<"mcuf-split-linear"> {
  let summary = "Give each part of a linear layer's columns a layer of its own";
  let description = "Applies where all users take some of the columns: the common layer of q, k and v becomes three.";
}

def MergeLinear : Mcuf_FunctionPass<"mcuf-merge-linear"> {
  let summary = "Re-associate chains of linear layers for the fewest products";
  let description = [{
    Of a chain of two or more layers with nothing in between, neighbours are multiplied out where that saves products and weights: all of them, some, or none.
    Exact in real arithmetic. Of equally cheap ways the one with the fewest layers is taken.
  }];
}

def FuseSequencePool : Mcuf_FunctionPass<"mcuf-fuse-sequence-pool"> {
  let summary = "Recognize sequence pooling as attention with a constant query";
  let description = [{
    softmax over all tokens of one score each, w . x_t + b, transposed, times the tokens: attention of one head, the query w, keys and values x.
  }];
}

def FoldLayerNormAffine : Mcuf_FunctionPass<"mcuf-fold-layer-norm-affine"> {
  let summary = "Put gamma and beta of layer normalizations into the linear layers behind them";
  let description = "Applies where the normalization ends in linear layers only, be it through selections, regroupings, means of rows and sequence pooling, whose query takes up gamma.";
}

def FoldDeadUnits : Mcuf_FunctionPass<"mcuf-fold-dead-units"> {
  let summary = "Remove units that nobody reads or that are the same for all inputs";
  let description = [{
    Exact in real arithmetic. A hidden unit goes whose weights, or all weights that read it, are zero; of the first kind the next layers' biases take up the value.
    Of a gated MLP it goes where either factor is zero. So do an attention's channels: those of values likewise, since probabilities add up to 1, those of keys where the keys do not depend on the token, which softmax
    does not see, or where the queries are zero. Heads keep one width, that of the fullest; heads without a value go as a whole. x + 0 from a layer of zeros is x.
    At least one unit and one head stay. The channels of the residual stream stay as well: LayerNorm counts them.
  }];
}

def FoldPad : Mcuf_FunctionPass<"mcuf-fold-pad"> {
  let summary = "Make zeros around a map the padding of the convolution that reads it";
  let description = "Exact: the concatenations with constant zeros, along height and width, that padding was legalized to.";
}

def FoldDeadChannels : Mcuf_FunctionPass<"mcuf-fold-dead-channels"> {
  let summary = "Remove channels of feature maps that nobody reads or that are the same everywhere";
  let description = [{
    Exact in real arithmetic. Between two layers, dense or convolutions, with depthwise convolutions, activations and a mean over the map between them, a channel goes whose weights are
    zero, in the layer or in the depthwise convolution, or which the second layer has no weight for; the bias behind takes up what it is. Where a map is padded, a channel that is the same
    everywhere must be 0. As many channels stay as keep their number even.
  }];
}

def PadWidths : Mcuf_FunctionPass<"mcuf-pad-widths"> {
  let summary = "Add zero weights so that heads and hidden layers have even widths";
  let description = "Exact. The kernels read two activations at a time; the width of the residual stream itself cannot be padded, since LayerNorm counts its channels.";
}

//===--- quantize ---------------------------------------------------------===//

def AbsorbProjections : Mcuf_FunctionPass<"mcuf-absorb-projections"> {
  let summary = "Let attention read the tokens themselves: projections to keys and values move to its other side";
  let description = [{
    q . (Wk y) = (Wk^T q) . y, and Wv moves behind the sum of values: exact in real arithmetic, for a product of width D instead of D / heads a head. What is kept
    for all tokens is then y alone, for keys and values of all heads. Runs before calibration, because the moved layers are quantized as any others. Leaves
    attentions alone whose keys and values are not computed from the same layer_norm, or whose layers have another user.
  }];
  let options = [ListOption<"attentions", "attentions", "int64_t", "Numbers of the attentions in the order of the network, split heads being one; all where none is given">];
}

def Calibrate : Mcuf_FunctionPass<"mcuf-calibrate"> {
  let summary = "Run the float network over calibration inputs and note the range and moments of every value";
  let description = [{
    Attaches per channel the largest magnitude, the mean and the mean square of each op's result (passes/quantize/CalibrationAttributes.h), and to what linear
    layers read the covariance of its channels. The result does not depend on the number of threads.
  }];
  let options = [
    Option<"inputs", "inputs", "std::string", "", ".npy file: uint8 [N, height, width, channels] or float32 [N, ...]">,
    Option<"method", "method", "std::string", "\"max\"", "How the ranges of keys and values are chosen: max, percentile, mse, auto">,
    Option<"cache", "cache", "std::string", "", "File that keeps the result: written after running over inputs; without inputs, read in their place">,
    ListOption<"mean", "mean", "float", "Mean of the pixels in [0, 1], per channel">,
    ListOption<"std", "std", "float", "Standard deviation of the pixels in [0, 1], per channel">,
    Option<"int4Group", "int4-group", "int64_t", "0", "Also measure what weights of four bits, so many inputs to a scale, cost each layer; 0: do not">,
    Option<"wideWeights", "wide-weights", "bool", "false", "Also measure what eight bits cost each layer that may have more">,
    Option<"operands", "operands", "bool", "false", "Also measure what storing the operands of linear layers in 8 bits costs">,
    Option<"covariance", "covariance", "bool", "true", "Also note how the inputs of each linear layer vary together">,
    Option<"rowWeights", "row-weights", "bool", "false", "Count the rows of linear layers by what the network's result makes of an error in them">,
  ];
}

def Quantize : Pass<"mcuf-quantize", "::mlir::ModuleOp"> {
  let summary = "Replace calibrated float ops by the integer ops of docs/arithmetic.md";
  let description = [{
    Weights become int8 per output channel, the residual stream int16 with a power-of-two factor per channel, keys and values int8 per channel with their scales
    folded into the neighbouring weights, everything else int16. The image becomes uint8 [height, width, channels]: its normalization goes into the patch weights.
    Where the covariance of a layer's inputs is known, its weights are rounded together, so that what one leaves is compensated by others.
  }];
  let options = [
    Option<"compensateRounding", "compensate-rounding", "bool", "true", "Round weights with the covariance of their inputs, where there is one">,
    Option<"int4Group", "int4-group", "int64_t", "0", "Weights of four bits, so many inputs to a scale, where the network bears it; 0: eight bits">,
    Option<"minSqnr", "min-sqnr", "double", "14", "Signal to noise of the network's result, in dB, that weights of four bits may cost it">,
    Option<"operandBits", "operand-bits", "int64_t", "16", "Of what linear layers read: 16, or 8">,
    Option<"minOperandSqnr", "min-operand-sqnr", "double", "-1000", "Signal to noise of the network's result, in dB, that operands of 8 bits may cost it; those beyond keep 16">,
    Option<"excessNoise", "excess-noise", "double", "0", "Power of the result's error, over that of the result, that wider weights are to take away">,
    Option<"noteValues", "note-values", "bool", "false", "Note at each operator which value of the float network it stands for, and its scales (mcuf.value)">,
  ];
  let dependentDialects = ["::mcuform::mcuf::McufDialect", "::mlir::quant::QuantizationDialect"];
}

def VerifyQuantized : Mcuf_FunctionPass<"mcuf-verify-quantized"> {
  let summary = "Check the contract of phase quantize: integer ops only, every activation with a scale";
}

#endif
