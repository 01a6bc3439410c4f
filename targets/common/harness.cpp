// Runs a package over all images of a file, on any board, and measures it: harness IMAGES LOGITS STATISTICS
//
// IMAGES      raw uint8 NHWC images, one behind the other
// LOGITS      written: int16, the model's outputs for each image
// STATISTICS  written: lines of "key value"; see mcuform-run's compiler/driver/run/PackageRun.cpp, which reads them
//
// The model is run over the first image three times: twice with the arena and the unused stack painted (with a pattern, then with its
// complement: whatever the model writes differs from one of the two), then as an ordinary, counted run. All three must agree: a model
// that reads memory it has not written shows here. RAM of the harness: the logits, two guards for them
// and for each arena, and some 300 bytes of stack.
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

/// Memory of the model between guards; padding counts as guard, too.
template <size_t size> struct Guarded {
  alignas(package::arena_align) uint8_t before[guard_bytes];
  alignas(package::arena_align) uint8_t bytes[size];
  uint8_t behind[guard_bytes];
};

/// Sections of their own, so that a linker that finds no room for an arena names it.
#define MCUFORM_DEFINE_ARENA(name, size, of_arena) __attribute__((section(of_arena))) Guarded<size> guarded_##name;
MCUFORM_PACKAGE_ARENAS(MCUFORM_DEFINE_ARENA)
Guarded<sizeof(int16_t) * package::output_count> guarded_output;
int16_t *const output = reinterpret_cast<int16_t *>(guarded_output.bytes);

/// What the model may write, and where it must not.
struct Area {
  const char *name;
  uint8_t *guarded;
  size_t guarded_bytes, bytes;
  uint8_t *begin() const { return guarded + guard_bytes; }
};
static_assert(guard_bytes % package::arena_align == 0, "the guard must end where the arena starts");
#define MCUFORM_AREA(name, size, of_arena) {#name, guarded_##name.before, sizeof(guarded_##name), size},
const Area areas[] = {
    MCUFORM_PACKAGE_ARENAS(MCUFORM_AREA){"output", guarded_output.before, sizeof(guarded_output), sizeof(guarded_output.bytes)}};
constexpr size_t arena_count = sizeof(areas) / sizeof(areas[0]) - 1;

/// What the functions of the package are given.
#ifdef MCUFORM_PACKAGE_HAS_REGIONS
#define MCUFORM_MEMBER(name, size, of_arena) guarded_##name.bytes,
package::Memory memory = {MCUFORM_PACKAGE_ARENAS(MCUFORM_MEMBER)};
void *const memory_of_run = &memory;
#else
void *const memory_of_run = guarded_arena.bytes;
#endif

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
  for (size_t at = 0; at != package::output_count; ++at)
    hash = (hash ^ static_cast<uint16_t>(output[at])) * 0x100000001B3u;
  return hash;
}

void paint(uint8_t value) {
  for (const Area &area : areas)
    memset(area.guarded, value, area.guarded_bytes);
}

Status guard_failure(const Area &area, int32_t at) {
  const bool is_output = area.guarded == guarded_output.before;
  const uint64_t distance = static_cast<uint64_t>(at < 0 ? -static_cast<int64_t>(at) : at);
  Line message;
  message.text("the model writes outside its memory: it changed ");
  if (is_output)
    message.text("byte ").text(at < 0 ? "-" : "").number(distance).text(" of the output, which has ").number(area.bytes).text(" bytes");
  else
    message.text(area.name).text(at < 0 ? "[-" : "[").number(distance).text("]; the arena has ").number(area.bytes).text(" bytes");
  return fail(wrote_outside, message);
}

/// Fails if a byte of a guard is not `value` any more; the one nearest to what it guards is named.
Status check_guards(uint8_t value) {
  for (const Area &area : areas) {
    for (size_t at = guard_bytes + area.bytes; at != area.guarded_bytes; ++at)
      if (area.guarded[at] != value)
        return guard_failure(area, static_cast<int32_t>(at - guard_bytes));
    for (size_t at = guard_bytes; at-- != 0;)
      if (area.guarded[at] != value)
        return guard_failure(area, static_cast<int32_t>(at) - static_cast<int32_t>(guard_bytes));
  }
  return done;
}

/// One past the highest byte of an arena that is not `value` any more.
size_t bytes_changed(const Area &arena, uint8_t value) {
  size_t end = arena.bytes;
  while (end != 0 && arena.begin()[end - 1] == value)
    --end;
  return end;
}

enum class Reading { image, end, broken };

Reading reading_of(size_t got, size_t wanted) { return got == wanted ? Reading::image : got == 0 ? Reading::end : Reading::broken; }

/// Reads the next image and runs the model over it. Each call of the model goes by way of `call`, a function from an entry to its status; the
/// first that fails ends the run.
#ifndef MCUFORM_PACKAGE_IS_STREAMED
template <typename Call> Reading infer(target::File images, int *status, Call call) {
  const Reading reading = reading_of(target::read_bytes(images, package::input(memory_of_run), package::input_bytes), package::input_bytes);
  if (reading == Reading::image)
    *status = call(package::run);
  return reading;
}

bool input_is_in_arena() {
  const uint8_t *input = static_cast<const uint8_t *>(package::input(memory_of_run));
  for (size_t at = 0; at != arena_count; ++at)
    if (input >= areas[at].begin() && input + package::input_bytes <= areas[at].begin() + areas[at].bytes)
      return true;
  return false;
}
#else
uint8_t lines[package::lines_bytes / package::line_bytes * package::line_bytes];
int32_t line_count;

int begin(void *memory, int16_t *) { return package::begin(memory); }
int feed_lines(void *memory, int16_t *) { return package::feed_rows(memory, lines, line_count); }

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
  size_t arena_high_water[arena_count] = {}, stack_high_water = 0;
  for (int repeat = 0; repeat < 2; ++repeat) {
    const uint8_t value = static_cast<uint8_t>(repeat == 0 ? pattern : ~pattern);
    paint(value);
    size_t stack_bytes = 0;
    int status = package::ok;
    const bool was_rewound = target::rewind_file(images);
    const Reading reading = infer(images, &status, [&](target::ModelEntry entry) {
      size_t bytes = 0;
      const int of_call = target::call_with_painted_stack(entry, memory_of_run, output, 0x01010101u * value, &bytes);
      stack_bytes = bytes > stack_bytes ? bytes : stack_bytes;
      return of_call;
    });
    if (!was_rewound || reading != Reading::image)
      return fail(bad_images, Line().text("the file of images holds no image of ").number(package::input_bytes).text(" bytes"));
    if (status != package::ok)
      return report_run_failure(0, status);
    if (Status status_of_guards = check_guards(value); status_of_guards != done)
      return status_of_guards;
    for (size_t at = 0; at != arena_count; ++at) {
      const size_t arena_bytes = bytes_changed(areas[at], value);
      arena_high_water[at] = arena_bytes > arena_high_water[at] ? arena_bytes : arena_high_water[at];
    }
    stack_high_water = stack_bytes > stack_high_water ? stack_bytes : stack_high_water;
    const uint64_t this_hash = hash_of_output();
    if (repeat == 1 && this_hash != *hash)
      return fail(not_repeatable, Line().text("two runs over the first image differ: the model reads memory that it has not written"));
    *hash = this_hash;
  }
  size_t sum = 0;
  for (size_t bytes : arena_high_water) {
    record("high_water_bytes_of_arena", bytes);
    sum += bytes;
  }
  record("arena_high_water_bytes", sum);
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
      const int status_of_call = target::call_counted(entry, memory_of_run, output, &of_call);
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
    if (Status status_of_guards = check_guards(static_cast<uint8_t>(~pattern)); status_of_guards != done)
      return status_of_guards;
    if (!target::write_bytes(logits, output, sizeof(guarded_output.bytes)))
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
