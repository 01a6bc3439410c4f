#include "compiler/emission/ArenaPicture.h"

#include "llvm/Support/ConvertUTF.h"

using namespace mlir;

namespace mcuform::emission {

std::string escapeXml(StringRef text) {
  const auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.data());
  const bool isUtf8 = llvm::isLegalUTF8String(&begin, begin + text.size());
  std::string result;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else if (c == '"')
      result += "&quot;";
    else
      result += byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !isUtf8) ? '?' : c;
  }
  return result;
}

std::string groupedDigits(int64_t value) {
  std::string digits = std::to_string(value);
  for (size_t at = digits.size(); at > 3;)
    digits.insert(at -= 3, "\u00A0");
  return digits;
}

BufferKind kindOf(mcurt::BufferOp buffer) {
  if (buffer.getInput())
    return BufferKind::Image;
  const bool countsLines = llvm::any_of(buffer->getUsers(), [](Operation *user) { return isa<mcurt::ForOp>(user); });
  if (countsLines || !isa<func::FuncOp>(buffer->getParentOp()))
    return BufferKind::Scratch;
  StringRef name = buffer.getName();
  return name.starts_with("keys") || name.starts_with("values") ? BufferKind::KeysValues : BufferKind::Tokens;
}

StringRef cssClassOf(BufferKind kind) {
  switch (kind) {
  case BufferKind::Image:
    return "k-image";
  case BufferKind::Tokens:
    return "k-tokens";
  case BufferKind::KeysValues:
    return "k-kv";
  case BufferKind::Scratch:
    return "k-scratch";
  }
  llvm_unreachable("all kinds are handled");
}

StringRef describe(BufferKind kind) {
  switch (kind) {
  case BufferKind::Image:
    return "input image";
  case BufferKind::Tokens:
    return "tokens";
  case BufferKind::KeysValues:
    return "keys and values";
  case BufferKind::Scratch:
    return "scratch";
  }
  llvm_unreachable("all kinds are handled");
}

std::string elementsOf(mcurt::BufferOp buffer) {
  Type element = buffer.getType().getElementType();
  std::string text = (element.isUnsignedInteger() ? "uint" : "int") + std::to_string(element.getIntOrFloatBitWidth());
  for (int64_t size : buffer.getType().getShape())
    text += "[" + std::to_string(size) + "]";
  return text;
}

int64_t peakStepOf(const Package &package, const RegionArena *region) {
  int64_t peak = 0, most = 0;
  for (int64_t step = 0; step < package.stepCount; ++step)
    if (int64_t bytes = package.liveBytesAt(step, region); bytes > most) {
      peak = step;
      most = bytes;
    }
  return peak;
}

namespace {

// Tenths of a unit of the picture: integers print alike everywhere.
constexpr int64_t kLeft = 700, kRight = 11400, kTop = 260, kBottom = 4660, kStages = 180, kHeight = 5100, kWidth = 11500;
constexpr int64_t kLetter = 62, kLine = 130; ///< of a label

std::string units(int64_t tenths) { return std::to_string(tenths / 10) + (tenths % 10 ? "." + std::to_string(tenths % 10) : ""); }

struct Stage {
  std::string name;
  int64_t first, last;
};

std::vector<Stage> stagesOf(const Package &package) {
  std::vector<Stage> stages;
  int64_t step = 0;
  for (auto stage : func::FuncOp(package.function).getOps<mcurt::StageOp>()) {
    int64_t calls = 0;
    stage.walk([&](mcurt::CallOp) { ++calls; });
    if (calls)
      stages.push_back({stage.getName().str(), step, step + calls - 1});
    step += calls;
  }
  return stages;
}

class Picture {
public:
  Picture(const Package &package, int64_t firstStep, int64_t lastStep, const RegionArena *region)
      : package(package), first(firstStep), last(lastStep), region(region), arenaBytes(region ? region->bytes : package.arenaBytes),
        lowerBoundBytes(region ? region->lowerBoundBytes : package.lowerBoundBytes), arena(region ? "arena in " + region->name : "arena") {}

  std::string draw(StringRef id) {
    svg = ("<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + units(kWidth) + " " + units(kHeight) +
           "\" role=\"img\" aria-labelledby=\"" + id + "-title\">\n<title id=\"" + id + "-title\">Buffers of the " + arena +
           " during calls " + Twine(first) + " to " + Twine(last) + "</title>\n")
              .str();
    drawStages();
    drawAxes();
    // The image last: it may share its memory with the tokens that overwrite it.
    for (bool isInput : {false, true})
      for (mcurt::BufferOp buffer : package.buffers)
        if (bool(buffer.getInput()) == isInput && (!region || package.regionOf(buffer) == region))
          drawBuffer(buffer);
    drawLiveBytes();
    drawArenaLine();
    return svg + "</svg>\n";
  }

private:
  /// Where a call begins.
  int64_t x(int64_t step) const { return kLeft + (kRight - kLeft) * (step - first) / (last - first + 1); }
  int64_t y(int64_t bytes) const { return kBottom - (kBottom - kTop) * bytes / std::max<int64_t>(arenaBytes, 1); }

  void rect(int64_t x0, int64_t y0, int64_t x1, int64_t y1, StringRef cssClass) {
    svg += ("<rect x=\"" + units(x0) + "\" y=\"" + units(y0) + "\" width=\"" + units(x1 - x0) + "\" height=\"" + units(y1 - y0) +
            "\" class=\"" + cssClass + "\" />")
               .str();
  }
  void text(int64_t atX, int64_t atY, StringRef anchor, StringRef cssClass, StringRef words, bool isVertical = false) {
    svg += "<text x=\"" + units(atX) + "\" y=\"" + units(atY) + "\"";
    if (isVertical)
      svg += " transform=\"rotate(-90 " + units(atX) + " " + units(atY) + ")\"";
    if (!anchor.empty())
      svg += (" text-anchor=\"" + anchor + "\"").str();
    if (!cssClass.empty())
      svg += (" class=\"" + cssClass + "\"").str();
    svg += ">" + escapeXml(words) + "</text>";
  }

  /// Every other stage on a band of its own, with its name below where that fits.
  void drawStages() {
    bool isOdd = false;
    for (const Stage &stage : stagesOf(package)) {
      isOdd = !isOdd;
      if (stage.last < first || stage.first > last)
        continue;
      int64_t left = x(std::max(stage.first, first)), right = x(std::min(stage.last, last) + 1);
      svg += "<g><title>" + escapeXml(stage.name) + ", calls " + std::to_string(stage.first) + " to " + std::to_string(stage.last) +
             "</title>";
      if (isOdd)
        rect(left, kTop, right, kBottom + kStages, "band");
      if (int64_t(stage.name.size()) * kLetter <= right - left)
        text((left + right) / 2, kBottom + kLine, "middle", "axis", stage.name);
      svg += "</g>\n";
    }
  }

  void drawAxes() {
    // Ten lines at most, at round numbers.
    int64_t tick = 1;
    for (int64_t factor = 0; arenaBytes / tick >= 10; ++factor)
      tick = factor % 3 == 1 ? tick / 2 * 5 : tick * 2;
    for (int64_t bytes = 0; bytes <= arenaBytes; bytes += tick) {
      svg += "<line x1=\"" + units(kLeft) + "\" x2=\"" + units(kRight) + "\" y1=\"" + units(y(bytes)) + "\" y2=\"" + units(y(bytes)) +
             "\" class=\"grid\" />";
      text(kLeft - 60, y(bytes) + 40, "end", "axis", groupedDigits(bytes));
    }
    int64_t every = std::max<int64_t>(1, (last - first + 15) / 15);
    for (int64_t step = (first + every - 1) / every * every; step <= last; step += every)
      text((x(step) + x(step + 1)) / 2, kBottom + kStages + kLine, "middle", "axis", std::to_string(step));
    text(kLeft - 60, kBottom + kStages + kLine, "end", "axis", "call");
    svg += "\n";
  }

  void drawBuffer(mcurt::BufferOp buffer) {
    auto steps = *buffer.getSteps();
    int64_t offset = *buffer.getOffset(), bytes = buffer.getSizeBytes();
    if (steps[1] < first || steps[0] > last)
      return;
    int64_t left = x(std::max<int64_t>(steps[0], first)), right = x(std::min<int64_t>(steps[1], last) + 1), top = y(offset + bytes),
            bottom = y(offset);
    std::string name = buffer.getName().str();
    svg += "<g class=\"b\"><title>" + escapeXml(name) + ": " + elementsOf(buffer) + ", " + groupedDigits(bytes) + " bytes at " +
           groupedDigits(offset) + ", calls " + std::to_string(steps[0]) + " to " + std::to_string(steps[1]) + "</title>";
    rect(left, top, right, bottom, cssClassOf(kindOf(buffer)));
    // Its whole name, or what follows the stage's, or nothing.
    std::string shortName = name;
    if (auto stage = buffer->getParentOfType<mcurt::StageOp>())
      if (StringRef rest = name; rest.consume_front((stage.getName() + "_").str()))
        shortName = rest.str();
    for (const std::string &label : {name, shortName}) {
      int64_t length = int64_t(label.size()) * kLetter + 40;
      bool fits = length <= right - left && bottom - top >= kLine, fitsVertically = length <= bottom - top && right - left >= kLine;
      if (fits)
        text((left + right) / 2, (top + bottom) / 2 + 40, "middle", "", label);
      else if (fitsVertically)
        text((left + right) / 2 + 40, (top + bottom) / 2, "middle", "", label, /*isVertical=*/true);
      if (fits || fitsVertically)
        break;
    }
    svg += "</g>\n";
  }

  /// A line at the bytes that are alive, and the peak's call marked.
  void drawLiveBytes() {
    svg += "<path class=\"live\" d=\"";
    for (int64_t step = first; step <= last; ++step) {
      std::string height = units(y(package.liveBytesAt(step, region)));
      svg += (step == first ? "M" + units(x(step)) + " " + height : "V" + height) + "H" + units(x(step + 1));
    }
    svg += "\" />\n";
    int64_t peak = peakStepOf(package, region);
    if (first <= peak && peak <= last)
      rect(x(peak), kTop, x(peak + 1), kBottom + kStages, "peak");
  }

  void drawArenaLine() {
    auto line = [&](int64_t bytes) {
      svg += "<line x1=\"" + units(kLeft) + "\" x2=\"" + units(kRight) + "\" y1=\"" + units(y(bytes)) + "\" y2=\"" + units(y(bytes)) +
             "\" class=\"arena\" />";
    };
    line(arenaBytes);
    if (lowerBoundBytes != arenaBytes)
      line(lowerBoundBytes);
    text(kRight, kTop - 70, "end", "mark",
         arena + " " + groupedDigits(arenaBytes) +
             (lowerBoundBytes == arenaBytes ? " bytes: the lower bound" : " bytes, lower bound " + groupedDigits(lowerBoundBytes)));
    svg += "\n";
  }

  const Package &package;
  const int64_t first, last;
  const RegionArena *region; ///< the one that is drawn; null where there is one arena
  const int64_t arenaBytes, lowerBoundBytes;
  const std::string arena;
  std::string svg;
};

} // namespace

std::string drawArena(const Package &package, StringRef id, int64_t firstStep, int64_t lastStep, const RegionArena *region) {
  return Picture(package, firstStep, lastStep, region).draw(id);
}

} // namespace mcuform::emission
