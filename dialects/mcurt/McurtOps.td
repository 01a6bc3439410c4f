// Operators of the mcurt dialect.
#ifndef MCUFORM_DIALECTS_MCURT_OPS
#define MCUFORM_DIALECTS_MCURT_OPS

include "dialects/mcurt/McurtDialect.td"

def Mcurt_Layout : I32EnumAttr<"Layout", "how a constant's elements lie in flash", [
    I32EnumAttrCase<"Plain", 0, "plain">, I32EnumAttrCase<"Paired", 1, "paired">,
    I32EnumAttrCase<"Int4", 2, "int4">]> {
  let cppNamespace = "::mcuform::mcurt";
}

def Mcurt_BufferOp : Mcurt_Op<"buffer", [DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "A piece of the arena";
  let description = [{
    Alive from the first call that touches it to the last; one that is defined outside of a loop and used inside is alive for the whole loop. The buffer marked
    `input` is filled by the caller before the first step, or turn by turn where a loop is fed with it. Planning adds the region, the offset in bytes from the region's start, and the first and the
    last step at which it is alive, a step being a call.

    An input may lie `over` another buffer, `lead` bytes after its start, and is overwritten by it little by little. That is safe if each of its bytes is read
    for the last time before the other buffer's bytes at that place are written; mcuf-verify-memory proves it.
    ```
    %image = mcurt.buffer "image" input over %x : memref<197x192xi16> at 4416 : memref<224x224x3xui8>
    ```
  }];
  let arguments = (ins Optional<AnyStaticShapeMemRef>:$over, StrAttr:$name, UnitAttr:$input, OptionalAttr<I64Attr>:$lead, OptionalAttr<StrAttr>:$region, OptionalAttr<I64Attr>:$offset,
                       OptionalAttr<DenseI64ArrayAttr>:$steps);
  let results = (outs Res<AnyStaticShapeMemRef, "", [MemAlloc]>:$result);
  let assemblyFormat = "$name (`input` $input^)? (`over` $over^ `:` type($over) `at` $lead)? (`region` `(` $region^ `)`)? (`offset` `(` $offset^ `)`)? (`steps` $steps^)? attr-dict `:` type($result)";
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::mlir::MemRefType":$type, "::llvm::StringRef":$name)>];
  let extraClassDeclaration = [{
    int64_t getSizeBytes();
    /// The buffer that overwrites this input, null where there is none.
    BufferOp getOverBuffer() { return getOver() ? getOver().getDefiningOp<BufferOp>() : BufferOp(); }
  }];
}

def Mcurt_ConstantOp : Mcurt_Op<"constant", [Pure, InferTypeOpAdaptor, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "Values in flash";
  let description = "`paired` interleaves neighbouring rows as docs/arithmetic.md says; it is applied when the weights are written, `value` is in natural order. `int4`: `value` is the bytes, one row a pair of units.";
  let arguments = (ins StrAttr:$name, Mcurt_Layout:$layout, ElementsAttr:$value);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$name $layout attr-dict $value";
  let hasVerifier = 1;
}

def Mcurt_TableOp : Mcurt_Op<"table", [Pure, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmResultNames"]>]> {
  let summary = "A table of the runtime's, the middle of `delta_<name>` in arith.h";
  let description = "Its file is part of a package that has the op, so that tables which nobody reads are not linked.";
  let arguments = (ins StrAttr:$name);
  let results = (outs AnyStaticShapeMemRef:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
}

def Mcurt_StageOp : Mcurt_Op<"stage", [RecursiveMemoryEffects, SingleBlock, NoTerminator, NoRegionArguments]> {
  let summary = "A named part of the program; becomes a function of the emitted code";
  let description = [{
    Names are identifiers, unique in a function. Stages do not nest and stand in no loop. `block` is the number of the attention, in the order of the network,
    to which the stage belongs.
  }];
  let arguments = (ins StrAttr:$name, OptionalAttr<I64Attr>:$block);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$name (`block` $block^)? attr-dict-with-keyword $body";
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$name)>];
}

def Mcurt_ForOp : Mcurt_Op<"for", [RecursiveMemoryEffects, SingleBlock, NoTerminator, DeclareOpInterfaceMethods<OpAsmOpInterface, ["getAsmBlockArgumentNames"]>]> {
  let summary = "Runs its body for each block of `step` out of `extent` indices";
  let description = [{
    The block arguments are the first index of a block and the number of indices in it, min(step, extent - first).
    ```
    mcurt.for %first, %rows = 197 step 12 { ... }
    ```

    A loop that is `fed` does not turn by itself: the caller feeds an image line by line, and each time that as many have come as the strip has, the body
    runs on the strip, an input that nobody else touches. Lines below the last whole strip come, too, but are not used. The state, two words, counts the
    lines from the first step on. With a margin (`fed 240 lines below 6 of 114`) there are so many lines above the first and below the last as many as its strip
    lacks; their bytes have that value. A fed loop stands alone in its stage; stages before it run when an image begins, those behind it when it has ended.
    ```
    mcurt.for %first, %patches = 196 step 14 fed 224 lines to %image counted by %fed : memref<16x224x3xui8>, memref<2xi32> { ... }
    ```
  }];
  let arguments = (ins ConfinedAttr<I64Attr, [IntPositive]>:$extent, ConfinedAttr<I64Attr, [IntPositive]>:$step, OptionalAttr<I64Attr>:$lines,
                       OptionalAttr<I64Attr>:$margin, OptionalAttr<I64Attr>:$margin_value,
                       Variadic<AnyStaticShapeMemRef>:$feed);
  let regions = (region SizedRegion<1>:$body);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "int64_t":$extent, "int64_t":$step)>];
  let extraClassDeclaration = [{
    ::mlir::BlockArgument getFirst() { return getBody().getArgument(0); }
    ::mlir::BlockArgument getCount() { return getBody().getArgument(1); }
    int64_t getTripCount() { return static_cast<int64_t>((getExtent() + getStep() - 1) / getStep()); }
    bool isFed() { return !getFeed().empty(); }
    /// Of a fed loop: the lines that one turn takes, and {mark of an image that has begun, lines that have come}.
    BufferOp getStrip() { return getFeed()[0].getDefiningOp<BufferOp>(); }
    BufferOp getState() { return getFeed()[1].getDefiningOp<BufferOp>(); }
    /// The largest first index.
    int64_t getLastFirst() { return (getTripCount() - 1) * static_cast<int64_t>(getStep()); }
  }];
}

def Mcurt_ViewOp : Mcurt_Op<"view", [Pure, InferTypeOpAdaptor]> {
  let summary = "What lies in a buffer or constant from an element on";
  let description = [{
    One coordinate a dimension, each `index * scale + offset`; the result is the elements from there to the end of the source, which may be a view, too.
    ```
    %rows = mcurt.view %x[%first + 1, %head * 64] : memref<197x192xi16>
    ```
  }];
  let arguments = (ins AnyMemRef:$source, Variadic<Index>:$indices, DenseI64ArrayAttr:$scales, DenseI64ArrayAttr:$offsets);
  let results = (outs MemRefRankOf<[AnyType], [1]>:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    /// The index of dimension `dim`, null where the coordinate is a constant.
    ::mlir::Value getIndexOf(unsigned dim);
  }];
}

def Mcurt_CallOp : Mcurt_Op<"call", [AttrSizedOperandSegments, DeclareOpInterfaceMethods<MemoryEffectsOpInterface>]> {
  let summary = "Call of a kernel";
  let description = [{
    Buffers in the order of runtime/kernels.def, each with its access: `out` is written without being read, `inout` read and written, `in` only read. Then the
    integers by name, a number where it is known at compile time.
    ```
    mcurt.call linear_add_s16(inout %x, in %hidden, in %weights, in %bias, in %mult, rows = %rows, depth = 768, units = 192) layer 5 : memref<...>, ...
    ```
  }];
  let arguments = (ins StrAttr:$kernel, Variadic<AnyMemRef>:$buffers, Variadic<Index>:$indices, DenseI32ArrayAttr:$accesses, DenseI64ArrayAttr:$integers,
                       OptionalAttr<I64Attr>:$layer);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    Access getAccess(unsigned buffer) { return static_cast<Access>(getAccesses()[buffer]); }
  }];
  let skipDefaultBuilders = 1;
  let builders = [OpBuilder<(ins "::llvm::StringRef":$kernel, "::llvm::ArrayRef<BufferUse>":$buffers, "::llvm::ArrayRef<Integer>":$integers)>];
}

#endif
