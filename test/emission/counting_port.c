/* A firmware's port: what is read arrives at the wait and not before; at the end of the program it says how much that was. */
#include "runtime/include/mcuform/port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *pending_to;
static const void *pending_from;
static size_t pending_bytes, total_bytes;

static void say(void) { printf("%zu bytes %s\n", total_bytes, pending_to ? "and one read that nobody waits for" : "in order"); }

static void fail(const char *why) {
  fprintf(stderr, "%s\n", why);
  exit(5);
}

void mcuform_port_read_start(void *to, const void *from, size_t bytes) {
  if (pending_to)
    fail("a read is started while another is under way");
  if (!total_bytes)
    atexit(say);
  pending_to = to;
  pending_from = from;
  pending_bytes = bytes;
  memset(to, 0x5a, bytes);
}

void mcuform_port_read_wait(void) {
  if (!pending_to)
    fail("a wait without a read");
  memcpy(pending_to, pending_from, pending_bytes);
  total_bytes += pending_bytes;
  pending_to = NULL;
}
