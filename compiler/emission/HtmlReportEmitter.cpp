// report.html: the arena over time, the peak, flash and work by layer, as one page for a browser without a network.
#include "compiler/emission/ArenaPicture.h"
#include "compiler/emission/HtmlReportTemplate.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallSet.h"

using namespace mlir;

namespace mcuform::emission {
namespace {

/// Calls from which on a second picture enlarges a part of the first.
constexpr int64_t kZoomCalls = 40;

/// "12.3" for 12.3 %.
std::string perMille(int64_t part, int64_t whole) {
  int64_t value = whole ? (part * 1000 + whole / 2) / whole : 0;
  return std::to_string(value / 10) + "." + std::to_string(value % 10);
}
std::string percent(int64_t part, int64_t whole) { return perMille(part, whole) + "\u00A0%"; }

std::string cell(StringRef text) { return "<td>" + escapeXml(text) + "</td>"; }
std::string numberCell(StringRef text) { return "<td class=\"n\">" + escapeXml(text) + "</td>"; }
std::string numberCell(int64_t value) { return numberCell(groupedDigits(value)); }
std::string barCell(int64_t part, int64_t largest, StringRef cssClass) {
  return ("<td class=\"bars\"><span class=\"" + cssClass + "\" style=\"width: " + perMille(part, largest) + "%\"></span></td>").str();
}

std::string tile(StringRef number, StringRef words) { return "<div class=\"tile\"><b>" + escapeXml(number) + "</b><span>" + escapeXml(words) + "</span></div>\n"; }

std::string rowOf(const Package &package, mcurt::BufferOp buffer) {
  BufferKind kind = kindOf(buffer);
  auto steps = *buffer.getSteps();
  return "<tr><td class=\"name\">" + escapeXml(buffer.getName()) + "</td>" + cell(describe(kind)) + cell(elementsOf(buffer)) +
         numberCell(buffer.getSizeBytes()) +
         numberCell(groupedDigits(int64_t(*buffer.getOffset())) +
                    (package.regionOf(buffer) ? " in " + package.regionOf(buffer)->name : "")) +
         numberCell(std::to_string(steps[0]) + " to " + std::to_string(steps[1])) +
         barCell(buffer.getSizeBytes(), package.arenaBytes, ("bar " + cssClassOf(kind)).str()) + "</tr>\n";
}

std::string bufferRows(const Package &package, std::vector<mcurt::BufferOp> buffers) {
  llvm::stable_sort(buffers, [](mcurt::BufferOp a, mcurt::BufferOp b) { return a.getSizeBytes() > b.getSizeBytes(); });
  std::string rows;
  for (mcurt::BufferOp buffer : buffers)
    rows += rowOf(package, buffer);
  return rows;
}

/// Kernel and stage of a call.
std::string nameOfCall(const Package &package, int64_t step) {
  std::string name;
  int64_t at = 0;
  func::FuncOp(package.function).walk<WalkOrder::PreOrder>([&](mcurt::CallOp call) {
    if (at++ == step)
      name = call.getKernel().str() + " of " + call->getParentOfType<mcurt::StageOp>().getName().str();
  });
  return name;
}

void fillPeak(const Package &package, std::string &text, std::string &rows) {
  const int64_t peak = peakStepOf(package), bytes = package.liveBytesAt(peak);
  std::vector<mcurt::BufferOp> alive;
  for (mcurt::BufferOp buffer : package.buffers)
    if ((*buffer.getSteps())[0] <= peak && peak <= (*buffer.getSteps())[1])
      alive.push_back(buffer);
  int64_t calls = 0;
  for (int64_t step = 0; step < package.stepCount; ++step)
    calls += package.liveBytesAt(step) == bytes;
  text =
      "Most bytes are alive during call " + std::to_string(peak) + ", " + escapeXml(nameOfCall(package, peak)) +
      (calls > 1 ? ", and as many during " + std::to_string(calls - 1) + (calls > 2 ? " other calls" : " other call") : "") + ": " +
      groupedDigits(bytes) + " bytes in " + std::to_string(alive.size()) + (alive.size() == 1 ? " buffer" : " buffers") + ". " +
      (package.regions.empty() ? "No arena can be smaller than " + groupedDigits(package.lowerBoundBytes) +
                                     " bytes with this schedule; this one has " + groupedDigits(package.arenaBytes) + "."
                               : "The arenas have " + groupedDigits(package.arenaBytes) + " bytes together; each has a peak of its own.") +
      (mcurt::BufferOp(package.input).getOver() ? " The image lies over the tokens that overwrite it: what the two share counts once."
                                                : "");
  rows = bufferRows(package, std::move(alive)) + "<tr class=\"sum\"><td>together</td><td></td><td></td>" + numberCell(bytes) +
         "<td></td><td></td><td></td></tr>\n";
}

/// Sections of the pack, equal tensors counted once as they are stored once.
void fillFlash(const Package &package, std::string &bar, std::string &rows) {
  struct Section {
    std::string name, color;
    int64_t bytes = 0;
  };
  Section sections[] = {{"matrices, int8", "var(--tokens)"},
                        {"biases and multipliers, int32", "var(--kv)"},
                        {"position embeddings, tokens and factors, int16", "var(--image)"},
                        {"other constants", "var(--faint)"},
                        {"names, shapes and padding of the pack", "var(--scratch)"}};
  llvm::SmallSet<int64_t, 32> seen;
  int64_t known = 0;
  for (auto constant : func::FuncOp(package.function).getOps<mcurt::ConstantOp>()) {
    if (!seen.insert(package.weightOffsets.lookup(constant)).second)
      continue;
    MemRefType type = constant.getType();
    int64_t bytes = mcurt::sizeBytesOf(type);
    if (constant.getLayout() == mcurt::Layout::Paired && type.getDimSize(0) % 2)
      bytes += bytes / type.getDimSize(0);
    Type element = type.getElementType();
    sections[element.isInteger(8) ? 0 : element.isInteger(32) ? 1 : element.isInteger(16) ? 2 : 3].bytes += bytes;
    known += bytes;
  }
  const int64_t packBytes = int64_t(package.pack.bytes.size());
  sections[4].bytes = packBytes - known;
  for (const Section &section : sections) {
    if (section.bytes <= 0)
      continue;
    std::string share = percent(section.bytes, packBytes);
    bar += "<span style=\"width: " + perMille(section.bytes, packBytes) + "%; background: " + section.color + "\" title=\"" + section.name + ", " + share + "\"></span>";
    rows += "<tr><td><span class=\"legend\"><span style=\"margin: 0\"><i style=\"background: " + section.color + "\"></i></span></span>" + section.name + "</td>" +
            numberCell(section.bytes) + numberCell(share) + "</tr>\n";
  }
  rows += "<tr class=\"sum\"><td>the pack, " + escapeXml(package.name) + ".weights</td>" + numberCell(packBytes) + "<td></td></tr>\n";
}

void fillLayers(const Package &package, std::string &rows, std::string &kindRows) {
  struct Sum {
    int64_t layers = 0, macs = 0, bytes = 0;
  };
  llvm::MapVector<StringRef, Sum> kinds;
  int64_t mostMacs = 0, mostBytes = 0, allBytes = 0;
  for (const Layer &layer : package.layers) {
    Sum &sum = kinds[layer.kind];
    ++sum.layers;
    sum.macs += layer.macs;
    sum.bytes += layer.weightsBytes;
    allBytes += layer.weightsBytes;
    mostMacs = std::max(mostMacs, layer.macs);
    mostBytes = std::max(mostBytes, layer.weightsBytes);
  }
  for (const Layer &layer : package.layers)
    rows += "<tr><td class=\"name\">" + escapeXml(layer.name) + "</td>" + cell(layer.kind) + numberCell(layer.macs) + barCell(layer.macs, mostMacs, "bar m") +
            numberCell(layer.weightsBytes) + barCell(layer.weightsBytes, mostBytes, "bar w") +
            numberCell(layer.traffic.bytes) + cell(layer.traffic.how) + "</tr>\n";
  for (const auto &[kind, sum] : kinds)
    kindRows += "<tr>" + cell(kind) + numberCell(sum.layers) + numberCell(sum.macs) + numberCell(percent(sum.macs, package.totalMacs())) + numberCell(sum.bytes) +
                numberCell(percent(sum.bytes, allBytes)) + "</tr>\n";
  kindRows += "<tr class=\"sum\"><td>together</td>" + numberCell(int64_t(package.layers.size())) + numberCell(package.totalMacs()) + "<td></td>" +
              numberCell(allBytes) + "<td></td></tr>\n";
}

std::string trafficText(const Package &package) {
  const mcurt::FlashTraffic &traffic = package.traffic;
  std::string text = "One inference reads " + groupedDigits(traffic.totalBytes()) + " bytes of it" +
                     (package.flashRegion.empty() ? "" : " from " + escapeXml(package.flashRegion)) + ", " + percent(traffic.totalBytes(), int64_t(package.pack.bytes.size())) + " of its size: ";
  if (traffic.panelBytes)
    text += groupedDigits(traffic.panelBytes) + " copied panel by panel into the arena, the rest ";
  return text + "in place, each byte once for each block of tokens as long as two channels of weights stay in the data cache.";
}

std::string valueOf(Attribute attribute) {
  if (auto boolean = dyn_cast<BoolAttr>(attribute))
    return boolean.getValue() ? "yes" : "no";
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return groupedDigits(integer.getInt());
  if (auto real = dyn_cast<FloatAttr>(attribute))
    return formatFloat(static_cast<float>(real.getValueAsDouble()));
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  if (auto list = dyn_cast<ArrayAttr>(attribute)) {
    // Of equal neighbours one, and how many.
    std::string text;
    for (size_t i = 0, count; i < list.size(); i += count) {
      for (count = 1; i + count < list.size() && list[i + count] == list[i];)
        ++count;
      text += (i ? ", " : "") + valueOf(list[i]) + (count > 1 ? " (" + std::to_string(count) + ")" : "");
    }
    return text;
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  attribute.print(stream);
  return text;
}

/// What each of several memories holds.
std::string regionTable(const Package &package) {
  if (package.regions.empty())
    return "";
  std::string rows;
  for (const RegionArena &region : package.regions)
    rows += "<tr>" + cell(region.name) + numberCell(region.bytes) + numberCell(region.lowerBoundBytes) +
            numberCell(region.bytes - region.lowerBoundBytes) + numberCell(region.capacityBytes) +
            barCell(region.bytes, region.capacityBytes, "bar k-tokens") + "</tr>\n";
  return "<table>\n<tr><th>memory</th><th class=\"n\">arena</th><th class=\"n\">lower bound</th><th class=\"n\">gap</th><th "
         "class=\"n\">room for "
         "buffers</th><th>used</th></tr>\n" +
         rows + "</table>\n";
}

using Facts = std::vector<std::pair<std::string, std::string>>;

Facts factsOf(DictionaryAttr dictionary) {
  Facts facts;
  if (dictionary)
    for (NamedAttribute entry : dictionary) {
      std::string name = entry.getName().str();
      std::replace(name.begin(), name.end(), '_', ' ');
      facts.push_back({name, valueOf(entry.getValue())});
    }
  return facts;
}

std::string factTable(StringRef title, const Facts &facts) {
  if (facts.empty())
    return "";
  std::string text = ("<div><h3>" + title + "</h3><table>\n").str();
  for (const auto &[key, value] : facts)
    text += "<tr>" + cell(key) + "<td class=\"name\">" + escapeXml(value) + "</td></tr>\n";
  return text + "</table></div>\n";
}

std::string allFacts(const Package &package) {
  auto list = [](ArrayRef<float> values) {
    std::string text;
    for (float value : values)
      text += (text.empty() ? "" : ", ") + formatFloat(value);
    return text.empty() ? std::string("none") : text;
  };
  Facts model = {{"name", package.modelName},
                             {"SHA-256 of the ONNX file", package.modelSha256},
                             {"parameters", groupedDigits(package.parameters)},
                             {"multiplications", groupedDigits(package.totalMacs())},
                             {"input", (package.inputScale ? "int16, " : "uint8, ") + describeInput(package) + (package.inputScale ? "" : ", channels interleaved")}};
  if (package.inputScale)
    model.push_back({"input scale", formatFloat(*package.inputScale)});
  else
    model.insert(model.end(), {{"mean", list(package.mean)}, {"standard deviation", list(package.std)}});
  model.insert(model.end(), {{"output", "int16, " + groupedDigits(package.outputCount) + " values"}, {"output scale", formatFloat(package.outputScale)}});
  return factTable("Model", model) +
         factTable("Target and schedule", [&] {
           Facts facts = factsOf(package.schedule);
           facts.insert(facts.begin(), {"target", package.targetName});
           facts.push_back({"kernel calls in the program", groupedDigits(package.stepCount)});
           return facts;
         }()) +
         factTable("Quantization", factsOf(package.quantization));
}

} // namespace

std::string emitHtmlReport(const Package &package) {
  const int64_t lastStep = std::max<int64_t>(package.stepCount - 1, 0), peak = peakStepOf(package);
  // One picture for each arena.
  std::vector<const RegionArena *> arenas = {nullptr};
  if (!package.regions.empty()) {
    arenas.clear();
    for (const RegionArena &region : package.regions)
      arenas.push_back(&region);
  }
  auto drawAll = [&](const std::string &id, int64_t first, int64_t last) {
    std::string pictures;
    for (const RegionArena *region : arenas)
      pictures += drawArena(package, region ? id + "-" + region->name : id, first, last, region);
    return pictures;
  };
  std::string zoom;
  if (package.stepCount > kZoomCalls) {
    // Around the peak, so that the buffers of single stages can be told apart.
    int64_t first = std::clamp<int64_t>(peak - kZoomCalls / 4, 0, lastStep - kZoomCalls / 2), last = first + kZoomCalls / 2;
    zoom = "<figure>" + drawAll("zoom", first, last) + "<figcaption>Calls " + std::to_string(first) + " to " + std::to_string(last) +
           " enlarged: around the peak.</figcaption></figure>";
  }
  std::string peakText, peakRows, flashBar, flashRows, layerRows, kindRows;
  fillPeak(package, peakText, peakRows);
  fillFlash(package, flashBar, flashRows);
  fillLayers(package, layerRows, kindRows);
  const int64_t gap = package.arenaBytes - package.lowerBoundBytes;
  return fillTemplate(kHtmlReport,
                      {{"name", package.name},
                       {"about", escapeXml("A vision transformer as int8 C++ for " + package.targetName + ": " + describeInput(package) +
                                           " to " + groupedDigits(package.outputCount) + " values.")},
                       {"tiles", tile(groupedDigits(package.arenaBytes), "bytes of arena") +
                                     tile(gap ? groupedDigits(gap) : "0", "bytes above the lower bound") +
                                     tile(groupedDigits(int64_t(package.pack.bytes.size())), "bytes of weights in flash") +
                                     tile(groupedDigits(package.totalMacs()), "multiplications an inference") +
                                     tile(groupedDigits(package.parameters), "parameters")},
                       {"map", drawAll("map", 0, lastStep)},
                       {"regions", regionTable(package)},
                       {"mapCaption", std::to_string(package.stepCount) + " kernel calls, " + std::to_string(package.buffers.size()) +
                                          " buffers. The marked call is where the arena is fullest."},
                       {"zoom", zoom},
                       {"peakText", peakText},
                       {"peakRows", peakRows},
                       {"bufferCount", std::to_string(package.buffers.size())},
                       {"bufferRows", bufferRows(package, package.buffers)},
                       {"flashBar", flashBar},
                       {"flashRows", flashRows},
                       {"trafficText", trafficText(package)},
                       {"kindRows", kindRows},
                       {"layerRows", layerRows},
                       {"facts", allFacts(package)}});
}

} // namespace mcuform::emission
