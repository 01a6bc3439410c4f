// Runs a package over all images of a file, on any board, and measures it: harness IMAGES LOGITS STATISTICS
//
// IMAGES      raw uint8 NHWC images, one behind the other
// LOGITS      written: int16, the model's outputs for each image
// STATISTICS  written: lines of "key value"; see mcuform-run's compiler/driver/run/PackageRun.cpp, which reads them
//
// The model is run over the first image three times: twice with the arena and the unused stack painted (with a pattern, then with its
// complement: whatever the model writes differs from one of the two), then as an ordinary, counted run. All three must agree: a model
// that reads memory it has not written shows here. RAM of the harness: the logits, three guards and some 300 bytes of stack.
//
// A model that takes its image in streams gets the lines in uneven portions, other ones each time, so that a run's result is seen not to
// depend on them; its lines have RAM of their own, MCUFORM_LINES_BYTES. Its instructions are those of all calls together.
#include "observe.h"
#include "package_binding.h"
#include "platform.h"
#include "profile.h"
#include <cstring>

namespace target = mcuform::target;

namespace {

/// Exit status and "status" in the statistics. compiler/driver/run/PackageRun.cpp knows weights_damaged.
enum Status : int {
  done = 0,
  usage = 10,
  cannot_open = 11,
  cannot_write = 12,
  bad_images = 13,
  weights_damaged = 14,
  run_failed = 15,
  wrote_outside = 16,
  not_repeatable = 17,
  input_outside = 18,
};

constexpr size_t guard_bytes = 64;
constexpr uint8_t pattern = 0xA5;

/// All that is not the arena or the output is guard: the named arrays and whatever padding the compiler puts beside them.
struct Workspace {
  alignas(package::arena_align) uint8_t guard_before[guard_bytes];
  alignas(package::arena_align) uint8_t arena[package::arena_bytes];
  uint8_t guard_between[guard_bytes];
  alignas(4) int16_t output[package::output_count];
  uint8_t guard_behind[guard_bytes];
};
static_assert(guard_bytes % package::arena_align == 0, "the guard must end where the arena starts");
static_assert(offsetof(Workspace, arena) == guard_bytes, "the guard must end where the arena starts");
static_assert(offsetof(Workspace, guard_between) == guard_bytes + package::arena_bytes, "the guard must start where the arena ends");

/// A section of its own, so that a linker that finds no room for it names it.
__attribute__((section(".bss.arena"))) Workspace workspace;

/// A line of text, built without libc. Too long a line is cut.
class Line {
public:
  Line &text(const char *string) {
    while (*string != '\0' && length_ + 1 < sizeof(buffer_))
      buffer_[length_++] = *string++;
    buffer_[length_] = '\0';
    return *this;
  }
  Line &number(uint64_t value) {
    char digits[21];
    char *at = digits + 20;
    *at = '\0';
    do {
      *--at = static_cast<char>('0' + value % 10);
      value /= 10;
    } while (value != 0);
    return text(at);
  }
  const char *c_str() const { return buffer_; }
  size_t length() const { return length_; }

private:
  char buffer_[160] = {};
  size_t length_ = 0;
};

target::File statistics = target::no_file;

void record(const char *key, uint64_t value) {
  Line line;
  line.text(key).text(" ").number(value).text("\n");
  target::write_bytes(statistics, line.c_str(), line.length());
}

Status fail(Status status, const Line &message) {
  target::print("error: ");
  target::print(message.c_str());
  target::print("\n");
  if (statistics != target::no_file)
    record("status", status);
  return status;
}

/// FNV-1a over the logits: two runs' outputs are compared without room for two.
uint64_t hash_of_output() {
  uint64_t hash = 0xCBF29CE484222325u;
  for (int16_t logit : workspace.output)
    hash = (hash ^ static_cast<uint16_t>(logit)) * 0x100000001B3u;
  return hash;
}

/// Offset in the workspace of the first guard byte that is not `value` any more, or its size.
size_t first_changed_guard(uint8_t value) {
  const uint8_t *bytes = reinterpret_cast<const uint8_t *>(&workspace);
  constexpr size_t output_begin = offsetof(Workspace, output), output_end = output_begin + sizeof(workspace.output);
  constexpr size_t arena_end = guard_bytes + package::arena_bytes;
  // Nearest to the arena first: that is where a model oversteps.
  for (size_t at = arena_end; at != output_begin; ++at)
    if (bytes[at] != value)
      return at;
  for (size_t at = guard_bytes; at-- != 0;)
    if (bytes[at] != value)
      return at;
  for (size_t at = output_end; at != sizeof(Workspace); ++at)
    if (bytes[at] != value)
      return at;
  return sizeof(Workspace);
}

Status guard_failure(size_t at) {
  constexpr size_t output_begin = offsetof(Workspace, output);
  Line message;
  message.text("the model writes outside its memory: it changed ");
  if (at < guard_bytes)
    message.text("arena[-").number(guard_bytes - at).text("]");
  else if (at < output_begin)
    message.text("arena[").number(at - guard_bytes).text("]");
  else
    message.text("byte ").number(at - output_begin).text(" of the output, which has ").number(sizeof(workspace.output)).text(" bytes");
  if (at < output_begin)
    message.text("; the arena has ").number(package::arena_bytes).text(" bytes");
  return fail(wrote_outside, message);
}

/// One past the highest arena byte that is not `value` any more.
size_t arena_bytes_changed(uint8_t value) {
  size_t end = package::arena_bytes;
  while (end != 0 && workspace.arena[end - 1] == value)
    --end;
  return end;
}

enum class Reading { image, end, broken };

Reading reading_of(size_t got, size_t wanted) { return got == wanted ? Reading::image : got == 0 ? Reading::end : Reading::broken; }

/// Reads the next image and runs the model over it. Each call of the model goes by way of `call`, a function from an entry to its status; the
/// first that fails ends the run.
#ifndef MCUFORM_PACKAGE_IS_STREAMED
template <typename Call> Reading infer(target::File images, int *status, Call call) {
  const Reading reading = reading_of(target::read_bytes(images, package::input(workspace.arena), package::input_bytes), package::input_bytes);
  if (reading == Reading::image)
    *status = call(package::run);
  return reading;
}

bool input_is_in_arena() {
  const uint8_t *input = static_cast<const uint8_t *>(package::input(workspace.arena));
  return input >= workspace.arena && input + package::input_bytes <= workspace.arena + package::arena_bytes;
}
#else
uint8_t lines[package::lines_bytes / package::line_bytes * package::line_bytes];
int32_t line_count;

int begin(void *arena, int16_t *) { return package::begin(arena); }
int feed_lines(void *arena, int16_t *) { return package::feed_rows(arena, lines, line_count); }

template <typename Call> Reading infer(target::File images, int *status, Call call) {
  constexpr int32_t portions[] = {1, 5, 16, 3, 40}, capacity = sizeof(lines) / package::line_bytes;
  static size_t turn;
  *status = package::ok;
  for (int32_t done = 0; done < package::input_height; done += line_count) {
    line_count = portions[turn++ % (sizeof(portions) / sizeof(portions[0]))];
    line_count = line_count < capacity ? line_count : capacity;
    line_count = line_count < package::input_height - done ? line_count : package::input_height - done;
    const size_t size = static_cast<size_t>(line_count) * package::line_bytes;
    const Reading reading = reading_of(target::read_bytes(images, lines, size), size);
    if (reading != Reading::image)
      return done == 0 ? reading : Reading::broken;
    if (done == 0 && *status == package::ok)
      *status = call(begin);
    if (*status == package::ok)
      *status = call(feed_lines);
  }
  if (*status == package::ok)
    *status = call(package::finish);
  return Reading::image;
}

bool input_is_in_arena() { return true; }
#endif

Status report_run_failure(uint64_t image, int status) {
  return fail(run_failed,
              Line().text("the model returned status ").number(static_cast<unsigned>(status)).text(" for image ").number(image));
}

/// Two runs over the first image in painted memory; *hash is what both put out.
Status measure_memory(target::File images, uint64_t *hash) {
  size_t arena_high_water = 0, stack_high_water = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {
    const uint8_t value = static_cast<uint8_t>(repeat == 0 ? pattern : ~pattern);
    memset(&workspace, value, sizeof(workspace));
    size_t stack_bytes = 0;
    int status = package::ok;
    const bool was_rewound = target::rewind_file(images);
    const Reading reading = infer(images, &status, [&](target::ModelEntry entry) {
      size_t bytes = 0;
      const int of_call = target::call_with_painted_stack(entry, workspace.arena, workspace.output, 0x01010101u * value, &bytes);
      stack_bytes = bytes > stack_bytes ? bytes : stack_bytes;
      return of_call;
    });
    if (!was_rewound || reading != Reading::image)
      return fail(bad_images, Line().text("the file of images holds no image of ").number(package::input_bytes).text(" bytes"));
    if (status != package::ok)
      return report_run_failure(0, status);
    if (size_t at = first_changed_guard(value); at != sizeof(Workspace))
      return guard_failure(at);
    const size_t arena_bytes = arena_bytes_changed(value);
    arena_high_water = arena_bytes > arena_high_water ? arena_bytes : arena_high_water;
    stack_high_water = stack_bytes > stack_high_water ? stack_bytes : stack_high_water;
    const uint64_t this_hash = hash_of_output();
    if (repeat == 1 && this_hash != *hash)
      return fail(not_repeatable, Line().text("two runs over the first image differ: the model reads memory that it has not written"));
    *hash = this_hash;
  }
  record("arena_high_water_bytes", arena_high_water);
  if (target::measures_stack())
    record("stack_high_water_bytes", stack_high_water);
  return done;
}

Status run_all_images(target::File images, target::File logits, uint64_t hash_of_first) {
  const bool counting = target::counts_instructions();
  target::rewind_file(images);
  if (!target::start_observing())
    return fail(cannot_open, Line().text("cannot open the file for the values of layers"));
  target::start_profile();
  for (uint64_t image = 0;; ++image) {
    uint64_t instructions = 0;
    int status = package::ok;
    switch (infer(images, &status, [&](target::ModelEntry entry) {
      uint64_t of_call = 0;
      const int status_of_call = target::call_counted(entry, workspace.arena, workspace.output, &of_call);
      instructions += of_call;
      return status_of_call;
    })) {
    case Reading::image:
      break;
    case Reading::end:
      record("images", image);
      if (!target::finish_observing())
        return fail(cannot_write, Line().text("cannot write the values of layers"));
      target::record_profile(record);
      return done;
    case Reading::broken:
      return fail(bad_images,
                  Line().text("image ").number(image).text(" is cut off: fewer than ").number(package::input_bytes).text(" bytes"));
    }
    if (status != package::ok)
      return report_run_failure(image, status);
    if (image == 0 && hash_of_output() != hash_of_first)
      return fail(not_repeatable,
                  Line().text("an ordinary and a painted run over the first image differ: the model reads memory that it has not written"));
    // The guards still hold the pattern of the second painted run.
    if (size_t at = first_changed_guard(static_cast<uint8_t>(~pattern)); at != sizeof(Workspace))
      return guard_failure(at);
    if (!target::write_bytes(logits, workspace.output, sizeof(workspace.output)))
      return fail(cannot_write, Line().text("cannot write the logits of image ").number(image));
    if (counting)
      record("instructions", instructions);
  }
}

} // namespace

int main(int argc, char **argv) {
  if (argc != 4)
    return fail(usage, Line().text("usage: harness IMAGES LOGITS STATISTICS"));
  statistics = target::open_for_writing(argv[3]);
  target::File images = target::open_for_reading(argv[1]);
  target::File logits = target::open_for_writing(argv[2]);
  if (statistics == target::no_file || images == target::no_file || logits == target::no_file)
    return fail(cannot_open, Line()
                                 .text("cannot open ")
                                 .text(images == target::no_file   ? argv[1]
                                       : logits == target::no_file ? argv[2]
                                                                   : argv[3]));
  record("arena_bytes", package::arena_bytes);
  record("input_bytes", package::input_bytes);
  record("output_count", package::output_count);

  Status status = done;
  uint64_t hash = 0;
  if (!input_is_in_arena())
    status = fail(input_outside, Line().text("the model wants its input outside the arena"));
  else if (int damage = package::check_weights(); damage != package::ok)
    status = fail(weights_damaged, Line().text("the weights are damaged: status ").number(static_cast<unsigned>(damage)));
  else if (status = measure_memory(images, &hash); status == done)
    status = run_all_images(images, logits, hash);

  if (status == done)
    record("status", done);
  target::close_file(images);
  const bool written = target::close_file(logits) && target::close_file(statistics);
  return status != done || written ? status : cannot_write;
}
