// The mcuf dialect: what a network computes. See McufDialect.td.
#ifndef MCUFORM_DIALECTS_MCUF_MCUFDIALECT_H
#define MCUFORM_DIALECTS_MCUF_MCUFDIALECT_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/mcuf/McufDialect.h.inc"
#include "dialects/mcuf/McufEnums.h.inc"

#define GET_OP_CLASSES
#include "dialects/mcuf/McufOps.h.inc"

namespace mcuform::mcuf {

/// The shape of a value whose type is a ranked tensor, which every value of this dialect is.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape(); }
/// All leading dimensions together.
int64_t rowCount(mlir::Value value);
/// The last dimension.
inline int64_t widthOf(mlir::Value value) { return shapeOf(value).back(); }
/// The type of `value` with another last dimension.
mlir::RankedTensorType withWidth(mlir::Value value, int64_t width);
/// Numpy broadcasting of two shapes; nothing where they do not fit.
std::optional<llvm::SmallVector<int64_t>> broadcastShapes(llvm::ArrayRef<int64_t> a, llvm::ArrayRef<int64_t> b);
/// Whether the op is the activation between two dense layers that integer kernels exist for: gelu, swish, hard_swish, max(x, 0), or the same with a limit.
bool isActivation(mlir::Operation *op);
/// Whether it is one of those with a table: gelu, swish, hard_swish.
bool hasTable(mlir::Operation *op);
/// Whether `value` is the image, an argument [1, channels, height, width] of the function, as [1, height, width, channels].
bool isInterleavedImage(mlir::Value value);
/// The defining constant's elements, null where the value is not a constant.
mlir::ElementsAttr constantOf(mlir::Value value);

/// Where windows stand on a map [1, height, width, channels], or [height, width, channels]: window (y, x) begins at line y * strideY - padTop and
/// column x * strideX - padLeft.
struct WindowGrid {
  int64_t height, width, channels, kernelHeight, kernelWidth, strideY, strideX, padTop, padLeft, outHeight, outWidth;

  /// Kernel and strides as height and width, pads as top, left, bottom and right; nothing where a window fits nowhere or could lie outside of the map
  /// as a whole.
  static std::optional<WindowGrid> of(llvm::ArrayRef<int64_t> map, llvm::ArrayRef<int64_t> kernel, llvm::ArrayRef<int64_t> strides,
                                      llvm::ArrayRef<int64_t> pads);
  /// The grid of `op`, one of the ops on windows, which has been verified.
  template <class OpT> static WindowGrid of(OpT op) { return *of(shapeOf(op.getInput()), op.getKernel(), op.getStrides(), op.getPads()); }

  int64_t taps() const { return kernelHeight * kernelWidth; }
  /// Values of a window as a row: an even number.
  int64_t depth() const { return (taps() * channels + 1) / 2 * 2; }
  /// Calls fn(tap, pixel) for each pixel of window `row` that lies on the map, both counted line by line.
  template <class Fn> void forEachPixel(int64_t row, Fn fn) const {
    const int64_t top = row / outWidth * strideY - padTop, left = row % outWidth * strideX - padLeft;
    for (int64_t ky = 0; ky < kernelHeight; ++ky)
      for (int64_t kx = 0; kx < kernelWidth; ++kx)
        if (int64_t y = top + ky, x = left + kx; y >= 0 && y < height && x >= 0 && x < width)
          fn(ky * kernelWidth + kx, y * width + x);
  }
};

/// The patches of an embedding as windows, those of a sequence on one line of its rows; nothing where they do not fit.
std::optional<WindowGrid> patchGrid(llvm::ArrayRef<int64_t> image, llvm::ArrayRef<int64_t> patch, std::optional<llvm::ArrayRef<int64_t>> pads);
/// Of an op that has been verified.
WindowGrid patchGridOf(PatchEmbedOp embed);
WindowGrid patchGridOf(QPatchEmbedOp embed);

/// Which rows of a table of relative positions belong to a pair of tokens: `prefix` tokens without a place, then a grid in row-major order.
/// Row 0 is for pairs with a token of the prefix; then come the distances of rows from -rowClip to rowClip, then those of columns.
struct RelativeGrid {
  int64_t prefix = 0, height = 1, width = 1, rowClip = 0, columnClip = 0;

  /// From and to the attribute `grid`, whose five numbers are the members in their order.
  static RelativeGrid of(llvm::ArrayRef<int64_t> numbers);
  llvm::SmallVector<int64_t> numbers() const { return {prefix, height, width, rowClip, columnClip}; }

  int64_t tokens() const { return prefix + height * width; }
  int64_t tableRows() const { return 2 * rowClip + 2 * columnClip + 3; }
  /// Of two tokens behind the prefix, j seen from i.
  int64_t rowOfRows(int64_t i, int64_t j) const;
  int64_t rowOfColumns(int64_t i, int64_t j) const;
};

/// Of an integer linear layer: how far below the network's result the noise of four-bit weights is or would be, in dB.
inline constexpr llvm::StringLiteral kInt4SqnrAttr = "mcuf.int4_sqnr_db";

} // namespace mcuform::mcuf

#endif
