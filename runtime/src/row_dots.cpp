// The inner loop by hand: compilers spill in it, and do not fold the rotation into SXTB16.
#include "row_dots.h"

#include "halfwords.h"

namespace mcuform::rt {
inline namespace MCUFORM_RT_ABI {

#if MCUFORM_RT_DSP

static_assert(offsetof(RowDots, unrolled_end) == 16 && offsetof(RowDots, acc) == 24, "dot_3x2 loads and stores by these offsets");

// dot_3x2: 12 instructions for 12 products. All general registers but SP are in use:
//
//   r0 row 1   r10 row 2   r11 row 0   r12 weights: raw, then channel 0   lr channel 1
//   r1 row 0's address   r2 weights' address   r3 stride   r4..r9 sums (row 0: r4 r5, row 1: r6 r7, row 2: r8 r9; channel 0 first)
//
// A step works on the words that the step before it loaded and loads the next ones, each at least two instructions before its use. The
// multiply-accumulates come in the order in which their registers fall free, with a load between each two, which a Cortex-M7 issues
// together. FIRST and LAST are the two halves of a step: nothing beyond the end of a row is touched.
// clang-format off
#define LOAD_ROWS_1_2 "ldr.w r0, [r1, r3]\n" "ldr.w r10, [r1, r3, lsl #1]\n"
#define FIRST                          \
  LOAD_ROWS_1_2                        \
  "ldr.w r12, [r2], #4\n"              \
  "ldr.w r11, [r1], #4\n"              \
  "sxtb16 lr, r12, ror #8\n"         \
  "smlad r7, r0, lr, r7\n"
#define STEP                           \
  "sxtb16 r12, r12\n"                \
  "smlad r9, r10, lr, r9\n"            \
  "smlad r6, r0, r12, r6\n"            \
  "ldr.w r0, [r1, r3]\n"               \
  "smlad r8, r10, r12, r8\n"           \
  "ldr.w r10, [r1, r3, lsl #1]\n"      \
  "smlad r4, r11, r12, r4\n"           \
  "ldr.w r12, [r2], #4\n"              \
  "smlad r5, r11, lr, r5\n"            \
  "ldr.w r11, [r1], #4\n"              \
  "sxtb16 lr, r12, ror #8\n"         \
  "smlad r7, r0, lr, r7\n"
#define LAST                           \
  "sxtb16 r12, r12\n"                \
  "smlad r9, r10, lr, r9\n"            \
  "smlad r6, r0, r12, r6\n"            \
  "smlad r8, r10, r12, r8\n"           \
  "smlad r4, r11, r12, r4\n"           \
  "smlad r5, r11, lr, r5\n"
#define STEP_5 STEP STEP STEP STEP STEP

__attribute__((naked, noinline, aligned(8))) void dot_3x2(RowDots *, const int16_t *) {
  __asm__ volatile(
      "push {r0, r4-r11, lr}\n"
      "ldm r0, {r2-r7}\n"
      "push {r6, r7}\n"              // the two ends: [sp], [sp, #4]
      "mov r6, r4\n"
      "mov r7, r5\n"
      "mov r8, r4\n"
      "mov r9, r5\n"
      "b 2f\n"
      ".balign 8\n"
      "1:\n"
      FIRST STEP_5 STEP_5 STEP_5 LAST
      "2:\n"
      "ldr r0, [sp]\n"
      "cmp r2, r0\n"
      "bne.w 1b\n"
      "b 4f\n"
      ".balign 8\n"
      "3:\n"
      FIRST LAST
      "4:\n"
      "ldr r0, [sp, #4]\n"
      "cmp r2, r0\n"
      "bne 3b\n"
      "ldr r0, [sp, #8]\n"
      "add r0, r0, #24\n"
      "stm r0, {r4-r9}\n"
      "add sp, sp, #12\n"
      "pop {r4-r11, pc}\n");
}
// clang-format on

namespace {

// The two channels' weights of one word, each as two int16.
inline uint32_t channel_0(uint32_t word) {
  uint32_t result;
  __asm__("sxtb16 %0, %1" : "=r"(result) : "r"(word));
  return result;
}
inline uint32_t channel_1(uint32_t word) {
  uint32_t result;
  __asm__("sxtb16 %0, %1, ror #8" : "=r"(result) : "r"(word));
  return result;
}

} // namespace

// Two rows are left over at most once per pair and block of rows: C++ is near enough.
__attribute__((noinline)) void dot_2x2(RowDots *dots, const int16_t *rows) {
  const int16_t *row0 = rows;
  const int16_t *row1 = rows + dots->stride / 2;
  int32_t acc00 = dots->bias0, acc01 = dots->bias1;
  int32_t acc10 = acc00, acc11 = acc01;
  const int8_t *const end = dots->end;
  for (const int8_t *weights = dots->weights; weights != end; weights += 4) {
    const uint32_t word = load_word(weights);
    const uint32_t first = channel_0(word);
    const uint32_t second = channel_1(word);
    const uint32_t in0 = load_word(row0);
    const uint32_t in1 = load_word(row1);
    acc00 = multiply_accumulate(in0, first, acc00);
    acc01 = multiply_accumulate(in0, second, acc01);
    acc10 = multiply_accumulate(in1, first, acc10);
    acc11 = multiply_accumulate(in1, second, acc11);
    row0 += 2;
    row1 += 2;
  }
  dots->acc[0][0] = acc00;
  dots->acc[0][1] = acc01;
  dots->acc[1][0] = acc10;
  dots->acc[1][1] = acc11;
}

// One row: the head, and what is left over. Unrolled for networks that take their answer from one token.
__attribute__((noinline)) void dot_1x2(RowDots *dots, const int16_t *row) {
  int32_t acc0 = dots->bias0, acc1 = dots->bias1;
  const int8_t *weights = dots->weights;
  const auto step = [&](int32_t offset) {
    const uint32_t word = load_word(weights + 4 * offset);
    const uint32_t in = load_word(row + 2 * offset);
    acc0 = multiply_accumulate(in, channel_0(word), acc0);
    acc1 = multiply_accumulate(in, channel_1(word), acc1);
  };
  for (; dots->end - weights >= 16; weights += 16, row += 8) {
    step(0);
    step(1);
    step(2);
    step(3);
  }
  for (; weights != dots->end; weights += 4, row += 2)
    step(0);
  dots->acc[0][0] = acc0;
  dots->acc[0][1] = acc1;
}

#endif

} // namespace MCUFORM_RT_ABI
} // namespace mcuform::rt
