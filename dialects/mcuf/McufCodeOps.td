// Integer operators on the codes of a quantized file, as docs/arithmetic.md defines them. They have a header of their own: few include it.
#ifndef MCUFORM_DIALECTS_MCUF_CODE_OPS
#define MCUFORM_DIALECTS_MCUF_CODE_OPS

include "dialects/mcuf/McufDialect.td"

def Mcuf_QClampOp : Mcuf_Op<"q_clamp"> {
  let summary = "min(max(x, low), high): the range of codes that a quantized file gives a value";
  let arguments = (ins AnyRankedTensor:$input, I64Attr:$low, I64Attr:$high);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$input attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

def Mcuf_QAddCodesOp : Mcuf_Op<"q_add_codes"> {
  let summary = "Sum of two tensors of at most 9 bits and different scales: min(max(E(R(lhs * 2^22, lhs_mult, R(rhs * 2^22, rhs_mult, 0)) / 2^16), low), high)";
  let description = "Each mult is round(scale of the operand / scale of the result * 2^26), that is in units of 1/65536 of the result's; E takes halves to the even integer.";
  let arguments = (ins AnyRankedTensor:$lhs, AnyRankedTensor:$rhs, I64Attr:$lhs_mult, I64Attr:$rhs_mult, I64Attr:$low, I64Attr:$high);
  let results = (outs AnyRankedTensor:$result);
  let assemblyFormat = "$lhs `,` $rhs attr-dict `:` functional-type(operands, results)";
  let hasVerifier = 1;
}

#endif
