// The functions that firmware calls: of an image that stands in the arena, or of one that comes line by line.
#include "compiler/emission/SourceEmitter.h"

#include "llvm/ADT/StringExtras.h"

using namespace llvm;

namespace mcuform::emission {

std::string SourceEmitter::crcOfWeights() const { return "0x" + llvm::utohexstr(package.pack.crcOfFile, /*LowerCase=*/true, 8); }

/// `entries` with the memory of a run as they take it, and how they hand it to stages.
std::string SourceEmitter::fillEntries(StringRef entries, ArrayRef<std::pair<StringRef, std::string>> values) const {
  const bool isOne = package.regions.empty();
  SmallVector<std::pair<StringRef, std::string>> all(values);
  all.append({{"name", package.name},
              {"NAME", package.upperName},
              {"given", isOne ? "void *memory" : "const " + package.name + "_memory *given"},
              {"isGiven", isOne ? "is_arena(memory)" : "is_memory(given)"},
              {"parameter", parameter},
              {"memory", argument},
              {"take", isOne ? "unsigned char *const arena = static_cast<unsigned char *>(memory);"
                             : "const " + package.name + "_memory &memory = *given;"}});
  return fillTemplate(entries, all);
}

void SourceEmitter::emitEntries() {
  text += fillEntries(R"(
extern "C" void *@name@_input(@given@) {
  @take@
  return @input@;
}

extern "C" int @name@_run(@given@, int16_t *output) {
  // The kernels write the output in words.
  if (!@isGiven@ || !output || reinterpret_cast<uintptr_t>(output) % 4 != 0)
    return @NAME@_ERROR_ARGUMENT;
  @take@
@calls@  return @NAME@_OK;
}
)",
                      {{"input", addressOf(package.input, "unsigned char")}, {"calls", calls}});
}

/// What the entries of a streamed image share.
void SourceEmitter::emitFeedingState() {
  auto strip = package.fed.getStrip().getType().getShape();
  const int64_t margin = int64_t(package.fed.getMargin().value_or(0));
  text += fillEntries(R"(
// How much of an image has come. Stands in the arena until the last strip has been read; the mark is that of these weights.
struct Fed {
  uint32_t mark;
  int32_t lines;
};
constexpr uint32_t has_begun = @crc@u | 1;
@margin@constexpr int32_t lines_of_strip = @lines@, lines_of_strips = @used@, bytes_of_line = @NAME@_INPUT_LINE_BYTES;

Fed load_fed(@parameter@) {
  Fed fed;
  __builtin_memcpy(&fed, @state@, sizeof(fed));
  return fed;
}
void store_fed(@parameter@, Fed fed) { __builtin_memcpy(@state@, &fed, sizeof(fed)); }
)",
                      {{"crc", crcOfWeights()},
                       {"lines", std::to_string(strip[0])},
                       {"used", std::to_string(std::min(strip[0] * package.fed.getTripCount() - margin, package.inputHeight))},
                       {"margin", margin ? "constexpr int32_t lines_above = " + std::to_string(margin) + "; // not fed, but counted by strips\n" : ""},
                       {"state", addressOf(package.fed.getState(), "unsigned char")}});
}

void SourceEmitter::emitStreamedEntries() {
  mcurt::BufferOp strip = package.fed.getStrip();
  // Lines around the image are written into its first and last strip.
  std::string above, below, orLast;
  if (package.fed.getMargin()) {
    const std::string start = addressOf(strip, "uint8_t"), value = std::to_string(*package.fed.getMarginValue());
    if (*package.fed.getMargin())
      above = "  __builtin_memset(" + start + ", " + value + ", lines_above * bytes_of_line);\n";
    below = R"(      const bool is_last = fed.lines + taken == @NAME@_INPUT_HEIGHT;
      if (is_last && taken < missing)
        __builtin_memset(strip + (pending + taken) * bytes_of_line, @value@, static_cast<size_t>((missing - taken) * bytes_of_line));
)";
    below = fillEntries(below, {{"value", value}});
    orLast = " || is_last";
  }
  text += fillEntries(R"(
extern "C" int @name@_begin(@given@) {
  if (!@isGiven@)
    return @NAME@_ERROR_ARGUMENT;
  @take@
@before@@above@  store_fed(@memory@, {has_begun, 0});
  return @NAME@_OK;
}

extern "C" int @name@_feed_rows(@given@, const uint8_t *lines, int32_t count) {
  if (!@isGiven@ || !lines || count < 1)
    return @NAME@_ERROR_ARGUMENT;
  @take@
  uint8_t *const strip = @strip@;
  Fed fed = load_fed(@memory@);
  if (fed.mark != has_begun || fed.lines < 0 || fed.lines > @NAME@_INPUT_HEIGHT || count > @NAME@_INPUT_HEIGHT - fed.lines)
    return @NAME@_ERROR_ORDER;
  while (count > 0) {
    const int32_t pending = @lines@ % lines_of_strip, missing = lines_of_strip - pending;
    const int32_t taken = count < missing ? count : missing;
    if (fed.lines < lines_of_strips) {
      const int32_t first = @lines@ / lines_of_strip * @patches@;
      const bool is_whole = taken == lines_of_strip;
      if (!is_whole)
        __builtin_memcpy(strip + pending * bytes_of_line, lines, static_cast<size_t>(taken * bytes_of_line));
@below@      if (taken == missing@orLast@)
        @stage@(@memory@, is_whole ? lines : strip, first);
    }
    fed.lines += taken;
    lines += taken * bytes_of_line;
    count -= taken;
  }
  store_fed(@memory@, fed);
  return @NAME@_OK;
}

extern "C" int @name@_finish(@given@, int16_t *output) {
  // The kernels write the output in words.
  if (!@isGiven@ || !output || reinterpret_cast<uintptr_t>(output) % 4 != 0)
    return @NAME@_ERROR_ARGUMENT;
  @take@
  const Fed fed = load_fed(@memory@);
  if (fed.mark != has_begun || fed.lines != @NAME@_INPUT_HEIGHT)
    return @NAME@_ERROR_ORDER;
  store_fed(@memory@, {0, 0});
@after@  return @NAME@_OK;
}
)",
                      {{"before", callsBefore},
                       {"after", calls},
                       {"strip", addressOf(strip, "uint8_t")},
                       {"stage", fedStage},
                       {"above", above},
                       {"lines", package.fed.getMargin().value_or(0) ? "(lines_above + fed.lines)" : "fed.lines"},
                       {"below", below},
                       {"orLast", orLast},
                       {"patches", std::to_string(package.fed.getStep())}});
}

} // namespace mcuform::emission
