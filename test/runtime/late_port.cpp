#include "late_port.h"
#include "mcuform/port.h"

#include <stdint.h>

namespace mcuform::test {
namespace {

PortUse use;
unsigned char *pending_to = nullptr;
const unsigned char *pending_from = nullptr;
size_t pending_bytes = 0;

} // namespace

PortUse take_port_use() {
  PortUse result = use;
  result.kept_the_contract = result.kept_the_contract && pending_to == nullptr;
  use = PortUse();
  pending_to = nullptr;
  return result;
}

} // namespace mcuform::test

void mcuform_port_read_start(void *to, const void *from, size_t bytes) {
  using namespace mcuform::test;
  if (pending_to != nullptr || bytes == 0 || bytes % 4 != 0 || reinterpret_cast<uintptr_t>(to) % 4 != 0 ||
      reinterpret_cast<uintptr_t>(from) % 4 != 0)
    use.kept_the_contract = false;
  pending_to = static_cast<unsigned char *>(to);
  pending_from = static_cast<const unsigned char *>(from);
  pending_bytes = bytes;
  for (size_t i = 0; i < bytes; ++i)
    pending_to[i] = 0x5a;
}

void mcuform_port_read_wait() {
  using namespace mcuform::test;
  if (pending_to == nullptr) {
    use.kept_the_contract = false;
    return;
  }
  for (size_t i = 0; i < pending_bytes; ++i)
    pending_to[i] = pending_from[i];
  use.bytes += pending_bytes;
  pending_to = nullptr;
}
