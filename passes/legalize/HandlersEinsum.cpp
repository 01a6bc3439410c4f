// Einsum as transpositions, sums and one matrix product.
#include "passes/legalize/HandlerRegistry.h"
#include "passes/legalize/NodeLegalizer.h"

using namespace mlir;

namespace mcuform {
namespace {

/// A tensor whose dimensions have letters.
struct Term {
  Value value;
  std::string letters;

  int64_t size(char letter) const { return mcuf::shapeOf(value)[letters.find(letter)]; }
  bool has(char letter) const { return letters.find(letter) != std::string::npos; }
};

/// Sums over the letters that are not in `kept`.
Term sumOut(NodeLegalizer &n, Term term, StringRef kept) {
  SmallVector<int64_t> axes;
  std::string left;
  for (auto [index, letter] : llvm::enumerate(term.letters)) {
    if (kept.contains(letter))
      left += letter;
    else
      axes.push_back(int64_t(index));
  }
  if (!axes.empty())
    term.value = n.create<mcuf::ReduceOp>(mcuf::ReduceKind::Sum, term.value, axes, false);
  term.letters = left;
  return term;
}

/// The term with its dimensions in the order of `letters`, which are its own.
Value arrange(NodeLegalizer &n, const Term &term, StringRef letters) {
  SmallVector<int64_t> permutation;
  for (char letter : letters)
    permutation.push_back(int64_t(term.letters.find(letter)));
  return term.value ? n.create<mcuf::TransposeOp>(term.value, permutation) : Value();
}

/// Letters of two terms: those of the result in both make the batch, those in both and not in the result are summed over.
Value multiply(NodeLegalizer &n, const Term &lhs, const Term &rhs, std::string &letters) {
  std::string batch, summed, left, right;
  for (char letter : lhs.letters)
    (rhs.has(letter) ? StringRef(letters).contains(letter) ? batch : summed : left) += letter;
  for (char letter : rhs.letters)
    if (!lhs.has(letter))
      right += letter;
  SmallVector<int64_t> sizes;
  auto extent = [&](const Term &term, StringRef which) {
    int64_t product = 1;
    for (char letter : which)
      product *= term.size(letter);
    return product;
  };
  for (char letter : batch)
    sizes.push_back(lhs.size(letter));
  SmallVector<int64_t> leftShape(sizes), rightShape(sizes), shape(sizes);
  leftShape.append({extent(lhs, left), extent(lhs, summed)});
  rightShape.append({extent(rhs, summed), extent(rhs, right)});
  for (char letter : left)
    shape.push_back(lhs.size(letter));
  for (char letter : right)
    shape.push_back(rhs.size(letter));
  Value a = arrange(n, lhs, batch + left + summed), b = arrange(n, rhs, batch + summed + right);
  a = a ? n.reshape(a, leftShape) : Value();
  b = b ? n.reshape(b, rightShape) : Value();
  Value product = a && b ? n.create<mcuf::MatmulOp>(a, b) : Value();
  letters = batch + left + right;
  return product ? n.reshape(product, shape) : Value();
}

LogicalResult einsum(NodeLegalizer &n) {
  auto written = n.node.getString("equation");
  if (!written)
    return n.error("attribute 'equation' is missing");
  std::string equation;
  for (char c : *written)
    if (c != ' ')
      equation += c;
  auto [terms, result] = StringRef(equation).split("->");
  if (StringRef(equation).contains('.') || !StringRef(equation).contains("->"))
    return n.error("equation '" + *written + "' is not supported: write all letters and the result, without an ellipsis");
  SmallVector<StringRef> names;
  terms.split(names, ',');
  if (names.size() != n.inputCount() || names.size() > 2)
    return n.error("equation '" + *written + "' is not supported: one or two operands are");
  SmallVector<Term> operands;
  for (auto [index, letters] : llvm::enumerate(names)) {
    Value value = n.input(index);
    if (!value)
      return failure();
    if (letters.size() != mcuf::shapeOf(value).size())
      return n.shapeError("equation '" + *written + "' does not fit an operand of rank " + Twine(mcuf::shapeOf(value).size()));
    for (auto [position, letter] : llvm::enumerate(letters))
      if (letters.find(letter, position + 1) != StringRef::npos)
        return n.error("equation '" + *written + "' is not supported: it takes a diagonal");
    operands.push_back({value, letters.str()});
  }
  for (char letter : result)
    if (llvm::none_of(operands, [&](const Term &term) { return term.has(letter); }) || result.count(letter) != 1)
      return n.error("equation '" + *written + "' has '" + Twine(letter) + "' in its result, but not once in its operands");
  if (operands.size() == 2) {
    for (char letter : operands[0].letters)
      if (operands[1].has(letter) && operands[0].size(letter) != operands[1].size(letter))
        return n.shapeError("equation '" + *written + "': sizes of '" + Twine(letter) + "' differ");
    for (int i : {0, 1})
      operands[i] = sumOut(n, operands[i], result.str() + operands[1 - i].letters);
  } else {
    operands[0] = sumOut(n, operands[0], result);
  }
  if (llvm::any_of(operands, [](const Term &term) { return !term.value; }))
    return failure();
  Term whole = operands[0];
  if (operands.size() == 2) {
    whole.letters = result.str();
    whole.value = multiply(n, operands[0], operands[1], whole.letters);
  }
  return n.yield(arrange(n, whole, result));
}

} // namespace

void addEinsumHandler(HandlerRegistry &registry) {
  registry.add("Einsum", einsum)
      .since(12)
      .compiles("as MatMul")
      .limitedTo("one or two operands, no ellipsis, no diagonal, with the result written out");
}

} // namespace mcuform
