// The same operators in integers, exactly as docs/arithmetic.md defines them.
#ifndef MCUFORM_DIALECTS_MCUF_QUANT_OPS
#define MCUFORM_DIALECTS_MCUF_QUANT_OPS

include "dialects/mcuf/McufDialect.td"

// Activations carry their scale in a !quant.uniform element type. The residual stream's type holds s_X; its channel factors are the operand of q_layer_norm and
// the attribute "mcuf.residual_factor" of the function. K and V have scale 1: their channels' scales are folded into the neighbours.
// Weights are plain i8 tensors [units, depth] (paired only when the pack is written), bias and mult i32 [units]. Where a linear layer has weight_group, its weights
// are stored in four bits: those of each weight_group inputs, a multiple of 4, are weight_scales, i8 [units, groups] from 1 to 17, times -7 to 7. The values of
// the weights are as they say, so that this changes no result.

def Mcuf_QPatchEmbedOp : Mcuf_Op<"q_patch_embed"> {
  let summary = "Patch embedding from uint8 pixels, or of int16 rows, into the residual stream";
  let description = [{
    image [height, width, channels] of ui8; weights i8 [units, patch_height*patch_width*channels], with a last column of zeros where that is odd; position i16
    [patches, units] in residual scale (zeros where the network has none): x[n + t] = S16(R(acc, mult, position[t])); prefix i16 [n, units] becomes the first rows.
    An image of i16 [1, rows, features] holds rows to embed one by one: its patches are 1x1. With pads, as in mcuf.windows, the pixels around the image are pad_value:
    what these add beyond the zeros of the network is taken off in position.
  }];
  let arguments = (ins AnyRankedTensor:$image, AnyRankedTensor:$weights, AnyRankedTensor:$bias, AnyRankedTensor:$mult, AnyRankedTensor:$position,
                       Optional<AnyRankedTensor>:$prefix, I64Attr:$patch_height, I64Attr:$patch_width, OptionalAttr<DenseI64ArrayAttr>:$pads,
                       DefaultValuedAttr<I64Attr, "0">:$pad_value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$image `,` $weights `,` $bias `,` $mult `position` $position (`prefix` $prefix^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QLayerNormOp : Mcuf_Op<"q_layer_norm"> {
  let summary = "LayerNorm of int16 rows with a factor per channel, or with centered = false RMSNorm; the output's scale is 2^-out_shift";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$factor, I64Attr:$epsilon, I64Attr:$out_shift, DefaultValuedAttr<BoolAttr, "true">:$centered);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $factor attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QLayerNormAffineOp : Mcuf_Op<"q_layer_norm_affine"> {
  let summary = "LayerNorm (with centered = false RMSNorm) of rows of the residual stream with gamma and beta; the result is the residual stream again";
  let description = "gain i32 and offset i16 [width]: S16(R(normalized, gain, offset)), normalized in units of 2^-20.";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$factor, AnyRankedTensor:$gain, AnyRankedTensor:$offset, I64Attr:$epsilon,
                       DefaultValuedAttr<BoolAttr, "true">:$centered);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $factor `,` $gain `,` $offset attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QLinearOp : Mcuf_Op<"q_linear"> {
  let summary = "S(R(acc, mult, 0)), saturated to the result's storage type (int16; int8 for keys and values)";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, AnyRankedTensor:$bias, AnyRankedTensor:$mult,
                       OptionalAttr<ElementsAttr>:$weight_scales, OptionalAttr<I64Attr>:$weight_group);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $bias `,` $mult attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QLinearAddOp : Mcuf_Op<"q_linear_add"> {
  let summary = "S16(R(acc, mult, residual)): a linear layer added to the residual stream";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, AnyRankedTensor:$bias, AnyRankedTensor:$mult, AnyRankedTensor:$residual,
                       OptionalAttr<ElementsAttr>:$weight_scales, OptionalAttr<I64Attr>:$weight_group);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $bias `,` $mult `residual` $residual attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_Delta : I32EnumAttr<"Delta", "the table of docs/arithmetic.md that an activation takes off max(x, 0)", [
    I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Gelu", 1, "gelu">, I32EnumAttrCase<"Silu", 2, "silu">,
    I32EnumAttrCase<"HardSwish", 3, "hard_swish">]> {
  let cppNamespace = "::mcuform::mcuf";
}

def Mcuf_QLinearActivationOp : Mcuf_Op<"q_linear_activation"> {
  let summary = "A linear layer with GELU, or another activation that is max(x, 0) less a table, in its epilogue; 15-bit result";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, AnyRankedTensor:$bias, AnyRankedTensor:$mult, I64Attr:$index_mult, I64Attr:$delta_mult,
                       DefaultValuedAttr<Mcuf_Delta, "::mcuform::mcuf::Delta::Gelu">:$delta, OptionalAttr<ElementsAttr>:$weight_scales, OptionalAttr<I64Attr>:$weight_group);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $bias `,` $mult attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QActivationOp : Mcuf_Op<"q_activation"> {
  let summary = "GELU or another activation with a table, of values that no linear layer computes; 15-bit result";
  let description = "mult is round(scale of the input / scale of the result * 2^16); the rest as in q_linear_activation, for the accumulator input * 2^16.";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$mult, I64Attr:$index_mult, I64Attr:$delta_mult, Mcuf_Delta:$delta);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QAttentionOp : Mcuf_Op<"q_attention", [AttrSizedOperandSegments]> {
  let summary = "Attention on int16 q and int8 k, v; score_mult i32 [num_heads]; the context is in units of 1/256 of v's";
  let description = [{
    With 2-D relative position, grid and first_query are those of `attention`; k_table is i8 [rows, head width] with k_table_mult i32 [num_heads], v_table i8
    [head width, rows + 1], its last column zero, with v_table_mult i32 [width of v]. Both have a multiplier or neither.

    context_factor has, for each column of the context, by how much it can be divided (3 to 256) and still fit 8 bits: what mcuf-split-heads stores contexts by.
    A whole context always fits in units of v's, so 256 stands for a column about which nothing is known. groups are those of `attention`.

    With sigmoid_bias, in units of 1/64, the weights are sigmoids, and weight_total stands for their sum: the context is in units of
    weight_total / (2^15 - 1) / 256 of v's.
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, AnyRankedTensor:$score_mult, Optional<AnyRankedTensor>:$k_table,
                       Optional<AnyRankedTensor>:$k_table_mult, Optional<AnyRankedTensor>:$v_table, Optional<AnyRankedTensor>:$v_table_mult,
                       I64Attr:$num_heads, OptionalAttr<DenseI32ArrayAttr>:$context_factor, OptionalAttr<DenseI64ArrayAttr>:$grid,
                       DefaultValuedAttr<I64Attr, "0">:$first_query, OptionalAttr<I64Attr>:$sigmoid_bias, OptionalAttr<I64Attr>:$weight_total,
                       DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $q `,` $k `,` $v `,` $score_mult (`k_table` $k_table^ `,` $k_table_mult)? (`v_table` $v_table^ `,` $v_table_mult)? attr-dict `:`
    functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    bool isRelative() { return getKTable() || getVTable(); }
  }];
  let hasVerifier = 1;
}

def Mcuf_QNarrowOp : Mcuf_Op<"q_narrow"> {
  let summary = "S8(R(x, mult[c], 0)): int16 rows as they are stored for all tokens in int8";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$mult);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $mult attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QWidenOp : Mcuf_Op<"q_widen"> {
  let summary = "x * factor[c]: int8 rows back to the int16 that q_narrow has made them from; factor i16 in [1, 256]";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$factor);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $factor attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QCoarsenOp : Mcuf_Op<"q_coarsen"> {
  let summary = "S8(R(x * 2^8, mult[c], 0)) * factor[c]: int16 rows with the values that 8 bits could hold; mult i32 = round(2^24 / factor), factor i16 in [1, 256]";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$mult, AnyRankedTensor:$factor);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $mult `,` $factor attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QMeanRowsOp : Mcuf_Op<"q_mean_rows"> {
  let summary = "Mean of the rows [first_row, first_row + row_count): S16(R(sum, mult, 0)), mult = round(2^32 / row_count), times the ratio of their scales";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$first_row, I64Attr:$row_count, I64Attr:$mult);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QWindowsOp : Mcuf_Op<"q_windows"> {
  let summary = "The windows of a map, int16 [1, height, width, channels], or of the image, ui8 [height, width, channels], each as a row of int16";
  let description = [{
    As mcuf.windows. A pixel of the image becomes (pixel << shift) - offset[channel], i16 [channels], so that the zeros outside of it are the zeros of the network
    whatever mean is taken off; or, with an offset of i16 [channels, 256], what stands there for it. A map has neither.
  }];
  let arguments = (ins AnyRankedTensor:$input, Optional<AnyRankedTensor>:$offset, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       DefaultValuedAttr<I64Attr, "0">:$shift);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input (`offset` $offset^)? attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QDepthwiseOp : Mcuf_Op<"q_depthwise"> {
  let summary = "max(S16(R(acc, mult[c], 0)), low): a convolution of each channel by itself; low is 0 for ReLU, else -2^15";
  let description = "input i16 [1, height, width, channels]; weights i8 [kernel height * kernel width, channels]; bias and mult i32 [channels].";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, AnyRankedTensor:$bias, AnyRankedTensor:$mult, DenseI64ArrayAttr:$kernel,
                       DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads, I64Attr:$low);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $bias `,` $mult attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QMaxPoolOp : Mcuf_Op<"q_max_pool"> {
  let summary = "The largest value of each window of a map, channel by channel";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QMultiplyOp : Mcuf_Op<"q_multiply"> {
  let summary = "Product of two tensors, element by element, S16(R(lhs * rhs, mult, 0))";
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, I64Attr:$mult);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QAddOp : Mcuf_Op<"q_add"> {
  let summary = "Sum of two tensors of different scales, max(S16(R(R(lhs * 2^16, lhs_mult, R(rhs * 2^16, rhs_mult, 0)), 2^24, 0)), low)";
  let description = "Each mult is round(scale of the operand / scale of the result * 2^24), that is in units of 1/256 of the result's.";
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, I64Attr:$lhs_mult, I64Attr:$rhs_mult, I64Attr:$low);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
