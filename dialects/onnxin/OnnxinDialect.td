// The onnxin dialect: what an ONNX file says, before anything is concluded from it.
#ifndef MCUFORM_DIALECTS_ONNXIN_DIALECT
#define MCUFORM_DIALECTS_ONNXIN_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"

def Onnxin_Dialect : Dialect {
  let name = "onnxin";
  let summary = "What an ONNX file says, one op per node";
  let description = [{
    A transcript of an ONNX graph: nothing is folded, inferred or judged. Graph inputs are arguments of `@main` with the types that the file gives,
    initializers and `Constant` nodes are `onnxin.constant`, every other node is one `onnxin.node`. Node and tensor names are the locations.

    The module carries `onnxin.opset`, `onnxin.ir_version` (i64), `onnxin.producer`, `onnxin.model_name` and `onnxin.sha256` (strings); arguments and results
    of `@main` carry their name in the file as `onnxin.name`.
  }];
  let cppNamespace = "::mcuform::onnxin";
  let usePropertiesForAttributes = 0;
  let useDefaultTypePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
  let extraClassDeclaration = [{
    /// Names of the attributes on the module and on the arguments and results of its function.
    static constexpr ::llvm::StringLiteral kOpsetAttr{"onnxin.opset"};
    static constexpr ::llvm::StringLiteral kIrVersionAttr{"onnxin.ir_version"};
    static constexpr ::llvm::StringLiteral kProducerAttr{"onnxin.producer"};
    static constexpr ::llvm::StringLiteral kModelNameAttr{"onnxin.model_name"};
    static constexpr ::llvm::StringLiteral kSha256Attr{"onnxin.sha256"};
    static constexpr ::llvm::StringLiteral kNameAttr{"onnxin.name"};
  }];
}

def Onnxin_ValueType : TypeDef<Onnxin_Dialect, "Value"> {
  let mnemonic = "value";
  let summary = "Output of a node, whose type the file does not say";
}

#endif
