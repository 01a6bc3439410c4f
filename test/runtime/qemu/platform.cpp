// Start-up, semihosting and guarded memory for the runtime's test programs on QEMU's boards.
#include "platform.h"
#include "../support.h"
#include "board.h"

extern "C" {
extern uint32_t stack_top[];
[[noreturn]] void reset();
[[noreturn]] void fault();

__attribute__((section(".vectors"), used)) const void *const vectors[16] = {
    stack_top,
    reinterpret_cast<const void *>(reset),
    reinterpret_cast<const void *>(fault),
    reinterpret_cast<const void *>(fault),
    reinterpret_cast<const void *>(fault),
    reinterpret_cast<const void *>(fault),
    reinterpret_cast<const void *>(fault),
};

void *memcpy(void *to, const void *from, size_t count) {
  for (size_t i = 0; i < count; ++i)
    static_cast<volatile uint8_t *>(to)[i] = static_cast<const uint8_t *>(from)[i];
  return to;
}
void *memmove(void *to, const void *from, size_t count) {
  if (to < from)
    return memcpy(to, from, count);
  while (count-- > 0)
    static_cast<volatile uint8_t *>(to)[count] = static_cast<const uint8_t *>(from)[count];
  return to;
}
void *memset(void *to, int value, size_t count) {
  for (size_t i = 0; i < count; ++i)
    static_cast<volatile uint8_t *>(to)[i] = static_cast<uint8_t>(value);
  return to;
}
}

namespace mcuform::test {
namespace {

volatile uint32_t &device_register(uint32_t address) { return *reinterpret_cast<volatile uint32_t *>(address); }

int32_t semihosting(int32_t operation, const void *argument) {
  register int32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

// Guarded memory: slots that end where a region without any access begins. All in the zero-initialized part of RAM, whose contents do not
// matter: every buffer is filled before use.
constexpr uint32_t slot_count = 6;
constexpr uint32_t slot_bytes = 128 * 1024;
constexpr uint32_t guard_bytes = 4096;
#if defined(__ARM_FEATURE_MVE) // mps3-an547
constexpr uint32_t slots_base = 0x21200000, pool_base = 0x21100000;
#elif __ARM_ARCH == 8 // mps2-an505
constexpr uint32_t slots_base = 0x38200000, pool_base = 0x38100000;
#else
constexpr uint32_t slots_base = 0x20200000, pool_base = 0x20100000;
#endif
constexpr uint32_t pool_bytes = 0x100000;
uint32_t pool_used = 0;
uint32_t slots_used = 0;

void set_mpu_region(uint32_t number, uint32_t base_register, uint32_t second_register) {
  device_register(0xe000ed98) = number;
  device_register(0xe000ed9c) = base_register;
  device_register(0xe000eda0) = second_register;
}

/// The default memory map, and a region without access at the end of each slot.
void protect_guards() {
#if __ARM_ARCH == 8
  // ARMv8-M cannot deny privileged code a region, but denies all what lies in two: the guards do, the slots only in one.
  constexpr uint32_t execute_never = 1, enable = 1;
  set_mpu_region(slot_count, slots_base | execute_never, (slots_base + slot_count * slot_bytes - 32) | enable);
#endif
  for (uint32_t slot = 0; slot < slot_count; ++slot) {
    const uint32_t guard = slots_base + (slot + 1) * slot_bytes - guard_bytes;
#if __ARM_ARCH == 8
    set_mpu_region(slot, guard | execute_never, (guard + guard_bytes - 32) | enable);
#else
    constexpr uint32_t no_access_no_execute = 1u << 28, size_of_4_kib = 11u << 1, enable = 1;
    set_mpu_region(slot, guard, no_access_no_execute | size_of_4_kib | enable);
#endif
  }
  device_register(0xe000ed94) = 5; // on, default map for the rest
  __asm__ volatile("dsb\nisb" ::: "memory");
}

char command_line[256];

} // namespace

void print(const char *text) { semihosting(0x04, text); }

void print_number(int64_t number) {
  char digits[24];
  char *at = digits + sizeof digits - 1;
  *at = 0;
  uint64_t rest = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  do {
    *--at = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (number < 0)
    *--at = '-';
  print(at);
}

void finish(int32_t status) {
  const uint32_t block[2] = {0x20026 /* ADP_Stopped_ApplicationExit */, static_cast<uint32_t>(status)};
  semihosting(0x20, block);
  for (;;) {
  }
}

const char *argument() {
  struct {
    char *text;
    int32_t size;
  } block = {command_line, sizeof command_line};
  semihosting(0x15, &block);
  const char *at = command_line;
  while (*at != 0 && *at != ' ')
    ++at;
  return *at == ' ' ? at + 1 : at;
}

void *allocate_memory(size_t bytes) {
  const uint32_t at = pool_base + pool_used;
  pool_used += static_cast<uint32_t>((bytes + 7) & ~size_t{7});
  if (pool_used > pool_bytes) {
    print("the pool of memory is too small for this case\n");
    finish(2);
  }
  return reinterpret_cast<void *>(at);
}

void *allocate_guarded_memory(size_t bytes) {
  if (slots_used == slot_count || bytes > slot_bytes - guard_bytes) {
    print("the guarded memory is too small for this case\n");
    finish(2);
  }
  ++slots_used;
  const uint32_t end = slots_base + slots_used * slot_bytes - guard_bytes;
  return reinterpret_cast<void *>((end - static_cast<uint32_t>(bytes)) & ~3u);
}

void release_memory() {
  pool_used = 0;
  slots_used = 0;
}

uint32_t instruction_ticks() { return device_register(target::timer.value) ^ target::timer.inverted; }

// One instruction is 64 ns of virtual time.
uint32_t ticks_to_instructions(uint32_t ticks) {
  const uint64_t half = (uint64_t{1} << target::timer.factor_shift) / 2;
  return static_cast<uint32_t>((uint64_t{ticks} * target::timer.factor + half) >> target::timer.factor_shift);
}

} // namespace mcuform::test

using namespace mcuform::test;

void reset() {
  device_register(0xe000ed88) |= 0xfu << 20; // FPU
  __asm__ volatile("dsb\nisb" ::: "memory");
  protect_guards();
  mcuform::target::timer.stop();
  device_register(mcuform::target::timer.start) = mcuform::target::timer.start_word;
  finish(run());
}

void fault() {
  report_fault(device_register(0xe000ed34));
  finish(1);
}
