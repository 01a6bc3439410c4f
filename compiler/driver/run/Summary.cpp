#include "compiler/driver/run/Summary.h"
#include "compiler/driver/run/Pictures.h"
#include "compiler/driver/run/Text.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Demangle/Demangle.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

namespace mcuform {

namespace {

uint64_t sumOf(llvm::ArrayRef<uint64_t> values) { return std::accumulate(values.begin(), values.end(), uint64_t{0}); }

/// To the nearest; exact where all images take the same number.
uint64_t meanOf(llvm::ArrayRef<uint64_t> values) { return (sumOf(values) + values.size() / 2) / values.size(); }

template <class T> nlohmann::ordered_json orNull(const std::optional<T> &value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

void line(llvm::raw_ostream &os, const llvm::Twine &words, const std::string &text) {
  const std::string key = words.str();
  os << "  " << llvm::left_justify(key, 14) << text << "\n";
}

void printAccuracy(const Accuracy &accuracy, llvm::raw_ostream &os) {
  if (accuracy.top1)
    line(os, "top-1",
         percent(*accuracy.top1) + " right" + (accuracy.top1Reference ? ", the float model " + percent(*accuracy.top1Reference) : ""));
  if (accuracy.agreement) {
    std::string error;
    llvm::raw_string_ostream(error) << llvm::format("%.4g", *accuracy.maxAbsError);
    line(os, "agreement", percent(*accuracy.agreement) + " the same class as the float model; logits differ by at most " + error);
  }
}

/// "linear_s16" for a symbol of C++.
std::string plainName(const std::string &symbol) {
  std::string name = llvm::demangle(symbol);
  const std::string unnamed = "(anonymous namespace)::";
  for (size_t at; (at = name.find(unnamed)) != std::string::npos;)
    name.erase(at, unnamed.size());
  name = name.substr(0, name.find('('));
  const size_t scope = name.rfind("::");
  return scope == std::string::npos ? name : name.substr(scope + 2);
}

void printMeasurements(const Summary &summary, llvm::raw_ostream &os) {
  const RunResult &result = summary.result;
  if (!result.instructions.empty()) {
    const uint64_t mean = meanOf(result.instructions);
    auto [least, most] = std::minmax_element(result.instructions.begin(), result.instructions.end());
    std::string text = grouped(mean) + " per image";
    if (*least != *most)
      text += " (" + grouped(*least) + " to " + grouped(*most) + ")";
    if (summary.report.macs != 0)
      llvm::raw_string_ostream(text) << llvm::format(", %.2f per multiplication",
                                                     static_cast<double>(mean) / static_cast<double>(summary.report.macs));
    if (summary.profile)
      text += ", with the profile's hooks";
    line(os, "instructions", text);
  }
  if (result.arenaHighWaterBytes)
    line(os, "arena", grouped(*result.arenaHighWaterBytes) + " bytes used of " + grouped(summary.report.arenaBytes) + ", by paint");
  for (auto [region, used] : llvm::zip(summary.report.regions, result.arenaHighWater))
    line(os, "  in " + region.name, grouped(used) + " bytes used of " + grouped(region.arenaBytes));
  if (result.stackHighWaterBytes)
    line(os, "stack", grouped(*result.stackHighWaterBytes) + " bytes used of " + grouped(summary.target.stackReserveBytes) + ", by paint");
  if (summary.fit) {
    std::string path;
    for (const StackUse &use : summary.fit->stack.deepest)
      path += (path.empty() ? "" : ", ") + plainName(use.function);
    line(os, "stack bound", grouped(summary.fit->stack.bytes) + " bytes at most: " + path);
    line(os, "code", grouped(summary.fit->size.code) + " bytes, tables " + grouped(summary.fit->size.tables) + "; the runtime's share " + grouped(summary.fit->size.runtime));
  }
  for (const RegionUse &use : summary.memory)
    line(os, use.region.name,
         grouped(use.usedBytes) + " bytes used of " + grouped(use.region.sizeBytes) + " (" +
             percent(static_cast<double>(use.usedBytes) / static_cast<double>(use.region.sizeBytes)) + "), with the harness");
}

std::string className(llvm::ArrayRef<std::string> names, size_t number) {
  return names.empty() ? "class " + std::to_string(number) : names[number];
}

} // namespace

void printSummary(const Summary &summary, llvm::raw_ostream &os) {
  os << summary.report.modelName << " on " << summary.target.name << ": " << summary.imageCount
     << (summary.imageCount == 1 ? " image" : " images") << llvm::format(" in %.1f s\n", summary.seconds);
  printAccuracy(summary.accuracy, os);
  printMeasurements(summary, os);
  if (summary.profile)
    printProfile(*summary.profile, os);
  if (summary.layers)
    printLayers(*summary.layers, summary.report, summary.target.name, os);
}

std::string summaryJson(const Summary &summary) {
  const RunResult &result = summary.result;
  nlohmann::ordered_json root;
  root["model"] = summary.report.modelName;
  root["target"] = summary.target.name;
  root["images"] = summary.imageCount;
  root["top1"] = orNull(summary.accuracy.top1);
  root["top1_reference"] = orNull(summary.accuracy.top1Reference);
  root["agreement"] = orNull(summary.accuracy.agreement);
  root["max_abs_error"] = orNull(summary.accuracy.maxAbsError);
  std::optional<uint64_t> mean, least, most;
  if (!result.instructions.empty()) {
    mean = meanOf(result.instructions);
    least = *std::min_element(result.instructions.begin(), result.instructions.end());
    most = *std::max_element(result.instructions.begin(), result.instructions.end());
  }
  root["instructions_per_image"] = orNull(mean);
  root["instructions_least"] = orNull(least);
  root["instructions_most"] = orNull(most);
  root["arena_bytes"] = summary.report.arenaBytes;
  root["arena_high_water_bytes"] = orNull(result.arenaHighWaterBytes);
  root["arenas"] = nlohmann::ordered_json::array();
  for (auto [region, used] : llvm::zip(summary.report.regions, result.arenaHighWater))
    root["arenas"].push_back({{"region", region.name}, {"arena_bytes", region.arenaBytes}, {"high_water_bytes", used}});
  root["stack_high_water_bytes"] = orNull(result.stackHighWaterBytes);
  const std::optional<LinkedFit> &fit = summary.fit;
  root["stack_bound_bytes"] = orNull(fit ? std::optional(fit->stack.bytes) : std::nullopt);
  root["code_bytes"] = orNull(fit ? std::optional(fit->size.code) : std::nullopt);
  root["tables_bytes"] = orNull(fit ? std::optional(fit->size.tables) : std::nullopt);
  root["runtime_bytes"] = orNull(fit ? std::optional(fit->size.runtime) : std::nullopt);
  root["memory"] = nlohmann::ordered_json::array();
  for (const RegionUse &use : summary.memory)
    root["memory"].push_back({{"region", use.region.name}, {"used_bytes", use.usedBytes}, {"size_bytes", use.region.sizeBytes}});
  root["profile"] = summary.profile ? profileJson(*summary.profile) : nlohmann::ordered_json(nullptr);
  root["layers"] = summary.layers ? layersJson(*summary.layers, summary.report) : nlohmann::ordered_json(nullptr);
  // Names of layers come from a model file: what is not UTF-8 is replaced.
  return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void printSamples(llvm::ArrayRef<Sample> samples, const PackageReport &report, llvm::ArrayRef<std::string> classNames, bool withPictures,
                  llvm::raw_ostream &os) {
  constexpr int64_t pictureColumns = 32;
  for (size_t number = 0; number < samples.size(); ++number) {
    const Sample &sample = samples[number];
    const std::vector<double> probabilities = softmax(sample.logits);
    const size_t best = bestClass(sample.logits);
    std::vector<std::string> words;
    words.push_back("image " + std::to_string(number) + ": " + className(classNames, best) + ", " + percent(probabilities[best]) + " sure");
    if (sample.label)
      words.push_back(static_cast<int64_t>(best) == *sample.label
                          ? "right"
                          : "wrong: it is " + className(classNames, static_cast<size_t>(*sample.label)));
    if (!sample.reference.empty() && bestClass(sample.reference) != best)
      words.push_back("the float model says " + className(classNames, bestClass(sample.reference)));

    if (!withPictures || sample.image.empty()) { // a sequence is no picture
      for (size_t at = 0; at < words.size(); ++at)
        os << (at == 0 ? "" : at == 1 ? "  (" : "; ") << words[at];
      os << (words.size() > 1 ? ")\n" : "\n");
      continue;
    }
    const std::vector<std::string> picture = drawPicture(sample.image, report.inputShape, pictureColumns);
    // The words stand beside the middle of the picture, or go on below one that is too low for them.
    const size_t first = picture.size() > words.size() ? (picture.size() - words.size()) / 2 : 0;
    for (size_t row = 0; row < std::max(picture.size(), words.size()); ++row) {
      os << "  " << (row < picture.size() ? picture[row] : std::string());
      if (row >= first && row - first < words.size())
        os << "  " << words[row - first];
      os << "\n";
    }
    os << "\n";
  }
}

} // namespace mcuform
