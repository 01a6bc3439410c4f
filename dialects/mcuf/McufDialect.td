// The mcuf dialect: what a network computes, first in float, after quantization in integers.
#ifndef MCUFORM_DIALECTS_MCUF_DIALECT
#define MCUFORM_DIALECTS_MCUF_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Mcuf_Dialect : Dialect {
  let name = "mcuf";
  let summary = "What a network computes: tensors, value semantics";
  let description = [{
    Tensors with static shapes and value semantics. A network arrives as general float operators (`Mcuf*Ops.td`, level "float"), which fusion turns into the
    operators of transformers (linear, attention, layer_norm, patch_embed ...), which quantization replaces by their integer forms (prefix `q`).
    The float ops have the meaning of the ONNX operators they are named after; the integer ones that of docs/arithmetic.md. "Rows" of a tensor are all its
    leading dimensions together, "width" is the last one.
  }];
  let cppNamespace = "::mcuform::mcuf";
  let usePropertiesForAttributes = 0;
  let dependentDialects = ["::mlir::quant::QuantizationDialect"];
}

class Mcuf_Op<string mnemonic, list<Trait> traits = []> : Op<Mcuf_Dialect, mnemonic, !listconcat(traits, [Pure])>;

// An op whose result type follows from its operands and attributes; the rule is in McufInfer.cpp.
class Mcuf_InferredOp<string mnemonic, list<Trait> traits = []> : Mcuf_Op<mnemonic, !listconcat(traits, [InferTypeOpAdaptor])>;

#endif
