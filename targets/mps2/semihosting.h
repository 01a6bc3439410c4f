// Calls to the machine that watches the board (QEMU or a debugger), as ARM's "Semihosting for AArch32 and AArch64" numbers them.
#ifndef MCUFORM_TARGETS_MPS2_SEMIHOSTING_H
#define MCUFORM_TARGETS_MPS2_SEMIHOSTING_H

#include <cstdint>

namespace mcuform::target {

enum class Semihosting : uint32_t {
  open = 0x01,
  close = 0x02,
  write_text = 0x04,
  write = 0x05,
  read = 0x06,
  seek = 0x0A,
  command_line = 0x15,
  exit_extended = 0x20,
};

/// `argument`: a pointer to the operation's block of words, or whatever the operation wants.
inline int32_t semihost(Semihosting operation, const void *argument) {
  register uint32_t r0 asm("r0") = static_cast<uint32_t>(operation);
  register const void *r1 asm("r1") = argument;
  asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return static_cast<int32_t>(r0);
}

/// Ends the emulation; QEMU's exit status is `status`.
[[noreturn]] inline void exit_program(int status) {
  constexpr uint32_t application_exit = 0x20026;
  const uint32_t block[2] = {application_exit, static_cast<uint32_t>(status)};
  for (;;)
    semihost(Semihosting::exit_extended, block);
}

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_MPS2_SEMIHOSTING_H
