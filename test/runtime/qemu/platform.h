// The little that a test program needs on QEMU's boards: output, its argument, the end of the program, an instruction
// count.
#ifndef MCUFORM_TEST_RUNTIME_QEMU_PLATFORM_H
#define MCUFORM_TEST_RUNTIME_QEMU_PLATFORM_H

#include <stddef.h>
#include <stdint.h>

namespace mcuform::test {

void print(const char *text);
void print_number(int64_t number);
[[noreturn]] void finish(int32_t status);

/// What follows the program's name on its command line.
const char *argument();

/// The program itself, defined by it: called once memory is protected; what it returns is the status of QEMU.
int32_t run();

/// Called with the address when the memory protection unit refuses an access; defined by the program.
void report_fault(uint32_t address);

/// Instructions since the start, where QEMU runs with -icount shift=6.
uint32_t instruction_ticks();
uint32_t ticks_to_instructions(uint32_t ticks);

} // namespace mcuform::test

#endif
