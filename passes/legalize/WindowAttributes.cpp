#include "passes/legalize/WindowAttributes.h"

using namespace mlir;

namespace mcuform {
namespace {

/// Padding of one dimension so that the output has ceil(size / stride) positions; the odd element goes where `upper` says.
std::pair<int64_t, int64_t> samePadding(int64_t size, int64_t extent, int64_t stride, bool upper) {
  int64_t outputs = llvm::divideCeil(size, stride);
  int64_t total = std::max<int64_t>((outputs - 1) * stride + extent - size, 0);
  int64_t small = total / 2;
  return upper ? std::pair(small, total - small) : std::pair(total - small, small);
}

} // namespace

std::optional<WindowAttributes> windowAttributes(NodeLegalizer &n, ArrayRef<int64_t> size, ArrayRef<int64_t> kernel, bool lines) {
  auto list = [&](StringRef name, int64_t count, int64_t value) {
    SmallVector<int64_t> given(n.node.getInts(name).value_or(ArrayRef<int64_t>()));
    if (given.empty())
      return SmallVector<int64_t>(count, value);
    // The line's own dimension comes first, among the ends as among the beginnings.
    if (lines && int64_t(given.size()) == count / 2) {
      given.insert(given.begin(), value);
      if (count == 4)
        given.insert(given.begin() + 2, value);
    }
    return given;
  };
  WindowAttributes result{list("strides", 2, 1), list("dilations", 2, 1), list("pads", 4, 0)};
  auto &[strides, dilations, pads] = result;
  auto fail = [&](const Twine &text) {
    (void)n.error(text);
    return std::nullopt;
  };
  if (strides.size() != 2 || dilations.size() != 2 || pads.size() != 4 || strides[0] < 1 || strides[1] < 1)
    return fail("strides, dilations or pads do not fit two spatial dimensions");
  StringRef automatic = n.node.getString("auto_pad").value_or("NOTSET");
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    for (int d = 0; d < 2; ++d)
      std::tie(pads[d], pads[2 + d]) = samePadding(size[d], (kernel[d] - 1) * dilations[d] + 1, strides[d], automatic == "SAME_UPPER");
  } else if (automatic == "VALID") {
    pads.assign(4, 0);
  } else if (automatic != "NOTSET") {
    return fail("auto_pad = '" + automatic + "' is unknown");
  }
  return result;
}

Value asImage(NodeLegalizer &n, Value value) {
  ArrayRef<int64_t> shape = mcuf::shapeOf(value);
  return shape.size() == 4 ? value : n.reshape(value, {shape[0], shape[1], 1, shape[2]});
}

Value asLines(NodeLegalizer &n, Value image) {
  ArrayRef<int64_t> shape = mcuf::shapeOf(image);
  return n.reshape(image, {shape[0], shape[1], shape[3]});
}

} // namespace mcuform
