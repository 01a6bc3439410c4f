// The contract after phase fuse: only what the quantizer can take is left. What is not is the model's fault or a form that fusion does not
// know, so each message names the ONNX nodes and says in which surroundings such an op would be supported.
#include "passes/Passes.h"
#include "passes/support/NodeNames.h"
#include "passes/support/ProblemAttribute.h"

#include "compiler/support/DiagnosticCodes.h"

namespace mcuform {
#define GEN_PASS_DEF_VERIFYFUSED
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::ReduceKind;
using mcuf::UnaryKind;

/// Whether `value` is what a convolution, a pool or an activation behind them computes: a map, or its pixels as rows.
bool isMap(Value value) {
  while (auto reshape = value.getDefiningOp<mcuf::ReshapeOp>())
    value = reshape.getInput();
  if (mcuf::isActivation(value.getDefiningOp()))
    value = value.getDefiningOp()->getOperand(0);
  auto linear = value.getDefiningOp<mcuf::LinearOp>();
  return isa_and_nonnull<mcuf::DepthwiseOp, mcuf::PoolOp>(value.getDefiningOp()) ||
         (linear && linear.getInput().getDefiningOp<mcuf::WindowsOp>());
}

/// Whether `value` can be a factor of a product: a layer or its activation, or another product. Other values have scales by channel.
bool isFactor(Value value) {
  auto binary = value.getDefiningOp<mcuf::BinaryOp>();
  return value.getDefiningOp<mcuf::LinearOp>() || mcuf::isActivation(value.getDefiningOp()) ||
         (binary && binary.getKind() == BinaryKind::Mul);
}

/// Why an op cannot be quantized; empty if it can.
std::string problemWith(mcuf::BinaryOp op) {
  bool constant = mcuf::constantOf(op.getLhs()) || mcuf::constantOf(op.getRhs());
  if (op.getKind() == BinaryKind::Add && !constant && op.getLhs().getType() == op.getRhs().getType())
    return {};
  if (op.getKind() == BinaryKind::Add && op.getLhs().getType() == op.getRhs().getType() && (isMap(op.getLhs()) || isMap(op.getRhs())))
    return {};
  if (op.getKind() == BinaryKind::Add)
    return "an addition is supported between two tensors of the same shape, and of constants as bias of a layer or position of patches and pixels";
  if (op.getKind() == BinaryKind::Mul && op.getLhs().getType() == op.getRhs().getType() && isFactor(op.getLhs()) && isFactor(op.getRhs()))
    return {};
  return ("elementwise '" + stringifyBinaryKind(op.getKind()) +
          "' is supported with constants next to a linear layer, and as part of gelu, swish and layer_norm" +
          (op.getKind() == BinaryKind::Mul ? "; of two tensors of the same shape where both are linear layers or their activations" : ""))
      .str();
}

/// Whether `value` is of a kind that an activation can follow.
bool isComputedMap(Value value) {
  auto binary = value.getDefiningOp<mcuf::BinaryOp>();
  return isa_and_nonnull<mcuf::LinearOp, mcuf::DepthwiseOp, mcuf::PoolOp>(value.getDefiningOp()) ||
         (binary && binary.getKind() == BinaryKind::Add);
}

std::string problemWith(mcuf::UnaryOp op) {
  if (op.getKind() == UnaryKind::Relu)
    return isComputedMap(op.getInput()) ? "" : "'relu' is supported behind a linear layer, a convolution, a pool or an addition";
  return ("elementwise '" + stringifyUnaryKind(op.getKind()) + "' is supported only as part of gelu, swish and layer_norm").str();
}

/// Consecutive rows, whole: one leading dimension is cut, the others but the width have size 1.
std::string problemWith(mcuf::SliceOp op) {
  ArrayRef<int64_t> shape = mcuf::shapeOf(op.getInput());
  int cut = 0, longer = 0;
  bool whole = !shape.empty() && op.getSizes().back() == shape.back();
  for (size_t d = 0; d + 1 < shape.size(); ++d) {
    cut += op.getSizes()[d] != shape[d];
    longer += shape[d] != 1;
  }
  bool consecutive = llvm::all_of(op.getSteps(), [](int64_t step) { return step == 1; });
  return whole && consecutive && cut <= 1 && longer <= 1
             ? ""
             : "a slice is supported of consecutive rows (tokens), and of columns of a linear layer";
}

std::string problemWith(mcuf::ReduceOp op) {
  ArrayRef<int64_t> shape = mcuf::shapeOf(op.getInput());
  bool overRows = op.getKind() == ReduceKind::Mean && !op.getAxes().empty() && !llvm::is_contained(op.getAxes(), int64_t(shape.size()) - 1);
  for (size_t d = 0; overRows && d + 1 < shape.size(); ++d)
    overRows = shape[d] == 1 || llvm::is_contained(op.getAxes(), int64_t(d));
  return overRows ? "" : "a reduction is supported as mean over all tokens, and as part of layer_norm";
}

std::string problemWith(mcuf::ConvOp op) {
  if (op.getGroups() != 1 &&
      (int64_t(op.getGroups()) != mcuf::shapeOf(op.getInput())[1] || mcuf::shapeOf(op.getWeights())[0] != int64_t(op.getGroups())))
    return ("a convolution of " + Twine(op.getGroups()) +
            " groups; supported are one group and one output channel for each input channel (depthwise)")
        .str();
  if (llvm::any_of(op.getDilations(), [](int64_t dilation) { return dilation != 1; }))
    return "a convolution with dilations; supported are dilations of 1";
  if (mcuf::shapeOf(op.getInput())[0] != 1)
    return "a convolution of several images; supported is one at a time";
  return "a convolution is supported with constant weights and padding below the size of its kernel";
}

std::string problemWith(mcuf::PoolOp op) {
  const bool hasPads = llvm::any_of(op.getPads(), [](int64_t pad) { return pad != 0; });
  if (op.getKind() == ReduceKind::Mean && hasPads && !op.getCountPadding())
    return "an average pool whose padding does not count; supported are those without padding and with count_include_pad";
  return isa<BlockArgument>(op.getInput()) || mcuf::isInterleavedImage(op.getInput())
             ? "a pool of the model's input; supported are pools of what is computed from it"
             : "";
}

std::string problem(Operation *op) {
  if (!problemOf(op).empty())
    return problemOf(op).str();
  if (auto embed = dyn_cast<mcuf::PatchEmbedOp>(op))
    return isa<BlockArgument>(embed.getImage()) ? "" : "a patch embedding is supported only of the model's input";
  if (isa<mcuf::ConstantOp, mcuf::LinearOp, mcuf::LayerNormOp, mcuf::GeluOp, mcuf::SwishOp, mcuf::HardSwishOp, mcuf::AttentionOp, mcuf::ReshapeOp, mcuf::PermuteRowsOp,
          mcuf::WindowsOp>(op))
    return {};
  if (auto depthwise = dyn_cast<mcuf::DepthwiseOp>(op))
    return mcuf::isInterleavedImage(depthwise.getInput())
               ? "a depthwise convolution of the model's input; supported are those of what is computed from it"
               : "";
  if (auto pool = dyn_cast<mcuf::PoolOp>(op))
    return problemWith(pool);
  if (auto relu = dyn_cast<mcuf::ClippedReluOp>(op))
    return isComputedMap(relu.getInput()) ? "" : "a clipped relu is supported behind a linear layer, a convolution, a pool or an addition";
  if (auto transpose = dyn_cast<mcuf::TransposeOp>(op);
      transpose && mcuf::isInterleavedImage(transpose) &&
      llvm::all_of(op->getUsers(), [](Operation *user) { return isa<mcuf::WindowsOp>(user); }))
    return {};
  if (auto binary = dyn_cast<mcuf::BinaryOp>(op))
    return problemWith(binary);
  if (auto unary = dyn_cast<mcuf::UnaryOp>(op))
    return problemWith(unary);
  if (auto slice = dyn_cast<mcuf::SliceOp>(op))
    return problemWith(slice);
  if (auto reduce = dyn_cast<mcuf::ReduceOp>(op))
    return problemWith(reduce);
  if (isa<mcuf::SoftmaxOp>(op))
    return "softmax is supported only inside of attention, softmax(scale * q k^T) v with nothing but 2-D relative positions added to the "
           "scores, and of one score a token for sequence pooling";
  if (isa<mcuf::MatmulOp>(op))
    return "a product of two matrices that are both computed is supported only inside of attention, softmax(scale * q k^T) v or "
           "sigmoid(scale * q k^T + bias) v";
  if (auto conv = dyn_cast<mcuf::ConvOp>(op))
    return problemWith(conv);
  if (auto concat = dyn_cast<mcuf::ConcatOp>(op)) {
    const bool joinsChannels = int64_t(concat.getAxis()) + 1 == int64_t(mcuf::shapeOf(concat).size());
    if (joinsChannels && llvm::none_of(concat.getInputs(), [](Value input) { return bool(mcuf::constantOf(input)) || isa<BlockArgument>(input); }))
      return {};
    return "a concatenation is supported of constant tokens in front of the patches, and of the channels of computed maps";
  }
  if (isa<mcuf::TransposeOp>(op))
    return "a transposition is supported only where tokens and heads are exchanged for attention, or where another one undoes it";
  return ("'" + op->getName().stripDialect() + "' has no integer form").str();
}

class VerifyFused : public impl::VerifyFusedBase<VerifyFused> {
public:
  void runOnOperation() override {
    for (Operation &op : getOperation().getBody().front().without_terminator()) {
      if (!isa<mcuf::McufDialect>(op.getDialect()))
        continue;
      std::string text = problem(&op);
      if (text.empty())
        continue;
      // The last of the nodes is the one whose result it is; all of them would hide the message.
      Location location = op.getLoc();
      if (auto fused = dyn_cast<FusedLoc>(location))
        location = fused.getLocations().back();
      emitError(location) << tag(Code::NoIntegerForm) << describeNodes(op.getLoc()) << ": " << text;
      signalPassFailure();
    }
  }
};

} // namespace
} // namespace mcuform
