// The port as it is where a firmware brings none of its own.
#include "mcuform/port.h"

// Declared by hand: freestanding there may be no <string.h>, and clang's builtin becomes __aeabi_memcpy.
extern "C" void *memcpy(void *to, const void *from, size_t bytes);

__attribute__((weak)) void mcuform_port_read_start(void *to, const void *from, size_t bytes) { memcpy(to, from, bytes); }
__attribute__((weak)) void mcuform_port_read_wait(void) {}
