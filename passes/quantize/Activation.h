// What the quantizer knows of an activation between two linear layers: max(x, 0) less a table of the runtime's.
#ifndef MCUFORM_PASSES_QUANTIZE_ACTIVATION_H
#define MCUFORM_PASSES_QUANTIZE_ACTIVATION_H

#include "dialects/mcuf/McufDialect.h"

#include <optional>

namespace mcuform {

class Activation {
public:
  /// `op`: one for which mcuf::isActivation holds.
  explicit Activation(mlir::Operation *op);

  mcuf::Delta table() const { return delta; }
  /// The scale of hidden units up to `largest`. x must fit their 14 bits, too, before delta is taken off, and no delta may exceed them.
  double scaleOf(double largest) const;
  /// The two multipliers of docs/arithmetic.md for that scale; nothing where they do not fit.
  std::optional<int32_t> indexMult(double scale) const;
  std::optional<int32_t> deltaMult(double scale) const;

private:
  double valueAt(double x) const;
  double inverse(double y) const;

  mcuf::Delta delta;
  double slope = 1;  ///< the table is of this times x
  double steps = 0;  ///< of the index, to 1
  int bits = 0;      ///< of the table's values behind the point
  double largest = 0; ///< of them
};

} // namespace mcuform

#endif
