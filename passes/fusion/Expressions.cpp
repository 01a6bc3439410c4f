#include "passes/fusion/Expressions.h"

using namespace mlir;

namespace mcuform {

using mcuf::BinaryKind;

namespace {

/// Deeper expressions are not what an exporter makes of GELU.
constexpr int kMaxDepth = 8;
constexpr size_t kMaxDegree = 3;

Polynomial multiply(const Polynomial &a, const Polynomial &b) {
  Polynomial result(a.size() + b.size() - 1, 0.0);
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < b.size(); ++j)
      result[i + j] += a[i] * b[j];
  return result;
}

} // namespace

std::optional<Polynomial> matchPolynomial(Value value, Value x, SmallVectorImpl<Operation *> &ops, int depth) {
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

void Product::flatten(Value value, Value stop, int depth) {
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

bool Product::isOf(Value x, Value gate) const {
  return factors.size() == 2 && llvm::is_contained(factors, x) && llvm::is_contained(factors, gate);
}

static void collectCandidates(Value value, llvm::SetVector<Value> &candidates, int depth = 0) {
  if (mcuf::constantOf(value) || !candidates.insert(value) || depth == kMaxDepth)
    return;
  if (auto op = value.getDefiningOp<mcuf::BinaryOp>()) {
    collectCandidates(op.getLhs(), candidates, depth + 1);
    collectCandidates(op.getRhs(), candidates, depth + 1);
  }
}

llvm::SetVector<Value> candidatesOf(Value value) {
  llvm::SetVector<Value> candidates;
  collectCandidates(value, candidates);
  return candidates;
}

} // namespace mcuform
