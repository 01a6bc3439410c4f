// memcpy, memmove and memset: all that packages and compilers ask of a C library. Words at a time, by unaligned loads where need be,
// which a Cortex-M7 does in hardware for normal memory.
#include <cstddef>
#include <cstdint>

namespace {
struct __attribute__((packed, may_alias)) Word {
  uint32_t value;
};
constexpr size_t word = sizeof(uint32_t);
} // namespace

// The loops below would be recognized as what they implement, and call themselves.
#ifndef __clang__
#pragma GCC optimize("no-tree-loop-distribute-patterns")
#endif

extern "C" {

void *memcpy(void *__restrict to, const void *__restrict from, size_t size) {
  auto *out = static_cast<unsigned char *>(to);
  auto *in = static_cast<const unsigned char *>(from);
  for (; size >= 4 * word; size -= 4 * word, out += 4 * word, in += 4 * word) {
    const uint32_t a = reinterpret_cast<const Word *>(in)[0].value, b = reinterpret_cast<const Word *>(in)[1].value;
    const uint32_t c = reinterpret_cast<const Word *>(in)[2].value, d = reinterpret_cast<const Word *>(in)[3].value;
    reinterpret_cast<Word *>(out)[0].value = a;
    reinterpret_cast<Word *>(out)[1].value = b;
    reinterpret_cast<Word *>(out)[2].value = c;
    reinterpret_cast<Word *>(out)[3].value = d;
  }
  for (; size >= word; size -= word, out += word, in += word)
    reinterpret_cast<Word *>(out)->value = reinterpret_cast<const Word *>(in)->value;
  while (size-- != 0)
    *out++ = *in++;
  return to;
}

void *memmove(void *to, const void *from, size_t size) {
  auto *out = static_cast<unsigned char *>(to);
  auto *in = static_cast<const unsigned char *>(from);
  // Forwards is right unless the destination starts inside the source; memcpy itself reads ahead of what it writes, so not for overlaps.
  if (reinterpret_cast<uintptr_t>(out) - reinterpret_cast<uintptr_t>(in) >= size) {
    for (; size >= word; size -= word, out += word, in += word)
      reinterpret_cast<Word *>(out)->value = reinterpret_cast<const Word *>(in)->value;
    while (size-- != 0)
      *out++ = *in++;
    return to;
  }
  for (out += size, in += size; size >= word; size -= word) {
    out -= word;
    in -= word;
    reinterpret_cast<Word *>(out)->value = reinterpret_cast<const Word *>(in)->value;
  }
  while (size-- != 0)
    *--out = *--in;
  return to;
}

void *memset(void *to, int value, size_t size) {
  auto *out = static_cast<unsigned char *>(to);
  const uint32_t filling = 0x01010101u * static_cast<unsigned char>(value);
  for (; size >= 4 * word; size -= 4 * word, out += 4 * word)
    for (size_t at = 0; at < 4; ++at)
      reinterpret_cast<Word *>(out)[at].value = filling;
  for (; size >= word; size -= word, out += word)
    reinterpret_cast<Word *>(out)->value = filling;
  while (size-- != 0)
    *out++ = static_cast<unsigned char>(value);
  return to;
}

} // extern "C"
