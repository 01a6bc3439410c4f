// General tensor operators: what legalization makes of an ONNX graph.
#ifndef MCUFORM_DIALECTS_MCUF_FLOAT_OPS
#define MCUFORM_DIALECTS_MCUF_FLOAT_OPS

include "dialects/mcuf/McufDialect.td"

def Mcuf_UnaryKind : I32EnumAttr<"UnaryKind", "an elementwise function of one operand", [
    I32EnumAttrCase<"Neg", 0, "neg">, I32EnumAttrCase<"Abs", 1, "abs">, I32EnumAttrCase<"Sqrt", 2, "sqrt">, I32EnumAttrCase<"Exp", 3, "exp">,
    I32EnumAttrCase<"Log", 4, "log">, I32EnumAttrCase<"Erf", 5, "erf">, I32EnumAttrCase<"Tanh", 6, "tanh">, I32EnumAttrCase<"Sigmoid", 7, "sigmoid">,
    I32EnumAttrCase<"Relu", 8, "relu">, I32EnumAttrCase<"Reciprocal", 9, "reciprocal">, I32EnumAttrCase<"Not", 10, "not">,
    I32EnumAttrCase<"Floor", 11, "floor">, I32EnumAttrCase<"Ceil", 12, "ceil">,
    I32EnumAttrCase<"Round", 13, "round">, I32EnumAttrCase<"Sin", 14, "sin">, I32EnumAttrCase<"Cos", 15, "cos">]> {
  let cppNamespace = "::mcuform::mcuf";
}
def Mcuf_BinaryKind : I32EnumAttr<"BinaryKind", "an elementwise function of two operands", [
    I32EnumAttrCase<"Add", 0, "add">, I32EnumAttrCase<"Sub", 1, "sub">, I32EnumAttrCase<"Mul", 2, "mul">, I32EnumAttrCase<"Div", 3, "div">,
    I32EnumAttrCase<"Pow", 4, "pow">, I32EnumAttrCase<"Max", 5, "max">, I32EnumAttrCase<"Min", 6, "min">, I32EnumAttrCase<"Equal", 7, "equal">,
    I32EnumAttrCase<"Less", 8, "less">, I32EnumAttrCase<"Greater", 9, "greater">, I32EnumAttrCase<"Mod", 10, "mod">,
    I32EnumAttrCase<"And", 11, "and">, I32EnumAttrCase<"Or", 12, "or">]> {
  let cppNamespace = "::mcuform::mcuf";
}
def Mcuf_ReduceKind : I32EnumAttr<"ReduceKind", "a reduction", [
    I32EnumAttrCase<"Mean", 0, "mean">, I32EnumAttrCase<"Sum", 1, "sum">, I32EnumAttrCase<"Max", 2, "max">, I32EnumAttrCase<"Min", 3, "min">,
    I32EnumAttrCase<"Prod", 4, "prod">]> {
  let cppNamespace = "::mcuform::mcuf";
}

def Mcuf_ConstantOp : Mcuf_Op<"constant", [ConstantLike]> {
  let summary = "A tensor known at compile time: a weight, a table or folded arithmetic";
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "attr-dict $value `:` type($result)";
  let hasFolder = 1;
}

def Mcuf_UnaryOp : Mcuf_InferredOp<"unary"> {
  let summary = "Elementwise function of one operand";
  let arguments = (ins Mcuf_UnaryKind:$kind, AnyRankedTensor:$input);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_BinaryOp : Mcuf_InferredOp<"binary"> {
  let summary = "Elementwise function of two operands with numpy broadcasting";
  let description = "Comparisons give i1; all else has the operands' common element type. Integer division truncates as ONNX's does.";
  let arguments = (ins Mcuf_BinaryKind:$kind, AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Mcuf_SelectOp : Mcuf_InferredOp<"select"> {
  let summary = "Elementwise choice with broadcasting (ONNX Where)";
  let arguments = (ins AnyRankedTensor:$condition, AnyRankedTensor:$on_true, AnyRankedTensor:$on_false);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

def Mcuf_CastOp : Mcuf_InferredOp<"cast"> {
  let summary = "Conversion of the element type; float to integer truncates towards zero";
  let arguments = (ins AnyRankedTensor:$input, TypeAttr:$to);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_ReshapeOp : Mcuf_InferredOp<"reshape"> {
  let summary = "The same elements in row-major order under another shape";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$shape);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Mcuf_TransposeOp : Mcuf_InferredOp<"transpose"> {
  let summary = "Dimension i of the result is dimension permutation[i] of the input";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$permutation);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Mcuf_SliceOp : Mcuf_InferredOp<"slice"> {
  let summary = "A strided box: element i of dimension d is input element starts[d] + i * steps[d]; steps may be negative";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$starts, DenseI64ArrayAttr:$sizes, DenseI64ArrayAttr:$steps);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Mcuf_ConcatOp : Mcuf_InferredOp<"concat"> {
  let summary = "Tensors one after another along an axis";
  let arguments = (ins Variadic<AnyRankedTensor>:$inputs, I64Attr:$axis);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$inputs attr-dict `:` functional-type(operands, results)";
}

def Mcuf_GatherOp : Mcuf_InferredOp<"gather"> {
  let summary = "Slices along an axis by index (ONNX Gather)";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$indices, I64Attr:$axis);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input `,` $indices attr-dict `:` functional-type(operands, results)";
}

def Mcuf_BroadcastOp : Mcuf_InferredOp<"broadcast"> {
  let summary = "Numpy broadcasting to a shape (ONNX Expand: both shapes broadcast together)";
  let arguments = (ins AnyRankedTensor:$input, DenseI64ArrayAttr:$shape);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasFolder = 1;
}

def Mcuf_ReduceOp : Mcuf_InferredOp<"reduce"> {
  let summary = "Reduction over axes; reduced dimensions stay as 1 where keep_dims";
  let arguments = (ins Mcuf_ReduceKind:$kind, AnyRankedTensor:$input, DenseI64ArrayAttr:$axes, BoolAttr:$keep_dims);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_MatmulOp : Mcuf_InferredOp<"matmul"> {
  let summary = "Matrix product over the last two dimensions, numpy semantics for the leading ones";
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
}

def Mcuf_SoftmaxOp : Mcuf_InferredOp<"softmax"> {
  let summary = "exp(x - max) / sum along one axis";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$axis);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_PoolOp : Mcuf_InferredOp<"pool"> {
  let summary = "Largest value or mean of the windows of a map [1, height, width, channels], channel by channel";
  let description = [{
    kernel and strides are height, width; pads are top, left, bottom, right. What lies outside of the map is never the largest; it counts as zeros in a mean
    where count_padding, else not at all.
  }];
  let arguments = (ins Mcuf_ReduceKind:$kind, AnyRankedTensor:$input, DenseI64ArrayAttr:$kernel, DenseI64ArrayAttr:$strides, DenseI64ArrayAttr:$pads,
                       BoolAttr:$count_padding);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$kind $input attr-dict `:` functional-type(operands, results)";
}

def Mcuf_ConvOp : Mcuf_InferredOp<"conv"> {
  let summary = "2-D convolution, NCHW; weights [out, in/groups, height, width]; pads are top, left, bottom, right";
  let arguments = (ins AnyRankedTensor:$input, AnyRankedTensor:$weights, Optional<AnyRankedTensor>:$bias, DenseI64ArrayAttr:$strides,
                       DenseI64ArrayAttr:$pads, DenseI64ArrayAttr:$dilations, I64Attr:$groups);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "operands attr-dict `:` functional-type(operands, results)";
}

#endif
