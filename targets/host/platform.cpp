// The harness on the machine that compiles: files by stdio; neither instructions nor stack are measured.
#include "platform.h"
#include <cstdio>

namespace mcuform::target {

namespace {
constexpr int capacity = 8;
std::FILE *files[capacity];

File add(std::FILE *opened) {
  for (int file = 0; opened && file < capacity; ++file)
    if (!files[file]) {
      files[file] = opened;
      return file;
    }
  return no_file;
}
} // namespace

File open_for_reading(const char *path) { return add(std::fopen(path, "rb")); }
File open_for_writing(const char *path) { return add(std::fopen(path, "wb")); }
size_t read_bytes(File file, void *to, size_t size) { return std::fread(to, 1, size, files[file]); }
bool write_bytes(File file, const void *from, size_t size) {
  return std::fwrite(from, 1, size, files[file]) == size && std::fflush(files[file]) == 0;
}
bool rewind_file(File file) { return std::fseek(files[file], 0, SEEK_SET) == 0; }
bool close_file(File file) {
  std::FILE *closing = files[file];
  files[file] = nullptr;
  return std::fclose(closing) == 0;
}

void print(const char *text) { std::fputs(text, stderr); }

bool counts_instructions() { return false; }
int call_counted(ModelEntry entry, void *arena, int16_t *output, uint64_t *instructions) {
  *instructions = 0;
  return entry(arena, output);
}

uint32_t ticks_now() { return 0; }
uint64_t instructions_between(uint32_t, uint32_t) { return 0; }

bool measures_stack() { return false; }
int call_with_painted_stack(ModelEntry entry, void *arena, int16_t *output, uint32_t, size_t *stack_bytes) {
  *stack_bytes = 0;
  return entry(arena, output);
}

} // namespace mcuform::target
