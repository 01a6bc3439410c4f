// A port as strict as its contract: what is read arrives at the wait and not before.
#ifndef MCUFORM_TEST_RUNTIME_LATE_PORT_H
#define MCUFORM_TEST_RUNTIME_LATE_PORT_H

#include <stddef.h>

namespace mcuform::test {

/// What the kernels have asked of the port since the last call of this function.
struct PortUse {
  size_t bytes = 0;
  bool kept_the_contract = true; ///< start and wait in alternation, addresses and sizes multiples of 4, nothing under way at the end
};
PortUse take_port_use();

} // namespace mcuform::test

#endif
