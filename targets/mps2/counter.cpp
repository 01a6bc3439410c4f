// Exact instruction counts under "qemu-system-arm -icount shift=6": each instruction takes 64 ns of the board's time. A board's timer that has a
// tick of 40 ns has counted floor(N * 64 / 40) ticks N instructions after it was started. As a tick is shorter than an instruction, every
// count belongs to one N: N = ceil(ticks * 5 / 8). The timer is started anew for each measurement, since the rounding starts there.
//
// The timer's 32 bits last some 2e9 instructions. How often it has gone round is told by the board's counter of seconds: a round takes more
// than two minutes, so that a second more or less does not matter.
#include "board.h"
#include "platform.h"

namespace mcuform::target {

namespace {

volatile uint32_t &device_register(uint32_t address) { return *reinterpret_cast<volatile uint32_t *>(address); }

struct Measurement {
  uint32_t start, start_word, value; // of the timer; `measure` knows their places
  uint32_t reading;                  // what stood in `value` in the end
};

// int measure(ModelEntry entry, void *arena, int16_t *output, Measurement *measurement)
//
// In assembler, because the number of instructions between the timer's start and its reading must not depend on the compiler's mood.
extern "C" __attribute__((naked, noinline)) int measure(ModelEntry, void *, int16_t *, Measurement *) {
  asm volatile(R"(
    push  {r3-r7, lr}
    mov   r4, r0
    mov   r0, r1
    mov   r1, r2
    ldr   r5, [r3, #0]
    ldr   r6, [r3, #4]
    ldr   r7, [r3, #8]
    str   r6, [r5]
    blx   r4
    ldr   r2, [r7]
    pop   {r3}
    str   r2, [r3, #12]
    pop   {r4-r7, pc}
  )");
}

uint64_t instructions_in(uint64_t ticks) {
  return (ticks * timer.factor + (uint64_t{1} << timer.factor_shift) - 1) >> timer.factor_shift;
}

uint64_t instructions_of(uint32_t ticks, uint32_t seconds) {
  constexpr uint64_t round = uint64_t{1} << 32, instructions_per_second = 1000000000 / 64;
  const uint64_t about = (seconds * instructions_per_second << timer.factor_shift) / timer.factor;
  const uint64_t rounds = about > ticks ? (about - ticks + round / 2) / round : 0;
  return instructions_in(rounds * round + ticks);
}

/// Instructions that `measure` counts beside those of the function it calls.
constexpr uint64_t overhead = 2;

extern "C" {
__attribute__((naked, noinline)) int known_code_1(void *, int16_t *) { asm volatile("bx lr"); }
__attribute__((naked, noinline)) int known_code_1001(void *, int16_t *) { asm volatile(".rept 1000\n nop\n .endr\n bx lr"); }
}

} // namespace

int call_counted(ModelEntry entry, void *arena, int16_t *output, uint64_t *instructions) {
  Measurement measurement = {timer.start, timer.start_word, timer.value, 0};
  timer.stop();
  const uint32_t seconds = device_register(timer.seconds);
  const int status = measure(entry, arena, output, &measurement);
  *instructions = instructions_of(measurement.reading ^ timer.inverted, device_register(timer.seconds) - seconds) - overhead;
  return status;
}

// The timer runs since call_counted started it, so that both readings can be rounded to whole instructions before their difference is taken.
uint32_t ticks_now() { return device_register(timer.value) ^ timer.inverted; }

uint64_t instructions_between(uint32_t earlier, uint32_t later) {
  const uint64_t difference = instructions_in(later) - instructions_in(earlier);
  const uint64_t per_round = (uint64_t{timer.factor} << 32) >> timer.factor_shift; // a whole number of them
  return difference + (per_round & (0 - (difference >> 63)));
}

bool counts_instructions() {
  uint64_t shortest, longer;
  call_counted(known_code_1, nullptr, nullptr, &shortest);
  call_counted(known_code_1001, nullptr, nullptr, &longer);
  return shortest == 1 && longer == 1001;
}

} // namespace mcuform::target
