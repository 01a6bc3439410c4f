// The ops of the onnxin dialect.
#ifndef MCUFORM_DIALECTS_ONNXIN_OPS
#define MCUFORM_DIALECTS_ONNXIN_OPS

include "dialects/onnxin/OnnxinDialect.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Onnxin_Op<string mnemonic, list<Trait> traits = []> : Op<Onnxin_Dialect, mnemonic, !listconcat(traits, [Pure])>;

def Onnxin_Operand : AnyTypeOf<[AnyStaticShapeTensor, Onnxin_ValueType, NoneType], "a tensor, the output of a node, or nothing">;

def Onnxin_NodeOp : Onnxin_Op<"node"> {
  let summary = "A node of an ONNX graph";
  let description = [{
    Operator, domain (empty for ONNX's own operators), attributes and operands as the file gives them. Its location is the node's name; a node without one is
    called `<op_type>_<index in the file>`. A missing optional input is an `onnxin.none`, except at the end of the list, where it may be left out.
    Outputs that the file leaves unnamed are results nevertheless, so that result i is output i of the operator.

    Attributes: int is an i64, float an f32, string a string, a list of ints `array<i64: ...>`, of floats `array<f32: ...>`, a tensor an elements attribute,
    other lists are arrays of these.

    ```mlir
    %0 = onnxin.node "Conv"(%image, %weights, %bias) {attrs = {kernel_shape = array<i64: 16, 16>}}
        : (tensor<1x3x224x224xf32>, tensor<192x3x16x16xf32>, tensor<192xf32>) -> !onnxin.value
    ```
  }];
  let arguments = (ins StrAttr:$op_type, Variadic<Onnxin_Operand>:$inputs, DefaultValuedStrAttr<StrAttr, "">:$domain,
      DefaultValuedAttr<DictionaryAttr, "{}">:$attrs);
  let results = (outs Variadic<Onnxin_ValueType>:$outputs);
  let assemblyFormat = "$op_type `(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs)";
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$opType, "::llvm::StringRef":$domain, "::mlir::DictionaryAttr":$attrs, "::mlir::ValueRange":$inputs,
      "unsigned":$outputCount)>];
  let extraClassDeclaration = [{
    /// The node's name, or what the importer called it.
    ::llvm::StringRef getNodeName();

    /// Operand `index`, or null where the node leaves it out.
    ::mlir::Value getInput(unsigned index);

    /// The attribute `name` of the node, or null.
    ::mlir::Attribute getNodeAttr(::llvm::StringRef name) { return getAttrs().get(name); }

    /// The attribute of that name and kind; nothing when it is missing or of another kind.
    ::std::optional<int64_t> getInt(::llvm::StringRef name);
    ::std::optional<float> getFloat(::llvm::StringRef name);
    ::std::optional<::llvm::StringRef> getString(::llvm::StringRef name);
    ::std::optional<::llvm::ArrayRef<int64_t>> getInts(::llvm::StringRef name);
    ::std::optional<::llvm::ArrayRef<float>> getFloats(::llvm::StringRef name);
  }];
}

def Onnxin_ConstantOp : Onnxin_Op<"constant", [ConstantLike, AllTypesMatch<["value", "result"]>]> {
  let summary = "An initializer or a Constant node";
  let description = [{
    Its location is the name of the initializer or node. Signed integers are signless (`i8` ... `i64`), unsigned ones `ui8` ... `ui64`, bool is `i1`.
    Up to 64 elements are a `dense` attribute, more a `dense_resource`, whose blob holds the elements packed in little-endian order, a bool in a byte.
  }];
  let arguments = (ins ElementsAttr:$value);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = "attr-dict $value";
  let hasFolder = 1;
  let hasVerifier = 1;
}

def Onnxin_NoneOp : Onnxin_Op<"none"> {
  let summary = "An optional input that a node leaves out";
  let results = (outs NoneType:$result);
  let assemblyFormat = "attr-dict";
}

def Onnxin_UnknownOp : Onnxin_Op<"unknown"> {
  let summary = "A value that could not be read";
  let description = "Only in a module whose import has failed, which is looked at for more problems and never compiled.";
  let results = (outs Onnxin_ValueType:$result);
  let assemblyFormat = "attr-dict";
}

#endif
