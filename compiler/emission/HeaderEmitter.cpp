// The C header of a package: all that a firmware needs to know.
#include "compiler/emission/Contents.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace mcuform::emission {

static const char *const kHeader = R"(/* @name@: @about@
 *
 * Made by mcuform@sha@. To be used from C and C++:
 *
 *     #include "@name@.h"
@definition@ *     @NAME@_DEFINE_OUTPUT(logits);
 *
@usage@ *
 * There is no other state: no globals, no heap, no static memory. Functions may run at the same time, in threads or interrupts, as long as
 * their arenas differ.
 */
#ifndef @NAME@_H
#define @NAME@_H

#include <stdint.h>

@arenas@/* Static memory of the library, beside constants. */
#define @NAME@_STATIC_BYTES 0

/* The input: @inputFormat@ */
@inputShape@#define @NAME@_INPUT_BYTES @input@
@lineBytes@
/* The output: int16; times the scale it is what the float model computes. */
#define @NAME@_OUTPUT_COUNT @count@
#define @NAME@_OUTPUT_SCALE @scale@f

/* The weights, in section .mcuform_weights: constant, @reading@. */
#define @NAME@_WEIGHTS_BYTES @weights@

/* The limits that this package was compiled for. Once mcuform-run has run it on its target, also @NAME@_STACK_BYTES, _CODE_BYTES and
 * _TABLES_BYTES, with the proof that all of it fits. */
#include "@name@_fit.h"

/* Define @memoryWords@ and a static output of the right size and alignment. */
#ifdef __cplusplus
@defineInCpp@#define @NAME@_DEFINE_OUTPUT(identifier) alignas(4) static int16_t identifier[@NAME@_OUTPUT_COUNT]
extern "C" {
#else
@defineInC@#define @NAME@_DEFINE_OUTPUT(identifier) static _Alignas(4) int16_t identifier[@NAME@_OUTPUT_COUNT]
#endif

/* What the functions return. */
enum {
  @NAME@_OK = 0,
  @NAME@_ERROR_ARGUMENT = 1, /* a null pointer, an arena or an output that is not aligned */
  @NAME@_ERROR_WEIGHTS = 2@comma@  /* the weights in memory are not those of this code */
@orderError@};

@entries@
/* Compares the checksum (CRC-32) of the weights in memory with that of the weights for which this code was made. Reads all
 * @NAME@_WEIGHTS_BYTES bytes; meant for the start, and for after an update. Returns @NAME@_OK or @NAME@_ERROR_WEIGHTS. */
int @name@_check_weights(void);

#ifdef MCUFORM_PROFILE
/* Compiled with MCUFORM_PROFILE, @name@_run calls mcuform_profile_begin() and mcuform_profile_end(), which the firmware defines, around each call of a
 * kernel, with the call's entry in this table. */
#include "runtime/include/mcuform/profile.h"
#define @NAME@_CALL_COUNT @calls@
extern const mcuform_call @name@_calls[@NAME@_CALL_COUNT];
#endif

#ifdef __cplusplus
}
#endif

#endif
)";

// The memory of a run: one arena, or one in each of several memories.

static const char *const kArena = R"(/* The memory of a run. The caller owns it; nothing in it has to survive from one run to the next. */
#define @NAME@_ARENA_BYTES @arena@
#define @NAME@_ARENA_ALIGN 16
)";

static const char *const kArenas =
    R"(/* The memory of a run: an arena in each of these memories, the fastest first. The caller owns them; nothing in them has to survive from one run
 * to the next. Any memory will do for the logits to be right. */
typedef struct @name@_memory {
@members@} @name@_memory;
@sizes@#define @NAME@_ARENA_BYTES @arena@ /* together */
#define @NAME@_ARENA_ALIGN 16
)";

static const char *const kUsage = R"( *     if (@name@_check_weights() != @NAME@_OK) ...           // once, at start
 *     @read@(@name@_input(@argument@), @NAME@_INPUT_BYTES);  // before each run, which overwrites the @image@
 *     if (@name@_run(@argument@, logits) != @NAME@_OK) ...
)";

static const char *const kEntries =
    R"(/* Where in @theArena@ the @image@ goes: @NAME@_INPUT_BYTES bytes, to be written before each run. No alignment is needed.
 * Input mode @mode@. */
void *@name@_input(@parameter@);

/* Computes the output for the @image@ in @theArena@. `output` has room for @NAME@_OUTPUT_COUNT values and lies outside of @theArena@, at a multiple of 4.
 * The @image@ is gone afterwards. Returns @NAME@_OK or @NAME@_ERROR_ARGUMENT. */
int @name@_run(@parameter@, int16_t *output);
)";

// Mode stream.

static const char *const kStreamedUsage = R"( *     if (@name@_check_weights() != @NAME@_OK) ...                 // once, at start
 *     @name@_begin(@argument@);                                      // for each image
 *     while (int32_t count = wait_for_camera(lines))
 *       if (@name@_feed_rows(@argument@, lines, count) != @NAME@_OK) ...
 *     if (@name@_finish(@argument@, logits) != @NAME@_OK) ...
)";

static const char *const kStreamedEntries =
    R"(/* Input mode stream: the image comes line by line, as a camera delivers it, and is never in memory as a whole; @theArena@ has room for the
 * @strip@ lines that a row of patches needs. There are no @name@_input and @name@_run: for each image, begin once, feed all
 * @NAME@_INPUT_HEIGHT lines from the top in as many calls as you like, finish once. An image may be given up at any time by beginning the
 * next. @TheArena@ is the model's from the beginning to the end; afterwards it may serve other purposes until the next beginning. */

/* Begins an image. Returns @NAME@_OK or @NAME@_ERROR_ARGUMENT. */
int @name@_begin(@parameter@);

/* Takes the next `count` lines, 1 or more, @NAME@_INPUT_LINE_BYTES bytes each, from outside of @theArena@; no alignment is needed. They are not
 * needed any more when the function returns. As soon as @strip@ lines are there their patches are embedded, without copying where one call
 * brings all of them. Returns @NAME@_OK, @NAME@_ERROR_ARGUMENT or @NAME@_ERROR_ORDER; lines that are refused are not counted. */
int @name@_feed_rows(@parameter@, const uint8_t *lines, int32_t count);

/* Computes the output for the lines that have come. `output` has room for @NAME@_OUTPUT_COUNT values and lies outside of @theArena@, at a
 * multiple of 4. Returns @NAME@_OK, @NAME@_ERROR_ARGUMENT or, where lines are missing, @NAME@_ERROR_ORDER; they can still be fed then. */
int @name@_finish(@parameter@, int16_t *output);
)";

static const char *const kOrderError = R"(  @NAME@_ERROR_ORDER = 3     /* no image has begun, more lines than it has, or finished before the last; seen by a mark in the arena */
)";

/// How the header speaks of the memory of a run.
struct MemoryTexts {
  std::string arenas, definition, words, defineInCpp, defineInC;
  std::string parameter, argument, theArena, theArenaCapitalized; ///< of the functions, and in comments
};

static MemoryTexts textsOf(const Package &package) {
  const std::string &name = package.name, &upper = package.upperName, bytes = std::to_string(package.arenaBytes);
  const std::string align = "(" + upper + "_ARENA_ALIGN)";
  if (package.regions.empty())
    return {
        fillTemplate(kArena, {{"NAME", upper}, {"arena", bytes}}),
        " *     " + upper + "_DEFINE_ARENA(arena);  // " + bytes + " bytes; between runs they may serve other purposes\n",
        "a static arena",
        "#define " + upper + "_DEFINE_ARENA(identifier) alignas" + align + " static unsigned char identifier[" + upper + "_ARENA_BYTES]\n",
        "#define " + upper + "_DEFINE_ARENA(identifier) static _Alignas" + align + " unsigned char identifier[" + upper + "_ARENA_BYTES]\n",
        "void *arena",
        "arena",
        "the arena",
        "The arena"};
  std::string members, sizes, list, names, define[2];
  for (const RegionArena &region : package.regions) {
    const std::string size = upper + "_ARENA_" + region.upperName + "_BYTES";
    members += "  void *" + region.name + "; /* " + size + " bytes at a multiple of " + upper + "_ARENA_ALIGN */\n";
    sizes += "#define " + size + " " + std::to_string(region.bytes) + "\n";
    list += (list.empty() ? "" : ", ") + std::string("identifier##_") + region.name;
    names += (names.empty() ? "" : ", ") + std::to_string(region.bytes) + " bytes in " + region.name;
    const std::string array =
        " unsigned char identifier##_" + region.name + "[" + size + "] __attribute__((section(\".bss.arena." + region.name + "\"))); \\\n";
    define[0] += "  alignas" + align + " static" + array;
    define[1] += "  static _Alignas" + align + array;
  }
  for (std::string &text : define)
    text =
        "#define " + upper + "_DEFINE_MEMORY(identifier) \\\n" + text + "  static const " + name + "_memory identifier = {" + list + "}\n";
  return {fillTemplate(kArenas, {{"name", name}, {"NAME", upper}, {"arena", bytes}, {"members", members}, {"sizes", sizes}}),
          " *     " + upper + "_DEFINE_MEMORY(memory);  // " + names + "; between runs they may serve other purposes\n",
          "static arenas, each in a section .bss.arena.<memory> that the linker script places there,",
          define[0],
          define[1],
          "const " + name + "_memory *memory",
          "&memory",
          "the arenas",
          "The arenas"};
}

/// Text that may stand in a comment.
static std::string harmless(StringRef text) {
  std::string result;
  for (char c : text)
    result += isPrint(c) && c != '*' && c != '@' && c != '\\' ? c : '_';
  return result;
}

std::string emitHeader(const Package &package) {
  auto list = [](ArrayRef<float> values) {
    std::vector<std::string> texts;
    for (float value : values)
      texts.push_back(formatFloat(value));
    return join(texts, ", ");
  };
  const bool isSequence = package.inputScale.has_value();
  const std::string image = isSequence ? "sequence" : "image";
  auto define = [&](const char *name, const std::string &value) { return "#define " + package.upperName + "_INPUT_" + name + " " + value + "\n"; };
  std::string normalization = ".\n * Raw pixels, 0 to 255";
  if (!package.mean.empty() && !package.std.empty())
    normalization += ": that the model was trained on (pixel / 255 - mean) / std, mean " + list(package.mean) + ", std " +
                     list(package.std) + ", is part\n * of the weights.";
  else
    normalization += ".";
  std::string inputFormat = "one image, uint8, lines from top to bottom, pixels from left to right, channels interleaved" + normalization;
  std::string inputShape = define("HEIGHT", std::to_string(package.inputHeight)) + define("WIDTH", std::to_string(package.inputWidth)) +
                           define("CHANNELS", std::to_string(package.inputChannels));
  if (isSequence) {
    inputFormat = "int16, row after row: what the float model takes, divided by the scale, rounded to nearest and saturated.";
    inputShape = define("ROWS", std::to_string(package.inputWidth)) + define("FEATURES", std::to_string(package.inputChannels)) +
                 define("SCALE", formatFloat(*package.inputScale) + "f");
  }
  std::string about = (package.modelName.empty() ? "a model" : harmless(package.modelName)) + ", " + describeInput(package) + " to " +
                      std::to_string(package.outputCount) + " values.";
  std::string sha = package.modelSha256.empty() ? "" : " from the ONNX file with SHA-256\n * " + harmless(package.modelSha256);
  std::string mode = package.inputMode + (mcurt::BufferOp(package.input).getOver() ? ": the run overwrites the " + image + " with its tokens as it reads the patches, so the two share memory"
                                                                  : ": the " + image + " has memory of its own until its last patch is read");
  const bool isFed = bool(package.fed);
  const MemoryTexts memory = textsOf(package);
  auto fill = [&](const char *text) {
    return fillTemplate(text, {{"name", package.name},
                               {"NAME", package.upperName},
                               {"read", isSequence ? "read_features" : "read_camera"},
                               {"image", image},
                               {"mode", mode},
                               {"parameter", memory.parameter},
                               {"argument", memory.argument},
                               {"theArena", memory.theArena},
                               {"TheArena", memory.theArenaCapitalized},
                               {"strip", std::to_string(mcurt::BufferOp(package.input).getType().getDimSize(0))}});
  };
  std::string lineBytes = isFed ? define("LINE_BYTES", std::to_string(package.inputWidth * package.inputChannels)) : "";
  return fillTemplate(
      kHeader,
      {{"name", package.name},
       {"NAME", package.upperName},
       {"usage", fill(isFed ? kStreamedUsage : kUsage)},
       {"entries", fill(isFed ? kStreamedEntries : kEntries)},
       {"comma", isFed ? "," : " "},
       {"orderError", isFed ? fill(kOrderError) : ""},
       {"lineBytes", lineBytes},
       {"about", about},
       {"sha", sha},
       {"definition", memory.definition},
       {"arenas", memory.arenas},
       {"memoryWords", memory.words},
       {"defineInCpp", memory.defineInCpp},
       {"defineInC", memory.defineInC},
       {"inputFormat", inputFormat},
       {"inputShape", inputShape},
       {"calls", std::to_string(package.stepCount)},
       {"input", std::to_string(package.inputBytes)},
       {"count", std::to_string(package.outputCount)},
       {"scale", formatFloat(package.outputScale)},
       {"reading",
        package.traffic.panelBytes
            ? "copied through the arena piece by piece; runtime/include/mcuform/port.h says\n * how a firmware can do that better, by DMA"
            : "read in place"},
       {"weights", std::to_string(package.pack.bytes.size())}});
}

} // namespace mcuform::emission
