#include "compiler/driver/run/PackageReport.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

#include <nlohmann/json.hpp>

#include <cmath>

using nlohmann::json;

namespace mcuform {

namespace {

bool isIdentifier(llvm::StringRef name) {
  return !name.empty() && !llvm::isDigit(name[0]) && llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

/// Empty if all is well. What is read here is used as sizes and put into command lines, so nothing is taken on trust.
std::string findFault(const PackageReport &report) {
  constexpr int64_t largestExtent = 1 << 16, largestOutput = 1 << 20;
  if (!isIdentifier(report.name))
    return "\"name\" is no C identifier: '" + report.name + "'";
  for (int64_t extent : report.inputShape)
    if (extent < 1 || extent > largestExtent)
      return "\"input\".\"shape\" has the extent " + std::to_string(extent);
  size_t channels = static_cast<size_t>(report.inputShape[2]);
  if (!(report.inputScale >= 0) || !std::isfinite(report.inputScale))
    return "\"input\".\"scale\" is not a positive number";
  if (!report.takesSequence() && (report.mean.size() != channels || report.std.size() != channels))
    return "\"input\" has " + std::to_string(channels) + " channels, but " + std::to_string(report.mean.size()) + " of \"mean\" and " +
           std::to_string(report.std.size()) + " of \"std\"";
  uint64_t sum = 0;
  for (const PackageRegion &region : report.regions) {
    sum += region.arenaBytes;
    if (!isIdentifier(region.name))
      return "a region of \"sram\" is named '" + region.name + "'";
  }
  if (!report.regions.empty() && sum != report.arenaBytes)
    return "the arenas of \"sram\".\"regions\" have " + std::to_string(sum) + " bytes, \"arena_bytes\" is " +
           std::to_string(report.arenaBytes);
  if (report.outputCount < 1 || report.outputCount > largestOutput)
    return "\"output\".\"count\" is " + std::to_string(report.outputCount);
  if (!(report.outputScale > 0))
    return "\"output\".\"scale\" is not positive";
  for (const PackageCall &call : report.calls)
    if (call.layer && *call.layer >= report.layers.size())
      return "a call of \"" + call.kernel + "\" belongs to layer " + std::to_string(*call.layer) + " of " + std::to_string(report.layers.size());
  return {};
}

PackageReport fromJson(const json &root) {
  PackageReport report;
  report.name = root.at("name").get<std::string>();
  report.target = root.at("target").get<std::string>();
  report.modelName = root.at("model").at("name").get<std::string>();
  report.modelSha256 = root.at("model").value("sha256", std::string());
  report.dims = root.at("model").value("dims", std::map<std::string, int64_t>());
  if (auto schedule = root.find("schedule"); schedule != root.end() && schedule->contains("attentions"))
    for (const auto &[number, kind] : schedule->at("attentions").items())
      if (kind == "absorbed")
        report.absorbedAttentions.push_back(std::stoll(number));
  report.macs = root.at("model").value("macs", uint64_t{0});
  const json &input = root.at("input");
  report.inputMode = input.value("mode", "frame");
  if (input.value("dtype", "uint8") == "int16") {
    const auto shape = input.at("shape").get<std::array<int64_t, 2>>();
    report.inputShape = {1, shape[0], shape[1]};
    report.inputScale = input.at("scale").get<float>();
  } else {
    report.inputShape = input.at("shape").get<std::array<int64_t, 3>>();
    report.mean = input.at("mean").get<std::vector<float>>();
    report.std = input.at("std").get<std::vector<float>>();
  }
  report.outputCount = root.at("output").at("count").get<int64_t>();
  report.outputScale = root.at("output").at("scale").get<float>();
  report.arenaBytes = root.at("sram").at("arena_bytes").get<uint64_t>();
  for (const json &region : root.at("sram").value("regions", json::array()))
    report.regions.push_back({region.at("name").get<std::string>(), region.at("arena_bytes").get<uint64_t>()});
  report.packBytes = root.at("flash").at("pack_bytes").get<uint64_t>();
  const json &limits = root.at("limits");
  report.limits = {limits.at("arena_bytes").get<uint64_t>(), limits.at("sram_bytes").get<uint64_t>(), limits.at("flash_bytes").get<uint64_t>()};
  report.staticBytes = root.at("sram").value("static_bytes", uint64_t{0});
  // Only a profile needs them.
  for (const json &layer : root.value("layers", json::array()))
    report.layers.push_back({layer.at("name"), layer.at("kind")});
  for (const json &call : root.value("calls", json::array())) {
    const json &layer = call.at("layer");
    report.calls.push_back({call.at("kernel"), layer.is_null() ? std::nullopt : std::optional<size_t>(layer.get<size_t>()), call.at("macs")});
  }
  return report;
}

} // namespace

/// A package of several memories on a target with one has all of its arenas there; one arena on a target with several stands in the
/// largest.
uint64_t PackageReport::arenaBytesBesideStack(const TargetDescription &target) const {
  const std::vector<MemoryRegion> memories = target.sramRegions();
  if (memories.size() == 1)
    return arenaBytes;
  for (const PackageRegion &region : regions)
    if (region.name == memories.front().name)
      return region.arenaBytes;
  return 0;
}

llvm::Error checkArenas(const PackageReport &report, const TargetDescription &target) {
  auto refuse = [&](uint64_t needed, uint64_t room, llvm::StringRef where) {
    return fault("package '" + llvm::Twine(report.name) + "' needs an arena of " + llvm::Twine(needed) + " bytes" + where + ", target '" +
                 target.name + "' has " + llvm::Twine(room) + " beside its stack");
  };
  const std::vector<MemoryRegion> memories = target.sramRegions();
  if (memories.size() == 1 || report.regions.empty()) {
    uint64_t largest = 0;
    for (const MemoryRegion &memory : memories)
      largest = std::max(largest, target.budgetBytesOf(memory));
    return report.arenaBytes > largest ? refuse(report.arenaBytes, largest, "") : llvm::Error::success();
  }
  for (const PackageRegion &region : report.regions) {
    auto memory = llvm::find_if(memories, [&](const MemoryRegion &candidate) { return candidate.name == region.name; });
    if (memory == memories.end())
      return fault("package '" + llvm::Twine(report.name) + "' has an arena in '" + region.name + "', a memory that target '" +
                   target.name + "' does not have");
    if (region.arenaBytes > target.budgetBytesOf(*memory))
      return refuse(region.arenaBytes, target.budgetBytesOf(*memory), " in '" + region.name + "'");
  }
  return llvm::Error::success();
}

std::vector<std::string> PackageReport::entries() const {
  if (isStreamed())
    return {name + "_begin", name + "_feed_rows", name + "_finish"};
  return {name + "_run"};
}

llvm::Expected<PackageReport> readPackageReport(llvm::StringRef packageDirectory) {
  llvm::SmallString<256> directory(packageDirectory);
  llvm::sys::fs::make_absolute(directory);
  llvm::SmallString<256> path(directory);
  llvm::sys::path::append(path, "report.json");
  if (!llvm::sys::fs::is_directory(directory))
    return fileError(packageDirectory, "no such directory; a directory that mcuformc wrote is wanted");
  if (!llvm::sys::fs::exists(path))
    return fileError(packageDirectory, "holds no report.json, so it is no package that mcuformc wrote");
  llvm::Expected<std::string> text = readFile(path);
  if (!text)
    return text.takeError();

  PackageReport report;
  try {
    report = fromJson(json::parse(*text));
  } catch (const json::exception &exception) {
    return fileError(path, llvm::Twine("not a package's report: ") + exception.what());
  }
  if (std::string fault = findFault(report); !fault.empty())
    return fileError(path, "not a package's report: " + fault);
  report.directory = std::string(directory);
  return report;
}

} // namespace mcuform
