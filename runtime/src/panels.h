// Weights that come panel by panel: while the kernel works on one half of a buffer in fast memory, the port reads the next panel into the
// other.
#ifndef MCUFORM_SRC_PANELS_H
#define MCUFORM_SRC_PANELS_H

#include "mcuform/arith.h"
#include "mcuform/port.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

/// A source of pairs for rows_by_pair. Each byte of the weights is read once, in order; at most one read is under way at any time, and none
/// once the last pair has been handed out.
class Panels {
public:
  /// `buffer` holds two panels of `panel_units` units, an even number; one if all units are in it.
  Panels(const int8_t *weights, int8_t *buffer, int32_t depth, int32_t units, int32_t panel_units)
      : filling(buffer), spare(buffer + static_cast<ptrdiff_t>(panel_units) * depth), from(weights),
        left(static_cast<size_t>(units + (units & 1)) * static_cast<size_t>(depth)),
        panel_bytes(static_cast<size_t>(panel_units) * static_cast<size_t>(depth)) {
    read();
  }

  const int8_t *begin() const { return end; }
  const int8_t *next(const int8_t *at) { return at == end ? turn() : at; }

private:
  void read() {
    filled = left < panel_bytes ? left : panel_bytes;
    left -= filled;
    mcuform_port_read_start(filling, from, filled);
    from += filled;
  }
  /// What was being read is to be worked on; where it was worked on until now, the next panel goes.
  __attribute__((noinline)) const int8_t *turn() {
    mcuform_port_read_wait();
    int8_t *const ready = filling;
    end = ready + filled;
    filling = spare;
    spare = ready;
    if (left != 0)
      read();
    return ready;
  }

  const int8_t *end = nullptr; // of the panel that is being worked on
  int8_t *filling, *spare;
  const int8_t *from;
  size_t left; // bytes that no read has been started for
  size_t panel_bytes;
  size_t filled = 0; // bytes of the read that was started last
};

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
