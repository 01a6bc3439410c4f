#include "compiler/driver/run/LayerValues.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/driver/run/Text.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

using nlohmann::json;

namespace mcuform {

namespace {

/// What the harness writes before the elements of some rows.
struct Head {
  int32_t layer, firstRow, rows, firstColumn, columns, elementBytes;
};

bool isInside(const Head &head, const LayerMeaning &meaning) {
  return head.firstRow >= 0 && head.rows >= 0 && head.firstColumn >= 0 && head.columns >= 0 &&
         int64_t{head.firstRow} + head.rows <= meaning.rows && int64_t{head.firstColumn} + head.columns <= meaning.columns &&
         (head.elementBytes == 1 || head.elementBytes == 2);
}

void take(const Head &head, const char *elements, const LayerMeaning &meaning, LayerIntegers &integers) {
  for (int64_t row = 0; row < head.rows; ++row)
    for (int64_t column = 0; column < head.columns; ++column, elements += head.elementBytes) {
      int16_t value = static_cast<signed char>(*elements);
      if (head.elementBytes == 2)
        std::memcpy(&value, elements, sizeof value);
      const size_t at = static_cast<size_t>((head.firstRow + row) * meaning.columns + head.firstColumn + column);
      integers.values[at] = value;
      integers.isKnown[at] = 1;
    }
}

std::string decibels(std::optional<double> value) {
  std::string text = "-";
  if (value) {
    text.clear();
    llvm::raw_string_ostream(text) << llvm::format("%.1f", *value);
  }
  return text;
}

/// JSON has no infinity; four digits are more than anyone compares.
nlohmann::ordered_json rounded(std::optional<double> value, double parts) {
  return value ? nlohmann::ordered_json(std::round(*value * parts) / parts) : nlohmann::ordered_json(nullptr);
}

} // namespace

llvm::Expected<std::vector<LayerMeaning>> readLayerMeanings(const PackageReport &report) {
  const std::string path = joinPath(report.directory, "values.json");
  llvm::Expected<std::string> text = readFile(path);
  if (!text) {
    llvm::consumeError(text.takeError());
    return fault("package '" + llvm::Twine(report.name) + "' has no values.json, which --per-layer needs; compile it anew");
  }
  std::vector<LayerMeaning> meanings;
  try {
    for (const json &entry : json::parse(*text))
      meanings.push_back({entry.at("layer").get<size_t>(), entry.at("number").get<int64_t>(), entry.at("rows").get<int64_t>(),
                          entry.at("columns").get<int64_t>(), entry.at("scales").get<std::vector<float>>()});
  } catch (const json::exception &exception) {
    return fileError(path, llvm::Twine("not a package's values.json: ") + exception.what());
  }
  constexpr int64_t largestExtent = 1 << 20;
  for (const LayerMeaning &meaning : meanings)
    if (meaning.layer >= report.layers.size() || meaning.rows < 1 || meaning.rows > largestExtent || meaning.columns < 1 ||
        meaning.columns > largestExtent || (meaning.scales.size() != 1 && static_cast<int64_t>(meaning.scales.size()) != meaning.columns))
      return fileError(path, "not a package's values.json: layer " + std::to_string(meaning.layer) + " cannot have " +
                                 std::to_string(meaning.rows) + " x " + std::to_string(meaning.columns) + " values with " +
                                 std::to_string(meaning.scales.size()) + " scales");
  if (meanings.empty())
    return fault("package '" + llvm::Twine(report.name) + "' has no layer that stands for a value of the float network");
  return meanings;
}

llvm::Expected<std::vector<ImageLayers>> decodeLayerValues(llvm::ArrayRef<char> file, llvm::ArrayRef<LayerMeaning> meanings,
                                                           size_t imageCount) {
  std::vector<std::pair<Head, const char *>> records;
  while (!file.empty()) {
    Head head;
    if (file.size() < sizeof head)
      return bug("the harness's values of layers are cut off");
    std::memcpy(&head, file.data(), sizeof head);
    file = file.drop_front(sizeof head);
    auto meaning = llvm::find_if(meanings, [&](const LayerMeaning &one) { return static_cast<int64_t>(one.layer) == head.layer; });
    if (meaning == meanings.end() || !isInside(head, *meaning))
      return bug("the harness wrote rows " + llvm::Twine(head.firstRow) + " to " + llvm::Twine(int64_t{head.firstRow} + head.rows - 1) +
                 ", columns " + llvm::Twine(head.firstColumn) + " to " + llvm::Twine(int64_t{head.firstColumn} + head.columns - 1) +
                 " of layer " + llvm::Twine(head.layer) + ", which it does not have");
    const size_t bytes = static_cast<size_t>(head.rows) * static_cast<size_t>(head.columns) * static_cast<size_t>(head.elementBytes);
    if (file.size() < bytes)
      return bug("the harness's values of layers are cut off");
    records.emplace_back(head, file.data());
    file = file.drop_front(bytes);
  }
  // Each image takes the same calls.
  if (imageCount == 0 || records.size() % imageCount != 0)
    return bug("the harness handed out rows " + llvm::Twine(records.size()) + " times for " + llvm::Twine(imageCount) + " images");
  std::vector<ImageLayers> images(imageCount);
  const size_t recordsPerImage = records.size() / imageCount;
  for (size_t image = 0; image < imageCount; ++image) {
    for (const LayerMeaning &meaning : meanings)
      images[image].push_back({std::vector<int16_t>(meaning.size()), std::vector<char>(meaning.size())});
    for (const auto &[head, elements] : llvm::ArrayRef(records).slice(image * recordsPerImage, recordsPerImage))
      for (auto [meaning, integers] : llvm::zip_equal(meanings, images[image]))
        if (static_cast<int64_t>(meaning.layer) == head.layer)
          take(head, elements, meaning, integers);
  }
  return images;
}

void LayerError::add(const LayerMeaning &meaning, const LayerIntegers &integers, llvm::ArrayRef<float> reference) {
  for (size_t at = 0; at < meaning.size(); ++at) {
    if (!integers.isKnown[at])
      continue;
    const double wanted = reference[at], value = static_cast<double>(meaning.scaleOf(at)) * integers.values[at];
    signal += wanted * wanted;
    noise += (wanted - value) * (wanted - value);
    product += wanted * value;
    own += value * value;
    ++count;
  }
}

std::optional<double> LayerError::sqnrDb() const {
  return signal > 0 && noise > 0 ? std::optional<double>(10 * std::log10(signal / noise)) : std::nullopt;
}

std::optional<double> LayerError::cosine() const {
  return signal > 0 && own > 0 ? std::optional<double>(product / std::sqrt(signal * own)) : std::nullopt;
}

std::optional<LayerDifference> firstDifference(llvm::ArrayRef<ImageLayers> here, llvm::ArrayRef<ImageLayers> there,
                                               llvm::ArrayRef<LayerMeaning> meanings) {
  for (auto [number, meaning] : llvm::enumerate(meanings))
    for (size_t image = 0; image < here.size(); ++image) {
      const LayerIntegers &a = here[image][number], &b = there[image][number];
      for (size_t at = 0; at < meaning.size(); ++at)
        if (a.values[at] != b.values[at] || a.isKnown[at] != b.isKnown[at])
          return LayerDifference{
              meaning.layer, image,       static_cast<int64_t>(at) / meaning.columns, static_cast<int64_t>(at) % meaning.columns,
              a.values[at],  b.values[at]};
    }
  return std::nullopt;
}

void printLayers(const LayerComparison &comparison, const PackageReport &report, llvm::StringRef target, llvm::raw_ostream &os) {
  constexpr size_t nameWidth = 60;
  os << "  layers against the float network, " << comparison.imageCount << (comparison.imageCount == 1 ? " image\n" : " images\n");
  os << "  " << llvm::left_justify("layer", nameWidth) << llvm::left_justify("kind", 18) << llvm::right_justify("rows", 5)
     << llvm::right_justify("SQNR dB", 9) << llvm::right_justify("cosine", 10) << "\n";
  for (auto [meaning, error] : llvm::zip_equal(comparison.meanings, comparison.errors)) {
    const PackageLayer &layer = report.layers[meaning.layer];
    const llvm::StringRef name = layer.name;
    const uint64_t rows = error.count / static_cast<uint64_t>(meaning.columns) / comparison.imageCount;
    os << "  " << llvm::left_justify(name.size() < nameWidth ? name.str() : "..." + name.take_back(nameWidth - 4).str(), nameWidth)
       << llvm::left_justify(layer.kind, 18) << llvm::right_justify(std::to_string(rows), 5)
       << llvm::right_justify(decibels(error.sqnrDb()), 9);
    if (error.cosine())
      os << llvm::format("%10.5f", *error.cosine());
    os << "\n";
  }
  if (comparison.otherTarget.empty())
    return;
  if (!comparison.difference) {
    os << "  " << target << " and " << comparison.otherTarget << " compute the same in all of these layers\n";
    return;
  }
  const LayerDifference &at = *comparison.difference;
  os << "  " << target << " and " << comparison.otherTarget << " differ first in layer " << report.layers[at.layer].name << ", image "
     << at.image << ", row " << at.row << ", column " << at.column << ": " << at.here << " and " << at.there << "\n";
}

nlohmann::ordered_json layersJson(const LayerComparison &comparison, const PackageReport &report) {
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  for (auto [meaning, error] : llvm::zip_equal(comparison.meanings, comparison.errors))
    layers.push_back({{"name", report.layers[meaning.layer].name},
                      {"kind", report.layers[meaning.layer].kind},
                      {"rows", error.count / static_cast<uint64_t>(meaning.columns) / comparison.imageCount},
                      {"columns", meaning.columns},
                      {"sqnr_db", rounded(error.sqnrDb(), 1e3)},
                      {"cosine", rounded(error.cosine(), 1e6)}});
  nlohmann::ordered_json root = {{"images", comparison.imageCount}, {"layers", layers}};
  if (!comparison.otherTarget.empty())
    root["compared_with"] = comparison.otherTarget;
  root["first_difference"] = nullptr;
  if (const std::optional<LayerDifference> &at = comparison.difference)
    root["first_difference"] = {{"layer", report.layers[at->layer].name},
                                {"image", at->image},
                                {"row", at->row},
                                {"column", at->column},
                                {"here", at->here},
                                {"there", at->there}};
  return root;
}

} // namespace mcuform
