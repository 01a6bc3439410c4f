// Counts code of known length: every length modulo the five that a tick's rounding has, and runs that the timer goes round in.
#include "board.h"
#include "platform.h"
#include "semihosting.h"
#include <cstdint>
#include <initializer_list>

using namespace mcuform::target;

namespace {

extern "C" {
// `arena` carries a number here: how many of the 40 nops are executed. Instructions: rsb, add, adr, add, bx, the nops, bx.
__attribute__((naked, noinline, aligned(4))) int nops(void *, int16_t *) {
  asm volatile(R"(
    rsb   r0, r0, #40
    adr   r1, 1f
    add   r1, r1, r0, lsl #1
    adds  r1, r1, #1
    bx    r1
    .balign 4
1:  .rept 40
    nop
    .endr
    bx    lr
  )");
}
constexpr uint64_t nops_overhead = 6;
constexpr uint64_t loop_instructions = 64;

// `arena` carries how often the loop is gone through, from 1: 64 instructions each time, and the return.
__attribute__((naked, noinline, aligned(4))) int loop(void *, int16_t *) {
  asm volatile(R"(
1:  .rept 62
    nop
    .endr
    subs  r0, r0, #1
    bne   1b
    bx    lr
  )");
}
}

bool failed = false;

void print_decimal(uint64_t value) {
  char text[21];
  char *at = text + 20;
  *at = '\0';
  do
    *--at = static_cast<char>('0' + value % 10);
  while ((value /= 10) != 0);
  semihost(Semihosting::write_text, at);
}

void expect(ModelEntry entry, uint32_t argument, uint64_t expected) {
  uint64_t instructions = 0;
  call_counted(entry, reinterpret_cast<void *>(argument), nullptr, &instructions);
  if (instructions == expected)
    return;
  failed = true;
  semihost(Semihosting::write_text, "expected ");
  print_decimal(expected);
  semihost(Semihosting::write_text, " instructions, counted ");
  print_decimal(instructions);
  semihost(Semihosting::write_text, "\n");
}

uint64_t between;
uint32_t loops_before;

/// A part of what is counted, as a profile reads it: the loop, after `loops_before` of it.
int part(void *count, int16_t *) {
  if (loops_before != 0)
    loop(reinterpret_cast<void *>(loops_before), nullptr);
  const uint32_t began = ticks_now();
  nops(reinterpret_cast<void *>(reinterpret_cast<uint32_t>(count) % 40), nullptr);
  loop(count, nullptr);
  between = instructions_between(began, ticks_now());
  return 0;
}

void expect_part(uint32_t count, uint64_t expected) {
  uint64_t instructions;
  call_counted(part, reinterpret_cast<void *>(count), nullptr, &instructions);
  if (between == expected)
    return;
  failed = true;
  semihost(Semihosting::write_text, "expected a part of ");
  print_decimal(expected);
  semihost(Semihosting::write_text, " instructions, counted ");
  print_decimal(between);
  semihost(Semihosting::write_text, "\n");
}

} // namespace

int main(int, char **) {
  if (!counts_instructions()) {
    semihost(Semihosting::write_text, "the counter does not count code of known length right\n");
    return 1;
  }
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (uint32_t count = 0; count <= 40; ++count)
      expect(nops, count, count + nops_overhead);
    for (uint32_t count : {1u, 2u, 999u, 1000u, 1001u, 1234567u})
      expect(loop, count, loop_instructions * count + 1);
  }
  // Just before and behind the first round of the timer's 32 bits, and behind the second.
  const uint32_t round = static_cast<uint32_t>(((uint64_t{timer.factor} << 32) >> timer.factor_shift) / loop_instructions);
  for (uint32_t count : {round - 1, round, round + round / 5, 2 * round + round / 5})
    expect(loop, count, loop_instructions * count + 1);
  // Parts, wherever they begin, and one in which the timer goes round.
  uint64_t instructions;
  call_counted(part, reinterpret_cast<void *>(40), nullptr, &instructions);
  const uint64_t overhead = between - 40 * loop_instructions;
  for (loops_before = 0; loops_before < 20; ++loops_before)
    for (uint32_t count = 40; count < 80; ++count)
      expect_part(count, count * loop_instructions + count % 40 + overhead);
  loops_before = round - 40;
  expect_part(100, 100 * loop_instructions + 20 + overhead);
  return failed ? 1 : 0;
}
