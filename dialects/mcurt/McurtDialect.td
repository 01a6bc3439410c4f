// The mcurt dialect: how the device runs a network.
#ifndef MCUFORM_DIALECTS_MCURT_DIALECT
#define MCUFORM_DIALECTS_MCURT_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpAsmInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Mcurt_Dialect : Dialect {
  let name = "mcurt";
  let summary = "How the device runs it: buffers, constants in flash, loops over token blocks, kernel calls on rows";
  let description = [{
    A scheduled network is one function whose body holds, in the order in which they run, stages of loops over rows with calls of the runtime's kernels inside.
    Buffers are pieces of an arena, constants stand in flash; every call says which buffers it writes, updates and reads. What a kernel takes is read from
    runtime/kernels.def, the one list of kernels.

    The function takes the caller's output buffer; the model's input is the buffer marked `input`. Its attributes:
    - `mcurt.mean`, `mcurt.std`: what was folded into the patch weights; on the output argument `mcurt.scale`: the scale of the logits
    - `mcurt.layers`: one dictionary an operator of the network {name, kind, macs, weights_bytes}; the `layer` of a call is an index into it
    - `mcurt.schedule`: how the loops were chosen {kind, token_block, patch_block}
    Planning adds `mcurt.arena_bytes` and `mcurt.lower_bound_bytes` to the module.
  }];
  let cppNamespace = "::mcuform::mcurt";
  let usePropertiesForAttributes = 0;
}

class Mcurt_Op<string mnemonic, list<Trait> traits = []> : Op<Mcurt_Dialect, mnemonic, traits>;

#endif
