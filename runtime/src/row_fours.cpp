// Four rows by two channels, by hand for the reasons of row_dots.cpp.
#include "row_fours.h"

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP && !MCUFORM_RT_MVE

static_assert(offsetof(RowFours, weights) == 0 && offsetof(RowFours, bias) == 4 && offsetof(RowFours, skip) == 36 &&
                  offsetof(RowFours, end) == 40 && offsetof(RowFours, next) == 44 && offsetof(RowFours, stop) == 48,
              "the code below loads and stores by these offsets");

// Written by hand to the last instruction. `used` keeps optimizers from dropping parameters that only the assembly reads.
#define BY_HAND MCUFORM_RT_HOT("row_dots") __attribute__((naked, noinline, used, aligned(8)))

// dot_4x2: four rows a round, 14 instructions for 16 products. All general registers but SP are in use:
//
//   r0 rows 0 and 2   r11 rows 1 and 3   r1 the rows' address   r2 weights' address   r3..r10 sums, row by row, channel 0 first
//   r12 channel 0   lr channel 1
//
// and the first 13 words of RowFours lie at SP. A step finishes the words that the step before it loaded and loads the next ones, in an
// order that takes eight cycles on a Cortex-M7, one for each multiplication: each is issued with the load before or behind it. FIRST and
// LAST are the two parts of a step: nothing beyond the end of rows or weights is touched.
// clang-format off
#define FIRST                          \
  "ldr.w r0, [r1], #4\n"               \
  "ldr.w r12, [r2], #4\n"              \
  "ldr.w lr, [r2], #4\n"
#define MIDDLE                         \
  "smlad r3, r0, r12, r3\n"            \
  "ldr.w r11, [r1], #4\n"              \
  "smlad r4, r0, lr, r4\n"             \
  "smlad r5, r11, r12, r5\n"           \
  "ldr.w r0, [r1], #4\n"               \
  "smlad r6, r11, lr, r6\n"            \
  "smlad r7, r0, r12, r7\n"            \
  "ldr.w r11, [r1], #4\n"              \
  "smlad r8, r0, lr, r8\n"
#define STEP                           \
  MIDDLE                               \
  "ldr.w r0, [r1], #4\n"               \
  "smlad r9, r11, r12, r9\n"           \
  "ldr.w r12, [r2], #4\n"              \
  "smlad r10, r11, lr, r10\n"          \
  "ldr.w lr, [r2], #4\n"
#define LAST                           \
  MIDDLE                               \
  "smlad r9, r11, r12, r9\n"           \
  "smlad r10, r11, lr, r10\n"
#define STEP_4 STEP STEP STEP STEP
#define STEP_23 STEP_4 STEP_4 STEP_4 STEP_4 STEP_4 STEP STEP STEP

constexpr uint32_t step_bytes = 56;
constexpr uint32_t steps_per_turn = 24;

BY_HAND void dot_4x2(const RowFours *, const int16_t *) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "ldm r0, {r0, r2-r12, lr}\n"
      "push {r0, r2-r12, lr}\n"
      "adr.w r2, 3f\n"
      "add r10, r10, r2\n"             // r10 holds `skip`
      "str r10, [sp, #36]\n"
      "1:\n"
      "ldm sp, {r2-r10}\n"
      FIRST
      "ldr.w pc, [sp, #36]\n"
      ".balign 8\n"
      "2:\n"
      FIRST
      "nop.w\n"                        // 16 bytes, as the fetch wants its pairs
      "3:\n"
      STEP_23
      LAST
      "ldr r0, [sp, #40]\n"            // end
      "cmp r2, r0\n"
      "bne.w 2b\n"
      "ldrd r0, r11, [sp, #44]\n"      // next, stop
      "stm r0!, {r3-r10}\n"
      "str r0, [sp, #44]\n"
      "cmp r0, r11\n"
      "bne.w 1b\n"
      "add sp, sp, #52\n"
      "pop {r4-r11, pc}\n");
}

// widen_pair: four words of a pair, eight weights, at a time.
//
//   r0 where words go   r1 the pair's address   r2 its end   r3 words beyond whole fours   r4..r11 words: raw ones in the even registers
#define WIDEN(raw, other)              \
  "sxtb16 " other ", " raw ", ror #8\n" \
  "sxtb16 " raw ", " raw "\n"
#define WIDEN_4                        \
  "ldm r1!, {r4, r6, r8, r10}\n"       \
  WIDEN("r4", "r5") WIDEN("r6", "r7") WIDEN("r8", "r9") WIDEN("r10", "r11") \
  "stm r0!, {r4-r11}\n"

BY_HAND void widen_pair(int16_t *, const int8_t *, const int8_t *) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "sub lr, r2, r1\n"
      "ands r3, lr, #12\n"
      "beq 2f\n"
      "1:\n"
      "ldr r4, [r1], #4\n"
      WIDEN("r4", "r5")
      "strd r4, r5, [r0], #8\n"
      "subs r3, r3, #4\n"
      "bne 1b\n"
      "cmp r1, r2\n"
      "beq 5f\n"
      "2:\n"
      "tst lr, #16\n"                  // an odd four enters in the middle
      "bne 4f\n"
      ".balign 8\n"
      "3:\n"
      WIDEN_4
      "4:\n"
      WIDEN_4
      "cmp r1, r2\n"
      "bne 3b\n"
      "5:\n"
      "pop {r4-r11, pc}\n");
}
// clang-format on

RowFours::RowFours(int16_t *widened, int32_t depth)
    : weights(widened), end(widened + 2 * depth), next(acc), stop(acc), pair_bytes(2 * depth) {
  const uint32_t over = static_cast<uint32_t>(depth) / 2 % steps_per_turn;
  skip = (over == 0 ? 0 : steps_per_turn - over) * step_bytes + 1;
}

MCUFORM_RT_HOT("row_dots") void interleave_fours(int16_t *out, const int16_t *in, int32_t rows, int32_t depth) {
  for (const int16_t *const end = in + static_cast<ptrdiff_t>(rows) * depth; in != end; in += 3 * static_cast<ptrdiff_t>(depth)) {
    const int16_t *row1 = in + depth, *row2 = row1 + depth, *row3 = row2 + depth;
    for (const int16_t *const row_end = row1; in != row_end; in += 2, row1 += 2, row2 += 2, row3 += 2, out += 8) {
      const uint32_t word0 = load_word(in), word1 = load_word(row1), word2 = load_word(row2), word3 = load_word(row3);
      store_word(out, word0);
      store_word(out + 2, word1);
      store_word(out + 4, word2);
      store_word(out + 6, word3);
    }
  }
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
