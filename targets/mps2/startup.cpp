// From reset to main: memory, FPU, MPU, and what happens on a fault. Knows nothing of packages: a firmware of your own can start from here.
//
// QEMU's boards do not fault on accesses to addresses where nothing is, and have more memory than the chips that they stand for: the MPU
// makes such accesses faults (board.h).
#include "board.h"
#include "semihosting.h"
#include <cstddef>
#include <cstdint>

extern "C" {
extern uint32_t _stack_limit, _stack_top, _data_begin, _data_end, _data_image, _bss_begin, _bss_end, _hot_begin, _hot_end, _hot_image;
int main(int argc, char **argv);
void reset();
void fault();
}

namespace {

using namespace mcuform::target;

volatile uint32_t &system_register(uint32_t address) { return *reinterpret_cast<volatile uint32_t *>(address); }

// ARMv7-M Architecture Reference Manual, B3.2.
constexpr uint32_t shcsr = 0xE000ED24, cfsr = 0xE000ED28, hfsr = 0xE000ED2C, mmfar = 0xE000ED34, bfar = 0xE000ED38, cpacr = 0xE000ED88;

void print_hex(uint32_t value) {
  char text[11] = "0x00000000";
  for (int at = 9; at >= 2; --at, value >>= 4)
    text[at] = "0123456789abcdef"[value & 15];
  semihost(Semihosting::write_text, text);
}

void print_text(const char *text) { semihost(Semihosting::write_text, text); }

/// Words of the command line, which QEMU gives as one string; they point into `line`.
int split(char *line, char **words, int capacity) {
  int count = 0;
  for (char *at = line; *at != '\0' && count < capacity;) {
    words[count++] = at;
    while (*at != '\0' && *at != ' ')
      ++at;
    while (*at == ' ')
      *at++ = '\0';
  }
  return count;
}

void copy(volatile uint32_t *begin, const volatile uint32_t *end, const volatile uint32_t *image) {
  while (begin != end)
    *begin++ = *image++;
}

char command_line[192];

} // namespace

extern "C" {

/// Runs on a fresh stack: the old one may be what went wrong.
[[noreturn]] __attribute__((used)) void report_fault(uint32_t program_counter) {
  const uint32_t status = system_register(cfsr);
  constexpr uint32_t instruction_denied = 1u << 0, data_denied = 1u << 1, stacking_denied = 1u << 4, address_valid = 1u << 7;
  constexpr uint32_t bus_errors = 0x1F00, bus_address_valid = 1u << 15, undefined = 1u << 16, unaligned = 1u << 24,
                     division_by_zero = 1u << 25;
  const uint32_t address = status & bus_address_valid ? system_register(bfar) : system_register(mmfar);
  const uint32_t stack_limit = reinterpret_cast<uint32_t>(&_stack_limit);
  constexpr uint32_t largest_frame = 0x10000;
  const bool below_stack = (status & address_valid) && address < stack_limit && address >= stack_limit - largest_frame;

  print_text("fault: ");
  if ((status & stacking_denied) || below_stack)
    print_text("stack overflow");
  else if (status & data_denied)
    print_text("data access denied by the memory map");
  else if (status & instruction_denied)
    print_text("execution denied by the memory map");
  else if (status & bus_errors)
    print_text("bus error");
  else if (status & undefined)
    print_text("undefined instruction");
  else if (status & unaligned)
    print_text("unaligned access");
  else if (status & division_by_zero)
    print_text("division by zero");
  else
    print_text("exception");
  if (status & (address_valid | bus_address_valid)) {
    print_text(" at address ");
    print_hex(address);
  }
  if (program_counter != 0) {
    print_text(", program counter ");
    print_hex(program_counter);
  }
  print_text(" (CFSR ");
  print_hex(status);
  print_text(", HFSR ");
  print_hex(system_register(hfsr));
  print_text(")\n");
  constexpr int faulted = 100;
  exit_program(faulted);
}

/// The program counter is the seventh word that the processor pushed, unless pushing failed.
__attribute__((naked)) void fault() {
  asm volatile(R"(
    movw  r2, #0xED28
    movt  r2, #0xE000
    ldr   r2, [r2]
    movw  r3, #0x1010
    tst   r2, r3
    ite   eq
    ldreq r0, [sp, #24]
    movne r0, #0
    ldr   r1, =_stack_top
    mov   sp, r1
    b     report_fault
  )");
}

void reset() {
  constexpr uint32_t full_access_to_fpu = 0xFu << 20, memory_bus_and_usage_faults = 7u << 16;
  system_register(cpacr) |= full_access_to_fpu;
  asm volatile("dsb\n isb" ::: "memory");
  copy(&_data_begin, &_data_end, &_data_image);
  if (&_hot_begin != &_hot_image)
    copy(&_hot_begin, &_hot_end, &_hot_image);
  for (volatile uint32_t *word = &_bss_begin; word != &_bss_end; ++word)
    *word = 0;
  system_register(shcsr) |= memory_bus_and_usage_faults;
  protect_memory();

  const uint32_t block[2] = {reinterpret_cast<uint32_t>(command_line), sizeof(command_line)};
  constexpr int capacity = 8;
  char *words[capacity] = {};
  int count = 0;
  if (semihost(Semihosting::command_line, block) == 0)
    count = split(command_line, words, capacity);
  exit_program(main(count, words));
}

} // extern "C"

namespace {
using Handler = void (*)();
struct Vectors {
  uint32_t *initial_stack_pointer;
  Handler handlers[15];
};
// Reset, NMI, HardFault, MemManage, BusFault, UsageFault, SecureFault (ARMv8-M), three reserved, SVCall, debug monitor, one reserved, PendSV, SysTick.
__attribute__((section(".vectors"), used)) const Vectors vectors = {
    &_stack_top, {reset, fault, fault, fault, fault, fault, fault, nullptr, nullptr, nullptr, fault, fault, nullptr, fault, fault}};
} // namespace
