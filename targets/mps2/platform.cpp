// The harness's files and text by semihosting, and its painted stack.
#include "platform.h"
#include "semihosting.h"

extern "C" uint32_t _stack_limit;

namespace mcuform::target {

namespace {
uint32_t length_of(const char *text) {
  uint32_t length = 0;
  while (text[length] != '\0')
    ++length;
  return length;
}

File open_file(const char *path, uint32_t mode) {
  const uint32_t block[3] = {reinterpret_cast<uint32_t>(path), mode, length_of(path)};
  return semihost(Semihosting::open, block);
}
} // namespace

// Modes are those of fopen, numbered: 1 is "rb", 5 is "wb".
File open_for_reading(const char *path) { return open_file(path, 1); }
File open_for_writing(const char *path) { return open_file(path, 5); }

// Reading and writing return how many bytes they did NOT do.
size_t read_bytes(File file, void *to, size_t size) {
  const uint32_t block[3] = {static_cast<uint32_t>(file), reinterpret_cast<uint32_t>(to), size};
  const int32_t left = semihost(Semihosting::read, block);
  return left < 0 ? 0 : size - static_cast<size_t>(left);
}

bool write_bytes(File file, const void *from, size_t size) {
  const uint32_t block[3] = {static_cast<uint32_t>(file), reinterpret_cast<uint32_t>(from), size};
  return semihost(Semihosting::write, block) == 0;
}

bool rewind_file(File file) {
  const uint32_t block[2] = {static_cast<uint32_t>(file), 0};
  return semihost(Semihosting::seek, block) == 0;
}

bool close_file(File file) { return semihost(Semihosting::close, &file) == 0; }

void print(const char *text) { semihost(Semihosting::write_text, text); }

bool measures_stack() { return true; }

// Not inlined: its own frame lies above all that it paints.
__attribute__((noinline)) int call_with_painted_stack(ModelEntry entry, void *arena, int16_t *output, uint32_t pattern,
                                                      size_t *stack_bytes) {
  uint32_t *stack_pointer;
  asm volatile("mov %0, sp" : "=r"(stack_pointer));
  for (volatile uint32_t *word = &_stack_limit; word != stack_pointer; ++word)
    *word = pattern;
  const int status = entry(arena, output);
  const volatile uint32_t *lowest = &_stack_limit;
  while (lowest != stack_pointer && *lowest == pattern)
    ++lowest;
  *stack_bytes = static_cast<size_t>(stack_pointer - lowest) * sizeof(uint32_t);
  return status;
}

} // namespace mcuform::target
