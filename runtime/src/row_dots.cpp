// The inner loops by hand: compilers spill in them, and do not fold the rotation into SXTB16.
#include "row_dots.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP && !MCUFORM_RT_MVE

static_assert(offsetof(RowDots, weights) == 0 && offsetof(RowDots, stride) == 4 && offsetof(RowDots, bias) == 8 &&
                  offsetof(RowDots, skip) == 32 && offsetof(RowDots, end) == 36 && offsetof(RowDots, advance) == 40 &&
                  offsetof(RowDots, next) == 44 && offsetof(RowDots, stop) == 48,
              "the code below loads and stores by these offsets");

// Written by hand to the last instruction. `used` keeps optimizers from dropping parameters that only the assembly reads.
#define BY_HAND MCUFORM_RT_HOT("row_dots") __attribute__((naked, noinline, used, aligned(8)))

// dot_3x2: three rows a round, 12 instructions for 12 products. All general registers but SP are in use:
//
//   r0 row 1   r10 row 2   r11 row 0   r12 weights: raw, then channel 0   lr channel 1
//   r1 row 0's address   r2 weights' address   r3 stride   r4..r9 sums (row 0: r4 r5, row 1: r6 r7, row 2: r8 r9; channel 0 first)
//
// and the first 13 words of RowDots lie at SP. A step finishes the words that the step before it loaded and loads the next ones, each at
// least two cycles before its use. The order is one of 38 that an exhaustive search found to take seven cycles on a Cortex-M7, no order
// takes six; a load or an extension stands before the multiplication that it is issued with. FIRST and LAST are the two parts of a step:
// nothing beyond the end of a row is touched. A row's first turn starts inside the loop (`skip`), so that any depth runs at full speed.
// clang-format off
#define FIRST                          \
  "ldr.w r0, [r1, r3]\n"               \
  "ldr.w r12, [r2], #4\n"              \
  "ldr.w r10, [r1, r3, lsl #1]\n"      \
  "ldr.w r11, [r1], #4\n"              \
  "sxtb16 lr, r12, ror #8\n"           \
  "sxtb16 r12, r12\n"                  \
  "smlad r7, r0, lr, r7\n"             \
  "smlad r6, r0, r12, r6\n"
#define STEP                           \
  "ldr.w r0, [r1, r3]\n"               \
  "smlad r8, r10, r12, r8\n"           \
  "smlad r4, r11, r12, r4\n"           \
  "ldr.w r12, [r2], #4\n"              \
  "smlad r5, r11, lr, r5\n"            \
  "smlad r9, r10, lr, r9\n"            \
  "sxtb16 lr, r12, ror #8\n"           \
  "ldr.w r10, [r1, r3, lsl #1]\n"      \
  "sxtb16 r12, r12\n"                  \
  "smlad r7, r0, lr, r7\n"             \
  "ldr.w r11, [r1], #4\n"              \
  "smlad r6, r0, r12, r6\n"
#define LAST                           \
  "smlad r8, r10, r12, r8\n"           \
  "smlad r4, r11, r12, r4\n"           \
  "smlad r5, r11, lr, r5\n"            \
  "smlad r9, r10, lr, r9\n"
#define STEP_5 STEP STEP STEP STEP STEP
#define STEP_31 STEP_5 STEP_5 STEP_5 STEP_5 STEP_5 STEP_5 STEP

constexpr uint32_t step_bytes = 48;
constexpr uint32_t steps_per_turn = 32;

BY_HAND void dot_3x2(const RowDots *, const int16_t *) {
  __asm__ volatile(
      "push {r4-r11, lr}\n"
      "ldm r0, {r0, r2-r12, lr}\n"
      "push {r0, r2-r12, lr}\n"
      "adr.w r2, 3f\n"
      "add r9, r9, r2\n"               // r9 holds `skip`
      "str r9, [sp, #32]\n"
      "1:\n"
      "ldm sp, {r2-r9}\n"
      FIRST
      "ldr.w pc, [sp, #32]\n"
      ".balign 8\n"
      "2:\n"
      FIRST
      "3:\n"
      STEP_31
      LAST
      "ldr r0, [sp, #36]\n"            // end
      "cmp r2, r0\n"
      "bne.w 2b\n"
      "ldrd r2, r0, [sp, #40]\n"       // advance, next
      "stm r0!, {r4-r9}\n"
      "ldr r3, [sp, #48]\n"            // stop
      "add r1, r1, r2\n"
      "str r0, [sp, #44]\n"
      "cmp r0, r3\n"
      "bne.w 1b\n"
      "add sp, sp, #52\n"
      "pop {r4-r11, pc}\n");
}

// dot_2x2: two rows, two words of each at a time.
//
//   r0 channel 1   r1 r3 the rows' addresses   r2 weights' address   r4..r7 sums   r8 r9 weights: raw, then channel 0
//   r10 r11 row 0   r12 lr row 1;   [sp] where the sums go, [sp, #4] the weights' end
#define TWO_WORDS                      \
  "ldrd r8, r9, [r2], #8\n"            \
  "ldrd r10, r11, [r1], #8\n"          \
  "ldrd r12, lr, [r3], #8\n"           \
  "sxtb16 r0, r8, ror #8\n"            \
  "sxtb16 r8, r8\n"                    \
  "smlad r5, r10, r0, r5\n"            \
  "smlad r7, r12, r0, r7\n"            \
  "sxtb16 r0, r9, ror #8\n"            \
  "smlad r4, r10, r8, r4\n"            \
  "sxtb16 r9, r9\n"                    \
  "smlad r6, r12, r8, r6\n"            \
  "smlad r5, r11, r0, r5\n"            \
  "smlad r7, lr, r0, r7\n"             \
  "smlad r4, r11, r9, r4\n"            \
  "smlad r6, lr, r9, r6\n"

BY_HAND static void dot_2x2(const RowDots *, const int16_t *, int32_t (*)[2]) {
  __asm__ volatile(
      "ldr r3, [r0, #36]\n"            // end
      "push {r2-r11, lr}\n"
      "ldm r0, {r2-r7}\n"
      "add r3, r1, r3\n"
      "ldr r0, [sp, #4]\n"
      "subs r0, r0, r2\n"
      "tst r0, #4\n"
      "beq 1f\n"
      "ldr r8, [r2], #4\n"             // an odd word first
      "ldr r10, [r1], #4\n"
      "ldr r12, [r3], #4\n"
      "sxtb16 r9, r8, ror #8\n"
      "sxtb16 r8, r8\n"
      "smlad r5, r10, r9, r5\n"
      "smlad r7, r12, r9, r7\n"
      "smlad r4, r10, r8, r4\n"
      "smlad r6, r12, r8, r6\n"
      "subs r0, r0, #4\n"
      "beq.w 3f\n"
      "1:\n"                           // 8 bytes are 60 of code; whole turns are eight times that
      "rsb r0, r0, #0\n"
      "and r0, r0, #56\n"
      "rsb r0, r0, r0, lsl #4\n"
      "adr.w lr, 2f\n"
      "add lr, lr, r0, lsr #1\n"
      "orr lr, lr, #1\n"
      "bx lr\n"
      ".balign 8\n"
      "2:\n"
      TWO_WORDS TWO_WORDS TWO_WORDS TWO_WORDS TWO_WORDS TWO_WORDS TWO_WORDS TWO_WORDS
      "ldr r0, [sp, #4]\n"
      "cmp r2, r0\n"
      "bne.w 2b\n"
      "3:\n"
      "ldr r0, [sp]\n"
      "stm r0, {r4-r7}\n"
      "add sp, sp, #8\n"
      "pop {r4-r11, pc}\n");
}

// dot_1x2: one row, four words of it at a time.
//
//   r0 channel 1   r1 the row's address   r2 weights' address   r3 their end   r4 r5 sums   r6..r9 weights: raw, then channel 0
//   r10 r11 r12 lr row
#define WORD(row, raw)                 \
  "sxtb16 r0, " raw ", ror #8\n"       \
  "sxtb16 " raw ", " raw "\n"          \
  "smlad r5, " row ", r0, r5\n"        \
  "smlad r4, " row ", " raw ", r4\n"
#define FOUR_WORDS                     \
  "ldm r2!, {r6-r9}\n"                 \
  "ldm r1!, {r10-r12, lr}\n"           \
  WORD("r10", "r6") WORD("r11", "r7") WORD("r12", "r8") WORD("lr", "r9")

BY_HAND void dot_1x2(const RowDots *, const int16_t *, int32_t (*)[2]) {
  __asm__ volatile(
      "push {r2, r4-r11, lr}\n"
      "ldr r6, [r0, #36]\n"            // end
      "ldm r0, {r2-r5}\n"
      "mov r3, r6\n"
      "sub r7, r3, r2\n"
      "ands r8, r7, #12\n"
      "beq 2f\n"
      "1:\n"                           // words beyond whole fours first
      "ldr r6, [r2], #4\n"
      "ldr r10, [r1], #4\n"
      WORD("r10", "r6")
      "subs r8, r8, #4\n"
      "bne 1b\n"
      "cmp r2, r3\n"
      "beq.w 5f\n"
      "2:\n"
      "tst r7, #16\n"                  // an odd four enters in the middle
      "bne.w 4f\n"
      ".balign 8\n"
      "3:\n"
      FOUR_WORDS
      "4:\n"
      FOUR_WORDS
      "cmp r2, r3\n"
      "bne.w 3b\n"
      "5:\n"
      "pop {r0}\n"
      "stm r0, {r4, r5}\n"
      "pop {r4-r11, pc}\n");
}
// clang-format on

RowDots::RowDots(int32_t stride, int32_t depth)
    : stride(2 * static_cast<uint32_t>(stride)), next(acc), pair_bytes(2 * static_cast<uint32_t>(depth)) {
  const uint32_t steps = static_cast<uint32_t>(depth) / 2;
  skip = (0 - steps) % steps_per_turn * step_bytes + 1;
  advance = 3 * this->stride - pair_bytes;
}

// A last row costs more alone than as the fourth of two pairs.
void RowDots::plan(int32_t count) {
  planned = count;
  rest = count % 3 == 1 ? 4 : count % 3;
  rest_start = (count - rest) * static_cast<ptrdiff_t>(stride / 2);
  stop = acc + (count - rest);
}

MCUFORM_RT_HOT("row_dots") void RowDots::run_rest(const int16_t *rows) const {
  rows += rest_start;
  dot_2x2(this, rows, stop);
  if (rest == 4)
    dot_2x2(this, rows + stride, stop + 2);
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
