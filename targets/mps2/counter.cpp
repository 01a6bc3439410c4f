// Exact instruction counts under "qemu-system-arm -icount shift=6": each instruction takes 64 ns of the board's time, and its timers run at
// 25 MHz, so N instructions after the timer was started it has counted floor(N * 64 / 40) ticks. As a tick is shorter than an
// instruction, every count belongs to one N: N = ceil(ticks * 5 / 8). The timer is started anew for each measurement, since the rounding
// starts there.
//
// The timer's 32 bits last 2.7e9 instructions. How often it has gone round is told by the board's counter of seconds: a round takes 171.8
// s, so that a second more or less does not matter.
#include "platform.h"

namespace mcuform::target {

namespace {

struct Measurement {
  uint32_t seconds_before;
  uint32_t seconds_after;
  uint32_t timer_after; // counts down from 2^32 - 1
};

// int measure(ModelEntry entry, void *arena, int16_t *output, Measurement *measurement)
//
// In assembler, because the number of instructions between the timer's start and its reading must not depend on the compiler's mood.
// CMSDK dual timer 1 at 0x40002000: LOAD +0, VALUE +4, CONTROL +8 (bit 7 enable, bit 1 32 bits wide; prescaler and mode 0: free running).
// Seconds: CLK1HZ of the FPGA's system registers, 0x40028010.
extern "C" __attribute__((naked, noinline)) int measure(ModelEntry, void *, int16_t *, Measurement *) {
  asm volatile(R"(
    push  {r3-r7, lr}
    mov   r4, r0
    mov   r0, r1
    mov   r1, r2
    movw  r5, #0x2000
    movt  r5, #0x4000
    movw  r6, #0x8010
    movt  r6, #0x4002
    movs  r2, #0
    str   r2, [r5, #8]
    mvn   r2, #0
    str   r2, [r5, #0]
    movs  r7, #0x82
    ldr   r2, [r6]
    str   r2, [r3, #0]
    str   r7, [r5, #8]
    blx   r4
    ldr   r2, [r5, #4]
    ldr   r7, [r6]
    pop   {r3}
    str   r7, [r3, #4]
    str   r2, [r3, #8]
    pop   {r4-r7, pc}
  )");
}

uint64_t instructions_of(const Measurement &measurement) {
  constexpr uint64_t round = uint64_t{1} << 32;
  constexpr uint64_t ticks_per_second = 25000000;
  const uint64_t low = ~measurement.timer_after;
  const uint64_t about = uint64_t{measurement.seconds_after - measurement.seconds_before} * ticks_per_second;
  const uint64_t rounds = about > low ? (about - low + round / 2) / round : 0;
  const uint64_t ticks = rounds * round + low;
  return (ticks * 5 + 7) / 8;
}

/// Instructions that `measure` counts beside those of the function it calls.
constexpr uint64_t overhead = 2;

extern "C" {
__attribute__((naked, noinline)) int known_code_1(void *, int16_t *) { asm volatile("bx lr"); }
__attribute__((naked, noinline)) int known_code_1001(void *, int16_t *) { asm volatile(".rept 1000\n nop\n .endr\n bx lr"); }
}

} // namespace

int call_counted(ModelEntry entry, void *arena, int16_t *output, uint64_t *instructions) {
  Measurement measurement;
  const int status = measure(entry, arena, output, &measurement);
  *instructions = instructions_of(measurement) - overhead;
  return status;
}

// The timer runs since call_counted started it, so that both readings can be rounded to whole instructions before their difference is taken.
uint32_t ticks_now() { return ~*reinterpret_cast<const volatile uint32_t *>(0x40002004); }

uint64_t instructions_between(uint32_t earlier, uint32_t later) {
  const uint64_t begin = (uint64_t{earlier} * 5 + 7) / 8, end = (uint64_t{later} * 5 + 7) / 8;
  constexpr uint64_t instructions_per_round = (uint64_t{1} << 32) * 5 / 8;
  const uint64_t difference = end - begin;
  return difference + (instructions_per_round & (0 - (difference >> 63)));
}

bool counts_instructions() {
  uint64_t shortest, longer;
  call_counted(known_code_1, nullptr, nullptr, &shortest);
  call_counted(known_code_1001, nullptr, nullptr, &longer);
  return shortest == 1 && longer == 1001;
}

} // namespace mcuform::target
