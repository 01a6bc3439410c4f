// The attributes that convolutions and pools share: where their windows stand.
#ifndef MCUFORM_PASSES_LEGALIZE_WINDOWATTRIBUTES_H
#define MCUFORM_PASSES_LEGALIZE_WINDOWATTRIBUTES_H

#include "passes/legalize/NodeLegalizer.h"

namespace mcuform {

/// Of two spatial dimensions; pads are top, left, bottom, right.
struct WindowAttributes {
  llvm::SmallVector<int64_t> strides, dilations, pads;
};

/// The attributes of `n` for windows of `kernel` on images of `size`, height and width. With `lines`, the node has one spatial dimension
/// and the images are one line high. Nothing, after a problem was noted, where they do not fit.
std::optional<WindowAttributes> windowAttributes(NodeLegalizer &n, llvm::ArrayRef<int64_t> size, llvm::ArrayRef<int64_t> kernel,
                                                 bool lines);

/// `value` [batch, channels, length] as images one line high, and back; one of rank 4 as it is.
mlir::Value asImage(NodeLegalizer &n, mlir::Value value);
mlir::Value asLines(NodeLegalizer &n, mlir::Value image);

} // namespace mcuform

#endif
