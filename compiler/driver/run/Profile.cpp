#include "compiler/driver/run/Profile.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/driver/run/Text.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <tuple>

namespace mcuform {

namespace {

void sortByInstructions(std::vector<ProfileEntry> &entries) {
  auto key = [](const ProfileEntry &entry) {
    return std::make_tuple(~entry.instructions, llvm::StringRef(entry.name), llvm::StringRef(entry.kind));
  };
  llvm::sort(entries, [key](const ProfileEntry &a, const ProfileEntry &b) { return key(a) < key(b); });
}

uint64_t sumOf(llvm::ArrayRef<ProfileEntry> entries) {
  return std::accumulate(entries.begin(), entries.end(), uint64_t{0},
                         [](uint64_t sum, const ProfileEntry &entry) { return sum + entry.instructions; });
}

std::string perImage(uint64_t sum, const Profile &profile) { return grouped((sum + profile.images / 2) / profile.images); }

void printRow(llvm::raw_ostream &os, llvm::StringRef name, const std::string &runs, uint64_t instructions, uint64_t macs,
              const Profile &profile) {
  constexpr size_t nameWidth = 52;
  // The end of a long name says more than its beginning.
  const std::string shown = name.size() <= nameWidth ? name.str() : "..." + name.take_back(nameWidth - 3).str();
  const double share = static_cast<double>(instructions) / static_cast<double>(profile.instructions());
  os << "  " << llvm::left_justify(shown, nameWidth) << llvm::right_justify(runs, 7)
     << llvm::right_justify(perImage(instructions, profile), 15) << llvm::right_justify(percent(share), 9);
  if (macs != 0)
    os << llvm::format("%10.3f", static_cast<double>(instructions) / static_cast<double>(macs));
  os << "\n";
}

nlohmann::ordered_json entriesJson(llvm::ArrayRef<ProfileEntry> entries) {
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const ProfileEntry &entry : entries) {
    nlohmann::ordered_json object = {{"name", entry.name}};
    if (!entry.kind.empty())
      object["kind"] = entry.kind;
    object.update({{"runs", entry.runs}, {"instructions", entry.instructions}, {"macs", entry.macs}});
    list.push_back(std::move(object));
  }
  return list;
}

} // namespace

uint64_t Profile::instructions() const { return sumOf(kernels) + between; }

llvm::Expected<Profile> computeProfile(const PackageReport &report, const RunResult &result) {
  const size_t callCount = report.calls.size();
  if (result.callRuns.size() != callCount || result.callInstructions.size() != callCount || !result.hookInstructions)
    return bug("the harness profiled " + llvm::Twine(result.callInstructions.size()) + " calls of package '" + report.name +
               "', its report.json has " + llvm::Twine(callCount));
  Profile profile;
  profile.images = result.instructions.size();
  profile.hooks = *result.hookInstructions;
  for (const PackageLayer &layer : report.layers)
    profile.layers.push_back({layer.name, layer.kind, 0, 0, 0});
  ProfileEntry noLayer{"no layer", "", 0, 0, 0};
  std::map<std::string, ProfileEntry> kernels;
  for (auto [at, call] : llvm::enumerate(report.calls)) {
    ProfileEntry &kernel = kernels[call.kernel], &layer = call.layer ? profile.layers[*call.layer] : noLayer;
    kernel.name = call.kernel;
    for (ProfileEntry *entry : {&kernel, &layer}) {
      entry->runs += result.callRuns[at];
      entry->instructions += result.callInstructions[at];
      entry->macs += call.macs * profile.images;
    }
  }
  if (noLayer.runs != 0)
    profile.layers.push_back(std::move(noLayer));
  for (auto &[name, kernel] : kernels)
    profile.kernels.push_back(std::move(kernel));
  sortByInstructions(profile.layers);
  sortByInstructions(profile.kernels);

  const uint64_t all = std::accumulate(result.instructions.begin(), result.instructions.end(), uint64_t{0});
  const uint64_t known = sumOf(profile.kernels) + profile.hooks;
  if (known > all)
    return bug("the calls of package '" + report.name + "' take " + llvm::Twine(known) + " instructions with their hooks, all of it " +
               llvm::Twine(all));
  profile.between = all - known;
  return profile;
}

void printProfile(const Profile &profile, llvm::raw_ostream &os) {
  constexpr size_t layerLimit = 20;
  os << "profile: " << perImage(profile.instructions(), profile) << " instructions per image, and " << perImage(profile.hooks, profile)
     << " for the hooks, which are left out below\n";
  os << "  kernel" << std::string(46, ' ') << "  calls   instructions    share   per MAC\n";
  for (const ProfileEntry &kernel : profile.kernels)
    printRow(os, kernel.name, perImage(kernel.runs, profile), kernel.instructions, kernel.macs, profile);
  printRow(os, "between the calls", "", profile.between, 0, profile);
  os << "  layer"
     << (profile.layers.size() > layerLimit
             ? ", the first " + std::to_string(layerLimit) + " of " + std::to_string(profile.layers.size()) + " (all: --json)"
             : std::string())
     << "\n";
  for (const ProfileEntry &layer : llvm::ArrayRef(profile.layers).take_front(layerLimit))
    printRow(os, layer.kind + " " + layer.name, perImage(layer.runs, profile), layer.instructions, layer.macs, profile);
}

nlohmann::ordered_json profileJson(const Profile &profile) {
  return {{"images", profile.images},         {"instructions", profile.instructions()},  {"hook_instructions", profile.hooks},
          {"between_calls", profile.between}, {"kernels", entriesJson(profile.kernels)}, {"layers", entriesJson(profile.layers)}};
}

} // namespace mcuform
