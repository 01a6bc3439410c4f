// What the kernels' cases need on a host and on a bare Cortex-M alike: random numbers, buffers of exact size with guards, a verdict.
// Freestanding: the same text runs under Catch2 and in QEMU.
#ifndef MCUFORM_TEST_RUNTIME_SUPPORT_H
#define MCUFORM_TEST_RUNTIME_SUPPORT_H

#include <stddef.h>
#include <stdint.h>

namespace mcuform::test {

// Given by each platform. What is allocated here is gone after release_memory. A read past the end of guarded memory is an error: the
// host's sanitizer sees it, and the memory protection unit of the Cortex-M7.
void *allocate_memory(size_t bytes);
void *allocate_guarded_memory(size_t bytes);
void release_memory();

/// xorshift64*: the same numbers on every machine.
class Random {
public:
  explicit Random(uint64_t seed) : state(seed * 2 + 1) {}
  uint32_t bits() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<uint32_t>((state * 2685821657736338717ull) >> 32);
  }
  /// low <= result <= high
  int32_t between(int32_t low, int32_t high) {
    const uint32_t span = static_cast<uint32_t>(high) - static_cast<uint32_t>(low) + 1;
    return static_cast<int32_t>(static_cast<uint32_t>(low) + (span == 0 ? bits() : bits() % span));
  }

private:
  uint64_t state;
};

struct Verdict {
  bool equal = true;
  const char *output = "";
  int32_t case_number = 0;
  int32_t run = 0;
  int32_t index = 0; // of the first difference; below 0 or past the end: written out of bounds
  int32_t expected = 0;
  int32_t actual = 0;
};

/// How the values of a buffer are drawn, between a low and a high that the kernel's contract allows.
enum class Pattern { uniform, extremes, small, all_high, all_low, zero };
inline constexpr int32_t pattern_count = 6;

inline int32_t draw(Random &random, Pattern pattern, int32_t low, int32_t high) {
  switch (pattern) {
  case Pattern::extremes:
    return (random.bits() & 1) != 0 ? high : low;
  case Pattern::small:
    if (high < 0)
      return random.between(high - 3 < low ? low : high - 3, high);
    return random.between(low < -3 ? -3 : low, high > 3 ? 3 : high);
  case Pattern::all_high:
    return high;
  case Pattern::all_low:
    return low;
  case Pattern::zero:
    return low > 0 ? low : high < 0 ? high : 0;
  case Pattern::uniform:
    break;
  }
  return random.between(low, high);
}

/// A buffer that a kernel only reads, and not past its end.
template <class T> class Input {
public:
  Input(Random &random, int32_t count, Pattern pattern, int32_t low, int32_t high) : count(count) {
    values = static_cast<T *>(allocate_guarded_memory(static_cast<size_t>(count) * sizeof(T)));
    for (int32_t i = 0; i < count; ++i)
      values[i] = static_cast<T>(draw(random, pattern, low, high));
  }
  operator const T *() const { return values; }
  T &operator[](int32_t i) { return values[i]; }
  const T *from(int32_t i) const { return values + i; }

private:
  T *values;
  int32_t count;
};

/// A buffer that a kernel writes: one copy for the expected result and two for the kernel under test, which is run twice. All three start
/// from the same random contents, guards on both sides included, and must end the same.
template <class T> class Output {
public:
  static constexpr int32_t copies = 3;
  static constexpr int32_t guard = 16;

  Output(Random &random, const char *name, int32_t count, Pattern pattern, int32_t low, int32_t high) : name(name), count(count) {
    for (T *&copy : base)
      copy = static_cast<T *>(allocate_memory(static_cast<size_t>(count + 2 * guard) * sizeof(T)));
    for (int32_t i = 0; i < count + 2 * guard; ++i)
      base[0][i] = base[1][i] = base[2][i] = static_cast<T>(draw(random, pattern, low, high));
  }
  Output(Random &random, const char *name, int32_t count) : Output(random, name, count, Pattern::uniform, -100, 100) {}

  T *operator[](int32_t copy) { return base[copy] + guard; }
  void set(int32_t i, int32_t value) {
    for (T *copy : base)
      copy[guard + i] = static_cast<T>(value);
  }

  bool compare(Verdict &verdict) const {
    for (int32_t run = 1; run < copies; ++run)
      for (int32_t i = 0; i < count + 2 * guard; ++i)
        if (base[0][i] != base[run][i]) {
          verdict.equal = false;
          verdict.output = name;
          verdict.run = run;
          verdict.index = i - guard;
          verdict.expected = static_cast<int32_t>(base[0][i]);
          verdict.actual = static_cast<int32_t>(base[run][i]);
          return false;
        }
    return true;
  }

private:
  const char *name;
  int32_t count;
  T *base[copies];
};

// One function per line of kernels.def: two implementations on many cases. A kernel without its cases does not link.
#define MCUFORM_KERNEL(name, params)                                                                                                       \
  using name##_type = void params;                                                                                                         \
  Verdict check_##name(name##_type *expected, name##_type *actual, Random &random);
#include "../../runtime/kernels.def"

} // namespace mcuform::test

#endif
