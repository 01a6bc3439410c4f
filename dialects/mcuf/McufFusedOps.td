// The operators of transformers, in float: what fusion recognizes.
#ifndef MCUFORM_DIALECTS_MCUF_FUSED_OPS
#define MCUFORM_DIALECTS_MCUF_FUSED_OPS

include "dialects/mcuf/McufDialect.td"

def Mcuf_LayerNormOp : Mcuf_InferredOp<"layer_norm", [AttrSizedOperandSegments]> {
  let summary = "Each row to mean 0 and variance 1, times gamma plus beta";
  let description = [{
    Over the last dimension. gamma and beta are vectors of its length, both absent once they have been folded into the consumers. With centered = false no mean is
    taken off, here or in the variance: RMSNorm.
  }];
  let arguments = (ins AnyRankedTensor:$input, Optional<AnyRankedTensor>:$gamma, Optional<AnyRankedTensor>:$beta, F32Attr:$epsilon,
                       DefaultValuedAttr<BoolAttr, "true">:$centered);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input (`gamma` $gamma^)? (`beta` $beta^)? attr-dict `:` functional-type(operands, results)";
  let extraClassDeclaration = [{
    int64_t getWidth() { return ::llvm::cast<::mlir::RankedTensorType>(getInput().getType()).getShape().back(); }
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$input, "::mlir::Value":$gamma, "::mlir::Value":$beta, "float":$epsilon, "bool":$centered)>];
}

def Mcuf_GeluOp : Mcuf_InferredOp<"gelu"> {
  let summary = "x * Phi(x); with approximate = true the tanh form";
  let arguments = (ins AnyRankedTensor:$input, DefaultValuedAttr<BoolAttr, "false">:$approximate);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_ClippedReluOp : Mcuf_InferredOp<"clipped_relu"> {
  let summary = "min(max(x, 0), limit): ReLU6 and its like";
  let arguments = (ins AnyRankedTensor:$input, F32Attr:$limit);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_WindowsOp : Mcuf_InferredOp<"windows"> {
  let summary = "The windows of a map, each as a row: what makes a convolution a linear layer";
  let description = [{
    input [1, height, width, channels]; kernel and strides are height, width; pads are top, left, bottom, right. Result [1, out_height, out_width, depth]: the
    pixels of a window line by line, zeros where it lies outside of the map, and one more zero where their number is odd, since kernels read two values at a time.
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_PermuteRowsOp : Mcuf_InferredOp<"permute_rows"> {
  let summary = "The rows of a tensor in another order: the pixels of a map patch by patch, or back";
  let description = [{
    Counting the result's rows in digits of which digit i runs to sizes[i], the last fastest, row (d0, d1, ...) is row d0 * strides[0] + d1 * strides[1] + ... of the
    input, all leading dimensions together. At most four digits. Result [1, rows, width], of the input's type.
  }];
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$strides);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_DepthwiseOp : Mcuf_InferredOp<"depthwise"> {
  let summary = "Convolution of each channel of a map by itself";
  let description = "input [1, height, width, channels]; weights [kernel height, kernel width, channels], bias [channels]; strides and pads as in mcuf.windows.";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, AnyRankedTensor:$bias, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $weights `,` $bias attr-dict `:` functional-type(operands, results)";
}

def Mcuf_SwishOp : Mcuf_InferredOp<"swish"> {
  let summary = "x * sigmoid(slope * x): SiLU with slope 1, QuickGELU with 1.702";
  let arguments = (ins AnyRankedTensor:$input, F32Attr:$slope);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_HardSwishOp : Mcuf_InferredOp<"hard_swish"> {
  let summary = "x * max(0, min(1, x / 6 + 1 / 2))";
  let arguments = (ins AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_LinearOp : Mcuf_InferredOp<"linear"> {
  let summary = "Dense layer on rows: out[t][n] = bias[n] + sum_k in[t][k] * weights[n][k]";
  let description = "weights [units, depth], bias [units] or absent. The depth is the input's last dimension.";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, Optional<AnyRankedTensor>:$bias);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $weights (`,` $bias^)? attr-dict `:` functional-type(operands, results)";
}

def Mcuf_AttentionOp : Mcuf_InferredOp<"attention", [AttrSizedOperandSegments]> {
  let summary = "Multi-head attention: per head softmax(scale * q k^T) v";
  let description = [{
    q, k and v hold one row a token; head h is the columns [h*w, (h+1)*w) with w = width / num_heads. The context has q's shape. Leading dimensions other than
    the tokens are 1, but for groups: the rows are those of so many sequences one after another, each of which attends to itself alone.

    With 2-D relative position (docs/relative-position.md) the key of a pair of tokens is k_j plus the rows of k_table that belong to the pair, its value v_j plus
    those of v_table; either may be absent. grid says which rows belong to which pair: prefix tokens, height, width, row clip, column clip (RelativeGrid). Both
    tables are [rows, w] and serve all heads. Row t of q is token first_query + t.

    With sigmoid_bias b the context is sigmoid(scale * q k^T + b) v: each weight by itself, none of them relative.
  }];
  let arguments = (ins AnyRankedTensor:$q, AnyRankedTensor:$k, AnyRankedTensor:$v, Optional<AnyRankedTensor>:$k_table, Optional<AnyRankedTensor>:$v_table,
                       I64Attr:$num_heads, F32Attr:$scale, OptionalAttr<DenseI64ArrayAttr>:$grid, DefaultValuedAttr<I64Attr, "0">:$first_query,
                       OptionalAttr<F32Attr>:$sigmoid_bias, DefaultValuedAttr<I64Attr, "1">:$groups);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = [{
    $q `,` $k `,` $v (`k_table` $k_table^)? (`v_table` $v_table^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    bool isRelative() { return getKTable() || getVTable(); }
  }];
  let builders = [OpBuilder<(ins "::mlir::Value":$q, "::mlir::Value":$k, "::mlir::Value":$v, "int64_t":$numHeads, "float":$scale,
                                 CArg<"::mlir::Value", "{}">:$kTable, CArg<"::mlir::Value", "{}">:$vTable,
                                 CArg<"::llvm::ArrayRef<int64_t>", "{}">:$grid, CArg<"int64_t", "0">:$firstQuery, CArg<"::mlir::FloatAttr", "{}">:$sigmoidBias,
                                 CArg<"int64_t", "1">:$groups)>];
}

def Mcuf_PatchEmbedOp : Mcuf_InferredOp<"patch_embed", [AttrSizedOperandSegments]> {
  let summary = "Tokens of an image: prefix tokens, then one token a patch plus its position";
  let description = [{
    image [1, channels, height, width]; weights [units, patch_height, patch_width, channels] (the order in which pixels lie in an interleaved image);
    bias [units]; position [patches, units], the patches in row-major order; prefix [n, units] holds the class token and its like with their positions, absent
    where there are none. An input of rank 3, [1, tokens, features], is a sequence whose rows are the patches: weights [units, 1, 1, features]. Patches do not
    overlap; pixels to the right of and below the last whole patch are not read. With pads, as in mcuf.windows, the patches are those of an image that is
    surrounded by zeros. Result [1, n + patches, units].
  }];
  let arguments = (ins AnyRankedTensor:$image, AnyRankedTensor:$weights, AnyRankedTensor:$bias, Optional<AnyRankedTensor>:$position,
                       Optional<AnyRankedTensor>:$prefix, OptionalAttr<DenseI64ArrayAttr>:$pads);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$image `,` $weights `,` $bias (`position` $position^)? (`prefix` $prefix^)? attr-dict `:` functional-type(operands, results)";
  let builders = [OpBuilder<(ins "::mlir::Value":$image, "::mlir::Value":$weights, "::mlir::Value":$bias, "::mlir::Value":$position, "::mlir::Value":$prefix,
                                 CArg<"::mlir::DenseI64ArrayAttr", "{}">:$pads)>];
}

#endif
