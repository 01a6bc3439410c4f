// GELU from its parts: x * 0.5 * (1 + erf(x / sqrt 2)), or with tanh(sqrt(2/pi) * (x + 0.044715 x^3)) in place of erf, in whatever order
// the factors stand.
#include "passes/Passes.h"
#include "passes/fusion/Matching.h"

#include <cmath>

namespace mcuform {
#define GEN_PASS_DEF_FUSEGELU
#include "passes/Passes.h.inc"
} // namespace mcuform

using namespace mlir;

namespace mcuform {
namespace {

using mcuf::BinaryKind;
using mcuf::UnaryKind;

/// Deeper expressions are not what an exporter makes of GELU.
constexpr int kMaxDepth = 8;
constexpr size_t kMaxDegree = 3;

/// Coefficients by degree.
using Polynomial = SmallVector<double, 4>;

Polynomial multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial result(a.size() + b.size() - 1, 0.0);
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < b.size(); ++j)
      result[i + j] += a[i] * b[j];
  return result;
}

/// `value` as a polynomial in `x` with scalar coefficients. Adds the ops in between to `ops`.
std::optional<Polynomial> matchPolynomial(Value value, Value x, SmallVectorImpl<Operation *> &ops, int depth = 0) {
  if (value == x)
    return Polynomial{0.0, 1.0};
  if (auto scalar = constantSplat(value))
    return Polynomial{*scalar};
  auto op = value.getDefiningOp<mcuf::BinaryOp>();
  if (!op || depth == kMaxDepth)
    return std::nullopt;
  auto lhs = matchPolynomial(op.getLhs(), x, ops, depth + 1);
  auto rhs = lhs ? matchPolynomial(op.getRhs(), x, ops, depth + 1) : std::nullopt;
  if (!rhs)
    return std::nullopt;
  ops.push_back(op);
  switch (op.getKind()) {
  case BinaryKind::Add:
  case BinaryKind::Sub:
    lhs->resize(std::max(lhs->size(), rhs->size()), 0.0);
    for (size_t i = 0; i < rhs->size(); ++i)
      (*lhs)[i] += op.getKind() == BinaryKind::Add ? (*rhs)[i] : -(*rhs)[i];
    return lhs;
  case BinaryKind::Mul:
    if (lhs->size() + rhs->size() - 2 > kMaxDegree)
      return std::nullopt;
    return multiply(*lhs, *rhs);
  case BinaryKind::Div:
    if (rhs->size() != 1 || rhs->front() == 0)
      return std::nullopt;
    return multiply(*lhs, {1.0 / rhs->front()});
  case BinaryKind::Pow: {
    double exponent = rhs->front();
    if (rhs->size() != 1 || (exponent != 1 && exponent != 2 && exponent != 3) || (lhs->size() - 1) * size_t(exponent) > kMaxDegree)
      return std::nullopt;
    Polynomial result{1.0};
    for (int i = 0; i < int(exponent); ++i)
      result = multiply(result, *lhs);
    return result;
  }
  default:
    return std::nullopt;
  }
}

bool isPolynomial(const Polynomial &polynomial, ArrayRef<double> expected) {
  for (size_t i = 0; i < std::max(polynomial.size(), expected.size()); ++i) {
    double have = i < polynomial.size() ? polynomial[i] : 0.0, want = i < expected.size() ? expected[i] : 0.0;
    if (want == 0 ? have != 0 : !isNear(have, want))
      return false;
  }
  return true;
}

/// c * (1 + f) where f is erf or tanh of something.
struct Gate {
  mcuf::UnaryOp function;
  double scale;
  SmallVector<Operation *> ops;
};

std::optional<Gate> matchGate(Value value) {
  auto sum = matchScalar(value, BinaryKind::Add);
  if (!sum)
    return std::nullopt;
  Gate gate{{}, 1.0, {value.getDefiningOp()}};
  Value inner = sum->operand;
  if (auto scaling = matchScaling(inner)) {
    gate.scale = scaling->scalar;
    gate.ops.push_back(inner.getDefiningOp());
    inner = scaling->operand;
  }
  gate.function = inner.getDefiningOp<mcuf::UnaryOp>();
  if (!gate.function || (gate.function.getKind() != UnaryKind::Erf && gate.function.getKind() != UnaryKind::Tanh) ||
      !isNear(sum->scalar, gate.scale))
    return std::nullopt;
  gate.ops.push_back(gate.function);
  return gate;
}

/// A product taken apart: scalars are multiplied into `scale`; `stop` stays whole.
struct Product {
  double scale = 1.0;
  SmallVector<Value> factors;
  SmallVector<Operation *> ops;

  void flatten(Value value, Value stop, int depth = 0) {
    auto scaling = value == stop ? std::nullopt : matchScaling(value);
    auto product = value == stop ? mcuf::BinaryOp() : binaryOf(value, BinaryKind::Mul);
    if (depth == kMaxDepth || (!scaling && !product)) {
      factors.push_back(value);
      return;
    }
    ops.push_back(value.getDefiningOp());
    if (scaling) {
      scale *= scaling->scalar;
      flatten(scaling->operand, stop, depth + 1);
      return;
    }
    flatten(product.getLhs(), stop, depth + 1);
    flatten(product.getRhs(), stop, depth + 1);
  }
};

/// The values that the expression `value` is made of, itself included: what x may be.
void collectCandidates(Value value, llvm::SetVector<Value> &candidates, int depth = 0) {
  if (mcuf::constantOf(value) || !candidates.insert(value) || depth == kMaxDepth)
    return;
  if (auto op = value.getDefiningOp<mcuf::BinaryOp>()) {
    collectCandidates(op.getLhs(), candidates, depth + 1);
    collectCandidates(op.getRhs(), candidates, depth + 1);
  }
}

struct GeluPattern : OpRewritePattern<mcuf::BinaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(mcuf::BinaryOp root, PatternRewriter &rewriter) const override {
    if (root.getKind() != BinaryKind::Mul && root.getKind() != BinaryKind::Div)
      return failure();
    Product whole;
    whole.flatten(root, {});
    for (Value factor : whole.factors) {
      auto gate = matchGate(factor);
      if (!gate)
        continue;
      llvm::SetVector<Value> candidates;
      collectCandidates(gate->function.getInput(), candidates);
      for (Value x : candidates)
        if (succeeded(rewrite(root, *gate, factor, x, rewriter)))
          return success();
    }
    return failure();
  }

private:
  static LogicalResult rewrite(mcuf::BinaryOp root, const Gate &gate, Value gateValue, Value x, PatternRewriter &rewriter) {
    bool isTanh = mcuf::UnaryOp(gate.function).getKind() == UnaryKind::Tanh;
    double slope = isTanh ? std::sqrt(2.0 / M_PI) : std::sqrt(0.5);
    SmallVector<Operation *> ops(gate.ops);
    auto argument = matchPolynomial(mcuf::UnaryOp(gate.function).getInput(), x, ops);
    if (!argument || !isPolynomial(*argument, isTanh ? ArrayRef<double>{0, slope, 0, slope * 0.044715} : ArrayRef<double>{0, slope}))
      return failure();
    Product product;
    product.flatten(root, x);
    bool isGelu = product.factors.size() == 2 && llvm::is_contained(product.factors, x) && llvm::is_contained(product.factors, gateValue);
    if (!isGelu || !isNear(product.scale * gate.scale, 0.5) || x.getType() != root.getType())
      return failure();
    llvm::append_range(ops, product.ops);
    Value gelu = rewriter.create<mcuf::GeluOp>(fuseLocations(ops), x, isTanh);
    rewriter.replaceOp(root, gelu);
    return success();
  }
};

class FuseGelu : public impl::FuseGeluBase<FuseGelu> {
public:
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<GeluPattern>(&getContext());
    if (failed(applyToFixpoint(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};

} // namespace
} // namespace mcuform
