// What a board gives the harness: files on the machine that watches it, a line of text for people, and two ways of calling a model that
// measure it. Each targets/<board>/ implements this header; harness.cpp uses nothing else, so that every board is measured alike.
#ifndef MCUFORM_TARGETS_COMMON_PLATFORM_H
#define MCUFORM_TARGETS_COMMON_PLATFORM_H

#include <cstddef>
#include <cstdint>

namespace mcuform::target {

using File = int;
constexpr File no_file = -1;

/// no_file when the file cannot be opened.
File open_for_reading(const char *path);
/// Creates the file or empties it; no_file when that fails.
File open_for_writing(const char *path);
/// Returns how many bytes were read: fewer than `size` only at the end of the file or on an error.
size_t read_bytes(File file, void *to, size_t size);
/// Written at once, so that a watcher sees each image's logits when they are there.
bool write_bytes(File file, const void *from, size_t size);
/// The next read starts at the first byte again.
bool rewind_file(File file);
bool close_file(File file);

/// Shows text on the terminal of the machine that watches the board.
void print(const char *text);

/// <name>_run of a package, or what calls one of its other functions.
using ModelEntry = int (*)(void *arena, int16_t *output);

/// True when call_counted counts exactly on this machine as it is run now; found out by counting code of known length.
bool counts_instructions();
/// Calls entry(arena, output) and returns its status. *instructions: all that were executed from the first of `entry` up to and with its
/// return, exact up to 2^50; meaningless where counts_instructions() is false.
int call_counted(ModelEntry entry, void *arena, int16_t *output, uint64_t *instructions);

/// For code inside of call_counted's `entry`, where counts_instructions(): the counter, and what was executed from one reading to a later one,
/// exact below 2^31. Without branches that depend on what is measured.
uint32_t ticks_now();
uint64_t instructions_between(uint32_t earlier, uint32_t later);

/// True when call_with_painted_stack knows where the stack ends.
bool measures_stack();
/// Fills the unused stack with `pattern`, calls entry(arena, output) and returns its status. *stack_bytes: how far below the caller's stack
/// pointer the lowest changed word lies; 0 where measures_stack() is false. A word that happened to get the value of `pattern` is missed,
/// so call twice with complementary patterns.
int call_with_painted_stack(ModelEntry entry, void *arena, int16_t *output, uint32_t pattern, size_t *stack_bytes);

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_COMMON_PLATFORM_H
