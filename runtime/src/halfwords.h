// Two int16 in one word: the DSP instructions work on such pairs, and a stream of halfword stores costs the store buffer of a Cortex-M7 a
// read-modify-write each. Words need only the alignment of their halves.
#ifndef MCUFORM_SRC_HALFWORDS_H
#define MCUFORM_SRC_HALFWORDS_H

#include "mcuform/arith.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

template <class T> inline uint32_t load_word(const T *at) {
  uint32_t word;
  __builtin_memcpy(&word, at, 4);
  return word;
}
template <class T> inline void store_word(T *at, uint32_t word) { __builtin_memcpy(at, &word, 4); }

inline int32_t low_half(uint32_t word) { return static_cast<int16_t>(word); }
inline int32_t high_half(uint32_t word) { return static_cast<int32_t>(word) >> 16; }

inline uint32_t pack_s16x2(int16_t low, int16_t high) {
#if MCUFORM_RT_DSP
  uint32_t word; // 16-bit operands: the upper halves of the registers may hold anything
  __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(word) : "r"(low), "r"(high));
  return word;
#else
  return static_cast<uint32_t>(static_cast<uint16_t>(low)) | static_cast<uint32_t>(static_cast<uint16_t>(high)) << 16;
#endif
}
inline void store_s16x2(int16_t *at, int16_t low, int16_t high) { store_word(at, pack_s16x2(low, high)); }

#if MCUFORM_RT_DSP

inline int32_t multiply_accumulate(uint32_t a, uint32_t b, int32_t acc) {
  int32_t result;
  __asm__("smlad %0, %1, %2, %3" : "=r"(result) : "r"(a), "r"(b), "r"(acc));
  return result;
}

// Products of chosen halves.
inline int32_t multiply_low(uint32_t a, uint32_t b) {
  int32_t result;
  __asm__("smulbb %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}
inline int32_t multiply_high(uint32_t a, uint32_t b) {
  int32_t result;
  __asm__("smultt %0, %1, %2" : "=r"(result) : "r"(a), "r"(b));
  return result;
}

/// The larger of each pair of halves, and the smaller.
inline uint32_t max_s16x2(uint32_t a, uint32_t b) {
  uint32_t difference;
  __asm__("ssub16 %1, %0, %2\n\tsel %0, %0, %2" : "+r"(a), "=&r"(difference) : "r"(b));
  return a;
}
inline uint32_t min_s16x2(uint32_t a, uint32_t b) {
  uint32_t difference;
  __asm__("ssub16 %1, %2, %0\n\tsel %0, %0, %2" : "+r"(a), "=&r"(difference) : "r"(b));
  return a;
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt

#endif
