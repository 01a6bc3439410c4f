#include "compiler/driver/ExplainMemory.h"

#include "dialects/mcurt/Traffic.h"
#include "passes/memory/planner/PlanPrinter.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace mcuform {
namespace {

int64_t numberOf(ModuleOp module, StringRef name) {
  auto attribute = module->getAttrOfType<IntegerAttr>(name);
  return attribute ? attribute.getInt() : 0;
}

/// The first call at which the buffers that are alive reach furthest, and how many calls there are.
struct Peak {
  int64_t step = 0, bytes = 0;
  mcurt::CallOp call;
};

Peak findPeak(ModuleOp module, const std::vector<Lifetime> &lifetimes, ArrayRef<int64_t> ownBytes) {
  Peak peak;
  int64_t step = 0;
  module.walk<WalkOrder::PreOrder>([&](mcurt::CallOp call) {
    int64_t bytes = 0;
    for (auto [buffer, own] : llvm::zip_equal(lifetimes, ownBytes))
      bytes += buffer.firstStep <= step && step <= buffer.lastStep ? own : 0;
    if (bytes > peak.bytes)
      peak = {step, bytes, call};
    ++step;
  });
  return peak;
}

void explainTraffic(func::FuncOp function, StringRef flashRegion, llvm::raw_ostream &os) {
  mcurt::FlashTraffic traffic = mcurt::flashTrafficOf(function);
  os << "\nOne inference reads " << traffic.totalBytes() << " bytes of weights and other constants from " << flashRegion << ", " << traffic.panelBytes
     << " of them copied by panels, the rest in place:\n";
  auto layers = function->getAttrOfType<ArrayAttr>("mcurt.layers");
  for (auto [i, layer] : llvm::enumerate(mcurt::trafficByLayer(function)))
    if (layer.bytes)
      os << llvm::format("%10lld", static_cast<long long>(layer.bytes)) << " bytes  " << cast<DictionaryAttr>(layers[i]).getAs<StringAttr>("name").getValue()
         << (layer.how.empty() ? "" : ", ") << layer.how << "\n";
}

/// What each of several memories holds, in lines.
void explainRegions(ArrayAttr memories, llvm::raw_ostream &os) {
  os << "Memories, the fastest first:\n";
  for (auto memory : memories.getAsRange<DictionaryAttr>()) {
    auto numberOf = [&](StringRef name) { return memory.getAs<IntegerAttr>(name).getInt(); };
    os << llvm::format("%10lld", static_cast<long long>(numberOf("bytes"))) << " bytes of " << numberOf("capacity_bytes") << " in "
       << memory.getAs<StringAttr>("name").getValue() << ", lower bound " << numberOf("lower_bound_bytes") << ", gap "
       << numberOf("bytes") - numberOf("lower_bound_bytes") << "\n";
  }
  os << "\n";
}

/// The map of one of several memories; empty where it holds nothing.
std::string printRegion(DictionaryAttr memory, const std::vector<Lifetime> &lifetimes, ArrayRef<StringRef> regions,
                        const std::vector<int64_t> &offsets) {
  std::vector<Lifetime> inside;
  Plan plan;
  for (auto [lifetime, region, offset] : llvm::zip_equal(lifetimes, regions, offsets)) {
    if (region != memory.getAs<StringAttr>("name").getValue())
      continue;
    inside.push_back(lifetime);
    plan.offsets.push_back(offset);
  }
  plan.totalBytes = memory.getAs<IntegerAttr>("bytes").getInt();
  plan.lowerBoundBytes = memory.getAs<IntegerAttr>("lower_bound_bytes").getInt();
  return inside.empty() ? "" : memory.getAs<StringAttr>("name").str() + ": " + printPlan(inside, plan);
}

} // namespace

std::string explainMemory(ModuleOp module, StringRef flashRegion) {
  std::vector<Lifetime> lifetimes;
  std::vector<StringRef> regions;
  std::vector<int64_t> ownBytes; // without those that an input shares with the buffer that overwrites it
  Plan plan;
  module.walk<WalkOrder::PreOrder>([&](mcurt::BufferOp buffer) {
    if (!buffer.getOffset() || !buffer.getSteps())
      return;
    Lifetime lifetime;
    lifetime.name = buffer.getName().str();
    lifetime.sizeBytes = buffer.getSizeBytes();
    lifetime.firstStep = static_cast<int32_t>((*buffer.getSteps())[0]);
    lifetime.lastStep = static_cast<int32_t>((*buffer.getSteps())[1]);
    int64_t end = static_cast<int64_t>(*buffer.getOffset()) + lifetime.sizeBytes;
    mcurt::BufferOp over = buffer.getOverBuffer();
    ownBytes.push_back(over ? std::max<int64_t>(0, end - static_cast<int64_t>(*over.getOffset()) - over.getSizeBytes()) : lifetime.sizeBytes);
    lifetimes.push_back(std::move(lifetime));
    regions.push_back(buffer.getRegion().value_or(""));
    plan.offsets.push_back(static_cast<int64_t>(*buffer.getOffset()));
  });
  plan.totalBytes = numberOf(module, "mcurt.arena_bytes");
  plan.lowerBoundBytes = numberOf(module, "mcurt.lower_bound_bytes");

  std::string text;
  llvm::raw_string_ostream os(text);
  auto memories = module->getAttrOfType<ArrayAttr>("mcurt.regions");
  if (memories)
    explainRegions(memories, os);
  Peak peak = findPeak(module, lifetimes, ownBytes);
  os << "Peak: step " << peak.step;
  if (peak.call) {
    os << ", " << peak.call.getKernel();
    if (auto stage = peak.call->getParentOfType<mcurt::StageOp>())
      os << " of " << stage.getName();
  }
  os << "; alive then:\n";
  std::vector<size_t> alive;
  for (auto [i, buffer] : llvm::enumerate(lifetimes))
    if (buffer.firstStep <= peak.step && peak.step <= buffer.lastStep)
      alive.push_back(i);
  llvm::stable_sort(alive, [&](size_t a, size_t b) { return ownBytes[a] > ownBytes[b]; });
  for (size_t i : alive) {
    const Lifetime &buffer = lifetimes[i];
    os << llvm::format("%10lld", static_cast<long long>(ownBytes[i])) << " bytes  " << buffer.name << ", steps " << buffer.firstStep << " to " << buffer.lastStep;
    if (memories)
      os << ", in " << regions[i];
    if (ownBytes[i] != buffer.sizeBytes)
      os << ", and " << buffer.sizeBytes - ownBytes[i] << " that it shares";
    os << "\n";
  }
  os << llvm::format("%10lld", static_cast<long long>(peak.bytes)) << " bytes together\n\n"
     << "The arena over time: a step is a kernel call, in the order of the program; addresses grow upwards.\n";
  if (!memories)
    os << printPlan(lifetimes, plan);
  else
    for (auto memory : memories.getAsRange<DictionaryAttr>())
      os << printRegion(memory, lifetimes, regions, plan.offsets);
  for (auto function : module.getOps<func::FuncOp>())
    explainTraffic(function, flashRegion, os);
  return text;
}

} // namespace mcuform
