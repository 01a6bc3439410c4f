// Composition of views.
#include "passes/fusion/View.h"

#include "passes/fusion/Matching.h"

using namespace mlir;

namespace mcuform {

View View::identity(Value base) {
  View view;
  view.base = base;
  ArrayRef<int64_t> shape = mcuf::shapeOf(base);
  view.dimensions.resize(shape.size());
  int64_t stride = 1;
  for (size_t d = shape.size(); d-- > 0;) {
    if (shape[d] != 1)
      view.dimensions[d].push_back({shape[d], stride});
    stride *= shape[d];
  }
  return view;
}

int64_t View::size(size_t index) const {
  int64_t result = 1;
  for (Atom atom : dimensions[index])
    result *= atom.size;
  return result;
}

SmallVector<Atom> View::merged(size_t begin, size_t end) const {
  SmallVector<Atom> result;
  for (const auto &dimension : ArrayRef(dimensions).slice(begin, end - begin))
    for (Atom atom : dimension) {
      if (!result.empty() && result.back().stride == atom.size * atom.stride)
        result.back() = {result.back().size * atom.size, atom.stride};
      else
        result.push_back(atom);
    }
  return result;
}

bool View::isWhole() const {
  int64_t count = cast<RankedTensorType>(base.getType()).getNumElements();
  auto atoms = merged(0, dimensions.size());
  return scale == 1.0 && offset == 0 && (count == 1 ? atoms.empty() : atoms.size() == 1 && atoms[0] == Atom{count, 1});
}

std::vector<int64_t> View::elements() const {
  std::vector<int64_t> result{offset};
  for (Atom atom : merged(0, dimensions.size())) {
    std::vector<int64_t> inner;
    inner.reserve(result.size() * size_t(atom.size));
    for (int64_t outer : result)
      for (int64_t i = 0; i < atom.size; ++i)
        inner.push_back(outer + i * atom.stride);
    result = std::move(inner);
  }
  return result;
}

bool View::transpose(ArrayRef<int64_t> permutation) {
  auto old = dimensions;
  for (auto [index, from] : llvm::enumerate(permutation))
    dimensions[index] = old[from];
  return true;
}

bool View::reshape(ArrayRef<int64_t> shape) {
  SmallVector<Atom> atoms;
  for (const auto &dimension : dimensions)
    llvm::append_range(atoms, dimension);
  SmallVector<SmallVector<Atom, 2>> result;
  size_t next = 0;
  for (int64_t size : shape) {
    result.emplace_back();
    while (size > 1) {
      if (next == atoms.size())
        return false;
      Atom &atom = atoms[next];
      if (size % atom.size == 0) {
        result.back().push_back(atom);
        size /= atom.size;
        ++next;
      } else if (atom.size % size == 0) {
        int64_t inner = atom.size / size;
        result.back().push_back({size, atom.stride * inner});
        atom.size = inner;
        size = 1;
      } else {
        return false;
      }
    }
  }
  if (next != atoms.size() || llvm::is_contained(shape, 0))
    return false;
  dimensions = std::move(result);
  return true;
}

bool View::slice(ArrayRef<int64_t> starts, ArrayRef<int64_t> sizes, ArrayRef<int64_t> steps) {
  for (size_t d = 0; d < dimensions.size(); ++d) {
    int64_t start = starts[d], count = sizes[d], step = steps[d];
    if (count == 0)
      return false;
    auto &atoms = dimensions[d];
    if (start == 0 && count == size(d) && step == 1)
      continue;
    // Outer atoms in which the slice does not move become part of the offset.
    int64_t last = start + (count - 1) * step, inner = size(d);
    while (!atoms.empty()) {
      inner /= atoms[0].size;
      if (start / inner != last / inner)
        break;
      offset += start / inner * atoms[0].stride;
      start %= inner;
      last %= inner;
      atoms.erase(atoms.begin());
    }
    if (atoms.empty())
      continue;
    if (atoms.size() == 1) {
      offset += start * atoms[0].stride;
      atoms[0] = {count, atoms[0].stride * step};
    } else if (step == 1 && start % inner == 0 && count % inner == 0) {
      offset += start / inner * atoms[0].stride;
      atoms[0].size = count / inner;
      if (atoms[0].size == 1)
        atoms.erase(atoms.begin());
    } else {
      return false;
    }
  }
  return true;
}

View viewOf(Value value, bool throughScaling) {
  SmallVector<Operation *> chain;
  Value base = value;
  while (Operation *op = base.getDefiningOp()) {
    if (isa<mcuf::ReshapeOp, mcuf::TransposeOp, mcuf::SliceOp>(op)) {
      chain.push_back(op);
      base = op->getOperand(0);
    } else if (auto scaling = throughScaling ? matchScaling(base) : std::nullopt) {
      chain.push_back(op);
      base = scaling->operand;
    } else {
      break;
    }
  }
  View view = View::identity(base);
  for (Operation *op : llvm::reverse(chain)) {
    bool fits = true;
    if (auto transpose = dyn_cast<mcuf::TransposeOp>(op))
      fits = view.transpose(transpose.getPermutation());
    else if (auto reshape = dyn_cast<mcuf::ReshapeOp>(op))
      fits = view.reshape(reshape.getShape());
    else if (auto slice = dyn_cast<mcuf::SliceOp>(op))
      fits = view.slice(slice.getStarts(), slice.getSizes(), slice.getSteps());
    else
      view.scale *= matchScaling(op->getResult(0))->scalar;
    view.ops.push_back(op);
    // What is no view of the base so far is a new base.
    if (!fits)
      view = View::identity(op->getResult(0));
  }
  return view;
}

} // namespace mcuform
