// A tiny model, and ways to go wrong that definitions choose. logit[c] = (sum over all bytes i of image[i] * weight[c][i]) >> 7, by way of
// an arena whose last byte is used.
#include "fake.h"
#include "runtime/fake_dot.h"
#include <stddef.h>

extern "C" const int8_t fake_weights[FAKE_OUTPUT_COUNT * FAKE_INPUT_BYTES];

namespace {
constexpr size_t input_offset = 16;

#if defined(FAKE_OVERFLOW_STACK)
__attribute__((noinline)) int recurse(volatile int depth) {
  volatile int frame[64];
  frame[0] = depth;
  return recurse(depth + 1) + frame[0];
}
#endif

#if defined(FAKE_STORE_TO)
void misbehave(unsigned char *) { *reinterpret_cast<volatile uint32_t *>(FAKE_STORE_TO) = 1; }
#elif defined(FAKE_LOAD_FROM)
void misbehave(unsigned char *) { (void)*reinterpret_cast<volatile uint32_t *>(FAKE_LOAD_FROM); }
#elif defined(FAKE_WRITE_BEHIND)
void misbehave(unsigned char *arena) { static_cast<volatile unsigned char *>(arena)[FAKE_ARENA_BYTES] = 7; }
#elif defined(FAKE_WRITE_BEFORE)
void misbehave(unsigned char *arena) { static_cast<volatile unsigned char *>(arena)[-1] = 7; }
#elif defined(FAKE_OVERFLOW_STACK)
void misbehave(unsigned char *) { recurse(0); }
#elif defined(FAKE_NEVER_ENDS)
void misbehave(unsigned char *) {
  for (volatile int forever = 1; forever;) {
  }
}
#else
void misbehave(unsigned char *) {}
#endif
} // namespace

extern "C" void *fake_input(void *arena) { return static_cast<unsigned char *>(arena) + input_offset; }

extern "C" int fake_run(void *arena, int16_t *output) {
  if (!arena || !output)
    return FAKE_ERROR_ARGUMENT;
  auto *bytes = static_cast<unsigned char *>(arena);
  const unsigned char *image = bytes + input_offset;
  // As many steps as the first pixel says: the number of instructions depends on the image, by a known amount.
  for (volatile int step = image[0]; step != 0; step = step - 1) {
  }
  for (int unit = 0; unit < FAKE_OUTPUT_COUNT; ++unit)
    output[unit] = static_cast<int16_t>(fake_dot(image, fake_weights + unit * FAKE_INPUT_BYTES, FAKE_INPUT_BYTES) >> 7);
#if defined(FAKE_READ_UNWRITTEN)
  output[0] = static_cast<int16_t>(output[0] + bytes[500]);
#endif
  bytes[FAKE_ARENA_BYTES - 1] = 0xA5; // the very value that a first paint has
  misbehave(bytes);
#if defined(FAKE_WRITE_BEHIND_OUTPUT)
  static_cast<volatile int16_t *>(output)[FAKE_OUTPUT_COUNT] = 7;
#endif
#if defined(FAKE_RETURN_ERROR)
  return 5;
#endif
  return FAKE_OK;
}

extern "C" int fake_check_weights(void) {
  uint32_t sum = 0;
  for (int8_t weight : fake_weights)
    sum = sum * 31 + static_cast<uint8_t>(weight);
  return sum == 0x3710BE5Cu ? FAKE_OK : FAKE_ERROR_WEIGHTS;
}
