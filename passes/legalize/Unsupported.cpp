#include "passes/legalize/Unsupported.h"

#include "passes/legalize/HandlerRegistry.h"

#include "llvm/ADT/STLExtras.h"

namespace mcuform {
namespace {

struct Hint {
  llvm::StringLiteral name;
  llvm::StringLiteral nearest;
};

constexpr Hint kHints[] = {
    {"Attention", "write attention as MatMul, Softmax and MatMul (opset 17)"},
    {"Celu", "the nearest activation that compiles is Gelu"},
    {"ConvTranspose", "only Conv is supported; networks that enlarge images are not"},
    {"CumSum", "supported only if it can be folded before the export: simplify the model first"},
    {"DynamicQuantizeLinear", "give the float network; mcuformc quantizes it itself, with --calibrate"},
    {"FusedMatMul", "export without onnxruntime's graph optimizations; MatMul and Mul are supported"},
    {"GRU", "recurrent networks are not supported; attention is"},
    {"GatherElements", "Gather with constant indices is supported"},
    {"GatherND", "Gather with constant indices is supported"},
    {"GroupNormalization", "LayerNormalization over the last dimension and BatchNormalization are supported"},
    {"Hardmax", "the network's output may be its logits; take the largest on the device"},
    {"InstanceNormalization", "LayerNormalization over the last dimension and BatchNormalization are supported"},
    {"LSTM", "recurrent networks are not supported; attention is"},
    {"LpNormalization", "LayerNormalization over the last dimension is supported"},
    {"LpPool", "AveragePool and MaxPool are supported"},
    {"MatMulInteger", "quantize the model with QuantizeLinear and DequantizeLinear (QDQ), or give the float network"},
    {"Mish", "the nearest activation that compiles is Gelu"},
    {"MultiHeadAttention", "write attention as MatMul, Softmax and MatMul (opset 17)"},
    {"NonMaxSuppression", "run it on the host; the network may end at its scores and boxes"},
    {"NonZero", "its result has no fixed size; index with constants instead"},
    {"QLinearConv", "quantize the model with QuantizeLinear and DequantizeLinear (QDQ), or give the float network"},
    {"QLinearMatMul", "quantize the model with QuantizeLinear and DequantizeLinear (QDQ), or give the float network"},
    {"RMSNormalization", "write it by its parts, as exporters do up to opset 22: x / Sqrt(ReduceMean(x * x) + epsilon) * gamma"},
    {"RNN", "recurrent networks are not supported; attention is"},
    {"ReduceLogSumExp", "Softmax and LogSoftmax are supported"},
    {"Resize", "resize the image, or the table of positions, before the export"},
    {"ScatterElements", "Where with a constant mask is supported"},
    {"ScatterND", "Slice and Concat are supported in place of assignments to a part"},
    {"Selu", "the nearest activation that compiles is Gelu"},
    {"TopK", "the network's output may be its logits; take the largest on the device"},
    {"ArgMax", "the network's output may be its logits; take the largest on the device"},
    {"SimplifiedLayerNormalization", "export without onnxruntime's graph optimizations; RMSNorm by its parts is supported"},
    {"Upsample", "resize the image, or the table of positions, before the export"},
    {"com.microsoft.Attention", "export without onnxruntime's graph optimizations, or as MatMul, Softmax and MatMul"},
    {"com.microsoft.BiasGelu", "export without onnxruntime's graph optimizations, or as Add and Gelu"},
    {"com.microsoft.FastGelu", "export without onnxruntime's graph optimizations; the tanh form of GELU is supported"},
    {"com.microsoft.Gelu", "export without onnxruntime's graph optimizations; GELU from Erf or as Gelu of opset 20 is supported"},
    {"com.microsoft.SkipLayerNormalization", "export without onnxruntime's graph optimizations, or as Add and LayerNormalization"},
    {"com.microsoft.SkipSimplifiedLayerNormalization", "export without onnxruntime's graph optimizations; RMSNorm by its parts is supported"},
};

constexpr llvm::StringLiteral kTypeKeepers[] = {"Abs",
                                                "BatchNormalization",
                                                "Celu",
                                                "Clip",
                                                "Cos",
                                                "CumSum",
                                                "Dropout",
                                                "Elu",
                                                "Erf",
                                                "Exp",
                                                "Gelu",
                                                "GroupNormalization",
                                                "HardSigmoid",
                                                "HardSwish",
                                                "Hardmax",
                                                "Identity",
                                                "InstanceNormalization",
                                                "LRN",
                                                "LayerNormalization",
                                                "LeakyRelu",
                                                "LogSoftmax",
                                                "LpNormalization",
                                                "MeanVarianceNormalization",
                                                "Mish",
                                                "Neg",
                                                "PRelu",
                                                "Reciprocal",
                                                "Relu",
                                                "RMSNormalization",
                                                "Selu",
                                                "Shrink",
                                                "Sigmoid",
                                                "Sin",
                                                "Softmax",
                                                "Softplus",
                                                "Softsign",
                                                "Sqrt",
                                                "Swish",
                                                "Tanh",
                                                "ThresholdedRelu",
                                                "Trilu",
                                                "com.microsoft.BiasGelu",
                                                "com.microsoft.FastGelu",
                                                "com.microsoft.Gelu",
                                                "com.microsoft.QuickGelu"};

} // namespace

std::string nearestForm(llvm::StringRef name) {
  for (const Hint &hint : kHints)
    if (hint.name == name)
      return hint.nearest.str();
  // A slip of the pen, or an operator that another domain has under ONNX's name.
  std::string closest;
  unsigned best = 3;
  llvm::StringRef bare = name.rsplit('.').second.empty() ? name : name.rsplit('.').second;
  HandlerRegistry::get().forEach([&](llvm::StringRef known, const HandlerEntry &) {
    if (unsigned distance = bare.edit_distance(known, true, best); distance < best) {
      best = distance;
      closest = known.str();
    }
  });
  if (!closest.empty() && best * 3 <= closest.size())
    return "replace it with supported operators before the export; the one with the nearest name is " + closest;
  return "replace it with supported operators before the export";
}

bool keepsType(llvm::StringRef name) { return llvm::is_contained(kTypeKeepers, name); }

} // namespace mcuform
