// Four rows by two channels, by hand for the reasons of row_dots.cpp.
#include "row_fours.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP && !MCUFORM_RT_MVE

static_assert(offsetof(RowFours, weights) == 0 && offsetof(RowFours, bias) == 4 && offsetof(RowFours, skip) == 36 &&
                  offsetof(RowFours, end) == 40 && offsetof(RowFours, next) == 44 && offsetof(RowFours, stop) == 48,
              "the code below loads and stores by these offsets");
static_assert(offsetof(FourHidden, delta) == 12 && offsetof(FourHidden, out) == 20 && offsetof(FourHidden, end) == 32 && sizeof(FourHidden) == 36,
              "and by these, 52 bytes on");

// Written by hand to the last instruction. `used` keeps optimizers from dropping parameters that only the assembly reads.
#define BY_HAND MCUFORM_RT_HOT("row_dots") __attribute__((naked, noinline, used, aligned(8)))

// dot_4x2: four rows a round, 14 instructions for 16 products. All general registers but SP are in use:
//
//   r0 rows 0 and 2   r11 rows 1 and 3   r1 the rows' address   r2 weights' address   r3..r10 sums, row by row, channel 0 first
//   r12 channel 0   lr channel 1
//
// and the first 13 words of RowFours lie at SP, those of FourHidden behind them. A step finishes the words that the step before it loaded and loads the next ones, in an
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

// One row's sums to two hidden units, the instructions of both in turn, so that none waits for the one before it: SUM0 and SUM1 are replaced.
//
//   r11 index_mult_256   r12 delta   lr minus_delta_mult   r0, r2 indices
#define HIDDEN_UNIT(sum0, sum1)        \
  "smmulr r0, " sum0 ", r11\n"         \
  "smmulr r2, " sum1 ", r11\n"         \
  "ssat r0, #12, r0\n"                 \
  "ssat r2, #12, r2\n"                 \
  "ldrh.w r0, [r12, r0, lsl #1]\n"     \
  "usat " sum0 ", #14, " sum0 "\n"     \
  "ldrh.w r2, [r12, r2, lsl #1]\n"     \
  "usat " sum1 ", #14, " sum1 "\n"     \
  "smmlar " sum0 ", r0, lr, " sum0 "\n" \
  "smmlar " sum1 ", r2, lr, " sum1 "\n" \
  "pkhbt " sum0 ", " sum0 ", " sum1 ", lsl #16\n"

constexpr uint32_t step_bytes = 56;
constexpr uint32_t steps_per_turn = 24;

BY_HAND void dot_4x2(const RowFours *, const int16_t *, const FourHidden *) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "cbz r2, 0f\n"
      "ldm r2, {r3-r11}\n"
      "push {r3-r11}\n"
      "0:\n"
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
      "nop.w\n"                        // never executed: the steps begin at a multiple of 8, as the fetch wants its pairs
      "2:\n"
      FIRST
      "3:\n"
      STEP_23
      LAST
      "ldr r0, [sp, #40]\n"            // end
      "cmp r2, r0\n"
      "bne.w 2b\n"
      "ldrd r0, r11, [sp, #44]\n"      // next, stop
      "cbz r0, 4f\n"
      "stm r0!, {r3-r10}\n"
      "str r0, [sp, #44]\n"
      "cmp r0, r11\n"
      "bne.w 1b\n"
      "add sp, sp, #52\n"
      "pop {r4-r11, pc}\n"
      "4:\n"
      "add r0, sp, #52\n"
      "ldm r0, {r0, r2, r11, r12, lr}\n" // r0, r2 the channels' multipliers
      "smmulr r3, r3, r0\n"
      "smmulr r4, r4, r2\n"
      "smmulr r5, r5, r0\n"
      "smmulr r6, r6, r2\n"
      "smmulr r7, r7, r0\n"
      "smmulr r8, r8, r2\n"
      "smmulr r9, r9, r0\n"
      "smmulr r10, r10, r2\n"
      HIDDEN_UNIT("r3", "r4")
      HIDDEN_UNIT("r5", "r6")
      HIDDEN_UNIT("r7", "r8")
      HIDDEN_UNIT("r9", "r10")
      "ldrd r4, r6, [sp, #72]\n"       // out, step
      "ldrd r8, r10, [sp, #80]\n"      // three_steps, end
      "str r3, [r4]\n"
      "str r5, [r4, r6]\n"
      "str r7, [r4, r6, lsl #1]\n"
      "str r9, [r4, r8]\n"
      "add r4, r4, r6, lsl #2\n"
      "str r4, [sp, #72]\n"
      "cmp r4, r10\n"
      "bne.w 1b\n"
      "add sp, sp, #88\n"
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
// interleave_group: two words of each of four rows at a time, 7 instructions for 16 values.
//
//   r0 where words go   r1, r3, r12, lr the rows' addresses   r2 bytes left of a row   r4..r7 first words   r8..r11 second words
BY_HAND void interleave_group(int16_t *, const int16_t *, int32_t) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "add r3, r1, r2\n"
      "add r12, r3, r2\n"
      "add lr, r12, r2\n"
      "tst r2, #4\n"
      "beq 1f\n"
      "ldr r4, [r1], #4\n"
      "ldr r5, [r3], #4\n"
      "ldr r6, [r12], #4\n"
      "ldr r7, [lr], #4\n"
      "stm r0!, {r4-r7}\n"
      "subs r2, r2, #4\n"
      "beq 2f\n"
      ".balign 8\n"
      "1:\n"
      "ldrd r4, r8, [r1], #8\n"
      "ldrd r5, r9, [r3], #8\n"
      "ldrd r6, r10, [r12], #8\n"
      "ldrd r7, r11, [lr], #8\n"
      "subs r2, r2, #8\n"
      "stm.w r0!, {r4-r11}\n"
      "bne 1b\n"
      "2:\n"
      "pop {r4-r11, pc}\n");
}
// clang-format on

RowFours::RowFours(int16_t *widened, int32_t depth)
    : weights(widened), end(widened + 2 * depth), next(acc), stop(acc), pair_bytes(2 * depth) {
  const uint32_t over = static_cast<uint32_t>(depth) / 2 % steps_per_turn;
  skip = (over == 0 ? 0 : steps_per_turn - over) * step_bytes + 1;
}

MCUFORM_RT_HOT("row_dots") void interleave_fours(int16_t *out, const int16_t *in, int32_t rows, int32_t depth) {
  const ptrdiff_t group = 4 * static_cast<ptrdiff_t>(depth);
  for (const int16_t *const end = in + rows * static_cast<ptrdiff_t>(depth); in != end; in += group, out += group)
    interleave_group(out, in, 2 * depth);
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
