// Weights of four bits, unpacked pair by pair into a buffer in fast memory just before the loop over the rows reads them.
#ifndef MCUFORM_SRC_INT4_H
#define MCUFORM_SRC_INT4_H

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {
namespace { // so that the section of its loop is each kernel's own

/// The scales of a group of inputs to a pair of units.
class Int4Scales {
public:
  Int4Scales(uint32_t scale0, uint32_t scale1) : scale0(scale0), scale1(scale1 << 8), zeros(0x00010001u * int4_zero * (scale0 + (scale1 << 8))) {}

  /// int4_weight for each byte of the result, from the lower half of the same byte of `codes`; bytes 0 and 2 are the first unit's. No
  /// product exceeds its byte.
  uint32_t weights(uint32_t codes) const {
    const uint32_t products = (codes & even_bytes) * scale0 + ((codes >> 8) & even_bytes) * scale1;
    constexpr uint32_t top = 0x80808080u; // of each byte: keeps what is borrowed within it
    return ((products | top) - (zeros & ~top)) ^ ((products ^ ~zeros) & top);
  }

  /// The weights of 4 * words inputs.
  void unpack(const uint8_t *&codes, int8_t *&to, int32_t words) const {
#if MCUFORM_RT_DSP
    uint32_t word0, word1, first, second, odd;
    if (words >= 2) {
      int32_t pairs = words / 2;
      __asm__ volatile("1:\n"
                       "ldrd %[w0], %[w1], [%[codes]], #8\n"
                       "and %[odd], %[even], %[w0], lsr #8\n"
                       "and %[a], %[even], %[w0]\n"
                       "mul %[odd], %[odd], %[s1]\n"
                       "and %[b], %[even], %[w0], lsr #4\n"
                       "mla %[a], %[a], %[s0], %[odd]\n"
                       "and %[odd], %[even], %[w0], lsr #12\n"
                       "mul %[odd], %[odd], %[s1]\n"
                       "usub8 %[a], %[a], %[zeros]\n"
                       "mla %[b], %[b], %[s0], %[odd]\n"
                       "and %[odd], %[even], %[w1], lsr #8\n"
                       "usub8 %[b], %[b], %[zeros]\n"
                       "mul %[odd], %[odd], %[s1]\n"
                       "strd %[a], %[b], [%[to]], #8\n"
                       "and %[a], %[even], %[w1]\n"
                       "and %[b], %[even], %[w1], lsr #4\n"
                       "mla %[a], %[a], %[s0], %[odd]\n"
                       "and %[odd], %[even], %[w1], lsr #12\n"
                       "mul %[odd], %[odd], %[s1]\n"
                       "usub8 %[a], %[a], %[zeros]\n"
                       "mla %[b], %[b], %[s0], %[odd]\n"
                       "subs %[pairs], #1\n"
                       "usub8 %[b], %[b], %[zeros]\n"
                       "strd %[a], %[b], [%[to]], #8\n"
                       "bne 1b\n"
                       : [codes] "+r"(codes), [to] "+r"(to), [pairs] "+r"(pairs), [w0] "=&r"(word0), [w1] "=&r"(word1), [a] "=&r"(first),
                         [b] "=&r"(second), [odd] "=&r"(odd)
                       : [s0] "r"(scale0), [s1] "r"(scale1), [zeros] "r"(zeros), [even] "r"(even_bytes)
                       : "cc", "memory");
      words &= 1;
    }
#endif
    for (; words > 0; --words) {
      const uint32_t word = load_word(codes);
      store_word(to, weights(word));
      store_word(to + 4, weights(word >> 4));
      codes += 4;
      to += 8;
    }
  }

private:
  static constexpr uint32_t even_bytes = 0x000f000f;
  uint32_t scale0, scale1, zeros; // the second unit's scale as it stands in the upper bytes
};

/// A source of pairs for rows_by_pair. A pair is a run of bytes: for each group of `group` inputs the scales of both units, in all a
/// multiple of 4 bytes; then for each four inputs a word. Its byte i has in its lower half the code that makes byte i of the word of paired
/// int8 weights for the first two of these inputs, in its upper half that for the other two (docs/arithmetic.md).
class Int4Pairs {
public:
  /// `pair` holds 2*depth bytes.
  Int4Pairs(const uint8_t *weights, int8_t *pair, int32_t depth, int32_t group)
      : from(weights), pair(pair), depth(depth), group(group), scale_bytes(int4_scale_bytes(depth, group)) {}

  const int8_t *begin() const { return nullptr; }
  /// Never inlined: its loop and not the one around it gets the registers.
  MCUFORM_RT_HOT("int4") __attribute__((noinline)) const int8_t *next(const int8_t *) {
    const uint8_t *scales = from;
    const uint8_t *codes = from + scale_bytes;
    int8_t *to = pair;
    for (int32_t left = depth; left > 0; left -= group) {
      const Int4Scales of_pair(scales[0], scales[1]);
      scales += 2;
      const int32_t count = left < group ? left : group;
      of_pair.unpack(codes, to, count / 4);
      if (count % 4 != 0) { // the last two inputs of a depth that is no multiple of 4
        store_word(to, of_pair.weights(load_word(codes)));
        codes += 4;
      }
    }
    from = codes;
    return pair;
  }

private:
  const uint8_t *from;
  int8_t *pair;
  int32_t depth, group, scale_bytes;
};

} // namespace
} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
