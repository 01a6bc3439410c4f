// The rounding of activations to 8 bits, where a model that is quantized already asks for it.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"
#include "passes/support/FileRange.h"

#include "compiler/reference/HostTensor.h"

namespace mcuform {
#define GEN_PASS_DEF_FOLDQUANTIZATION
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

/// Expressions are looked through so far.
constexpr int kMaxDepth = 8;

bool isConstantAtLeast(Value value, double least) {
  ElementsAttr elements = mcuf::constantOf(value);
  FailureOr<HostTensor> tensor = elements ? toHostTensor(elements) : FailureOr<HostTensor>();
  return succeeded(tensor) && tensor->kind() == ElementKind::F32 &&
         llvm::all_of(tensor->span<float>(), [&](float element) { return element >= least; });
}

/// Whether all elements of `value` are known to be zero or more.
bool isNonNegative(Value value, int depth = 0) {
  Operation *op = value.getDefiningOp();
  if (!op || depth == kMaxDepth)
    return false;
  auto operand = [&](unsigned index) { return isNonNegative(op->getOperand(index), depth + 1); };
  if (isa<mcuf::ConstantOp>(op))
    return isConstantAtLeast(value, 0);
  if (isa<mcuf::SoftmaxOp>(op))
    return true;
  if (isa<mcuf::ReshapeOp, mcuf::TransposeOp, mcuf::SliceOp, mcuf::BroadcastOp, mcuf::ReduceOp, mcuf::PoolOp>(op))
    return operand(0);
  if (auto unary = dyn_cast<mcuf::UnaryOp>(op)) {
    switch (unary.getKind()) {
    case UnaryKind::Abs:
    case UnaryKind::Exp:
    case UnaryKind::Relu:
    case UnaryKind::Sigmoid:
    case UnaryKind::Sqrt:
      return true;
    case UnaryKind::Reciprocal:
      return operand(0);
    default:
      return false;
    }
  }
  auto binary = dyn_cast<mcuf::BinaryOp>(op);
  if (!binary)
    return false;
  switch (binary.getKind()) {
  case BinaryKind::Add:
    // 1 + erf(x), 1 + tanh(x)
    for (auto [one, bounded] : {std::pair(op->getOperand(0), op->getOperand(1)), {op->getOperand(1), op->getOperand(0)}})
      if (auto function = bounded.getDefiningOp<mcuf::UnaryOp>())
        if ((function.getKind() == UnaryKind::Erf || function.getKind() == UnaryKind::Tanh) && isConstantAtLeast(one, 1))
          return true;
    return operand(0) && operand(1);
  case BinaryKind::Mul:
    return op->getOperand(0) == op->getOperand(1) || (operand(0) && operand(1));
  case BinaryKind::Pow:
    return operand(0) || constantSplat(op->getOperand(1)) == 2.0;
  case BinaryKind::Div:
  case BinaryKind::Min:
    return operand(0) && operand(1);
  case BinaryKind::Max:
    return operand(0) || operand(1);
  default:
    return false;
  }
}

/// The other operand of `value` = kind(operand, constant), and the constant.
struct WithConstant {
  Value operand, constant;
};
std::optional<WithConstant> matchConstant(Value value, BinaryKind kind) {
  auto op = binaryOf(value, kind);
  if (!op || !mcuf::constantOf(op.getRhs()) || op.getLhs().getType() != value.getType())
    return std::nullopt;
  return WithConstant{op.getLhs(), op.getRhs()};
}

bool isSame(Value a, Value b) { return a == b || (a && b && mcuf::constantOf(a) == mcuf::constantOf(b)); }

/// x of (integer(clamp(round(x / scale) + zero)) - zero) * scale, which legalization makes of the two nodes; `zero` may be missing.
struct Quantization {
  Value input;
  bool beginsAtZero;              ///< the range that is not clamped
  std::optional<FileRange> range; ///< where there is one for all elements
};

std::optional<Quantization> matchQuantization(mcuf::BinaryOp op) {
  auto scaled = matchConstant(op, BinaryKind::Mul);
  if (!scaled)
    return std::nullopt;
  auto shifted = matchConstant(scaled->operand, BinaryKind::Sub);
  auto widened = (shifted ? shifted->operand : scaled->operand).getDefiningOp<mcuf::CastOp>();
  auto narrowed = widened ? widened.getInput().getDefiningOp<mcuf::CastOp>() : mcuf::CastOp();
  auto upper = narrowed ? matchScalar(narrowed.getInput(), BinaryKind::Min) : std::nullopt;
  auto lower = upper ? matchScalar(upper->operand, BinaryKind::Max) : std::nullopt;
  if (!lower)
    return std::nullopt;
  auto moved = matchConstant(lower->operand, BinaryKind::Add);
  auto rounded = unaryOf(moved ? moved->operand : lower->operand, UnaryKind::Round);
  auto divided = rounded ? matchConstant(rounded.getInput(), BinaryKind::Div) : std::nullopt;
  if (!divided || !isSame(divided->constant, scaled->constant) || bool(moved) != bool(shifted) ||
      (moved && !isSame(moved->constant, shifted->constant)))
    return std::nullopt;
  const std::optional<double> zero = moved ? constantSplat(moved->constant) : 0.0;
  Quantization result{divided->operand, zero == lower->scalar, std::nullopt};
  const std::optional<double> scale = constantSplat(scaled->constant);
  if (scale && zero && *scale > 0)
    result.range = FileRange{float(*scale), int64_t(lower->scalar - *zero), int64_t(upper->scalar - *zero)};
  return result;
}

struct FoldQuantization : impl::FoldQuantizationBase<FoldQuantization> {
  /// In the order of the program: whether a value can be negative is known once what it is made of has been folded.
  void runOnOperation() override {
    OpBuilder builder(&getContext());
    for (Operation &op : llvm::make_early_inc_range(getOperation().getBody().front())) {
      auto product = dyn_cast<mcuf::BinaryOp>(op);
      auto match = product ? matchQuantization(product) : std::nullopt;
      if (!match)
        continue;
      Value input = match->input;
      // Where others read the value unrounded, it is not stored as the file says.
      const bool isRoundedForAll = input.hasOneUse();
      builder.setInsertionPoint(product);
      // A quantized image is not negative because its pixels are not.
      if (match->beginsAtZero && !isa<BlockArgument>(input) && !isNonNegative(input))
        input = createFolded<mcuf::UnaryOp>(builder, product.getLoc(), UnaryKind::Relu, input);
      if (match->range && isRoundedForAll)
        noteFileRange(input, *match->range);
      product.replaceAllUsesWith(input);
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(getOperation().getBody().front())))
      if (isOpTriviallyDead(&op))
        op.erase();
  }
};

} // namespace
} // namespace mcuform
