// report.json: what the package needs and does, for people and tools.
#include "compiler/emission/Contents.h"
#include "dialects/mcurt/Kernels.h"

#include "llvm/ADT/StringMap.h"

#include <charconv>
#include <nlohmann/json.hpp>

using namespace mlir;
using Json = nlohmann::ordered_json;

namespace mcuform::emission {
namespace {

/// 0.485 stays 0.485, though it is a float.
Json number(float value) {
  std::string text = formatFloat(value);
  double result = 0;
  std::from_chars(text.data(), text.data() + text.size(), result);
  return result;
}

Json toJson(Attribute attribute) {
  if (auto boolean = dyn_cast<BoolAttr>(attribute))
    return boolean.getValue();
  if (auto integer = dyn_cast<IntegerAttr>(attribute))
    return integer.getInt();
  if (auto real = dyn_cast<FloatAttr>(attribute))
    return real.getType().isF32() ? number(real.getValue().convertToFloat()) : Json(real.getValueAsDouble());
  if (auto text = dyn_cast<StringAttr>(attribute))
    return text.str();
  if (auto dictionary = dyn_cast<DictionaryAttr>(attribute)) {
    Json object = Json::object();
    for (NamedAttribute entry : dictionary)
      object[entry.getName().str()] = toJson(entry.getValue());
    return object;
  }
  Json list = Json::array();
  if (auto array = dyn_cast<ArrayAttr>(attribute))
    for (Attribute element : array)
      list.push_back(toJson(element));
  else if (auto floats = dyn_cast<DenseF32ArrayAttr>(attribute))
    for (float value : floats.asArrayRef())
      list.push_back(number(value));
  else if (auto integers = dyn_cast<DenseI64ArrayAttr>(attribute))
    for (int64_t value : integers.asArrayRef())
      list.push_back(value);
  return list;
}

Json numbers(ArrayRef<float> values) {
  Json list = Json::array();
  for (float value : values)
    list.push_back(number(value));
  return list;
}

/// What a call multiplies in one inference, over all turns of the loops around it; 0 for kernels without a matrix product.
int64_t macsOf(mcurt::CallOp call) {
  const mcurt::Kernel *kernel = mcurt::findKernel(call.getKernel());
  llvm::StringMap<int64_t> numbers;
  Value rows; // where they are those of a loop's block
  auto index = call.getIndices().begin();
  for (auto [param, number] : llvm::zip(kernel->integers(), call.getIntegers())) {
    numbers[param.name] = number;
    if (ShapedType::isDynamic(number)) {
      if (param.name == "rows")
        rows = *index;
      ++index;
    }
  }
  int64_t perRow = 0;
  if (numbers.count("depth") && numbers.count("units"))
    perRow = numbers["depth"] * numbers["units"];
  else if (call.getKernel() == "depthwise_s16")
    perRow = numbers["kernel_height"] * numbers["kernel_width"] * numbers["channels"];
  else if (numbers.count("head_width")) // of attention, or of a table of relative positions
    perRow = numbers[numbers.count("depth") ? "depth" : "tokens"] * numbers["head_width"];
  int64_t total = rows ? 1 : numbers["rows"];
  for (Operation *parent = call->getParentOp(); parent; parent = parent->getParentOp())
    if (auto loop = dyn_cast<mcurt::ForOp>(parent))
      total *= rows == loop.getCount() ? static_cast<int64_t>(loop.getExtent()) : loop.getTripCount();
  return total * perRow;
}

} // namespace

std::string emitReport(const Package &package) {
  Json report;
  report["name"] = package.name;
  report["target"] = package.targetName;
  report["schedule"] = toJson(package.schedule);
  report["model"] = {
      {"name", package.modelName}, {"macs", package.totalMacs()}, {"parameters", package.parameters}, {"sha256", package.modelSha256}};
  if (!package.dims.empty())
    report["model"]["dims"] = package.dims;
  report["input"] = {{"dtype", "uint8"},
                     {"shape", {package.inputHeight, package.inputWidth, package.inputChannels}},
                     {"layout", "NHWC"},
                     {"mode", package.inputMode},
                     {"mean", numbers(package.mean)},
                     {"std", numbers(package.std)}};
  if (package.inputScale)
    report["input"] = {{"dtype", "int16"},
                       {"shape", {package.inputWidth, package.inputChannels}},
                       {"layout", "rows"},
                       {"mode", package.inputMode},
                       {"scale", number(*package.inputScale)}};
  if (package.fed)
    report["input"]["strip_bytes"] = mcurt::BufferOp(package.input).getSizeBytes();
  report["output"] = {{"dtype", "int16"}, {"count", package.outputCount}, {"scale", number(package.outputScale)}};
  Json buffers = Json::array();
  for (mcurt::BufferOp buffer : package.buffers) {
    buffers.push_back({{"name", buffer.getName().str()},
                       {"bytes", buffer.getSizeBytes()},
                       {"offset", *buffer.getOffset()},
                       {"first_step", (*buffer.getSteps())[0]},
                       {"last_step", (*buffer.getSteps())[1]}});
    if (const RegionArena *region = package.regionOf(buffer))
      buffers.back()["region"] = region->name;
    if (buffer.getOver())
      buffers.back()["overwritten_by"] = buffer.getOverBuffer().getName().str();
  }
  report["sram"] = {
      {"arena_bytes", package.arenaBytes}, {"lower_bound_bytes", package.lowerBoundBytes}, {"static_bytes", 0}, {"buffers", buffers}};
  // Of a target with several memories, those that hold something; the numbers above are the sums.
  for (const RegionArena &region : package.regions)
    report["sram"]["regions"].push_back({{"name", region.name},
                                         {"arena_bytes", region.bytes},
                                         {"lower_bound_bytes", region.lowerBoundBytes},
                                         {"gap_bytes", region.bytes - region.lowerBoundBytes},
                                         {"capacity_bytes", region.capacityBytes}});
  report["limits"] = {
      {"arena_bytes", package.limits.arena}, {"sram_bytes", package.limits.sram}, {"flash_bytes", package.limits.flash}};
  report["fit"] = nullptr; // until mcuform-run proves it
  report["flash"] = {{"weights_bytes", package.weightsBytes}, {"pack_bytes", package.pack.bytes.size()}};
  // docs/memory.md says what is counted.
  report["flash"]["read_per_inference"] = {{{"region", package.flashRegion},
                                            {"bytes", package.traffic.totalBytes()},
                                            {"by_panels_bytes", package.traffic.panelBytes},
                                            {"in_place_bytes", package.traffic.inPlaceBytes}}};
  Json layers = Json::array();
  for (const Layer &layer : package.layers) {
    layers.push_back({{"name", layer.name},
                      {"kind", layer.kind},
                      {"macs", layer.macs},
                      {"weights_bytes", layer.weightsBytes},
                      {"read_per_inference_bytes", layer.traffic.bytes}});
    if (!layer.traffic.how.empty())
      layers.back()["weights_read"] = layer.traffic.how;
    if (layer.weightBits)
      layers.back()["weight_bits"] = *layer.weightBits;
    if (layer.int4SqnrDb)
      layers.back()["int4_sqnr_db"] = *layer.int4SqnrDb;
  }
  report["layers"] = layers;
  // As MCUFORM_CALL numbers them.
  Json calls = Json::array();
  func::FuncOp(package.function).walk<WalkOrder::PreOrder>([&](mcurt::CallOp call) {
    auto layer = call.getLayer();
    calls.push_back({{"kernel", call.getKernel().str()}, {"layer", layer ? Json(*layer) : Json()}, {"macs", macsOf(call)}});
  });
  report["calls"] = calls;
  report["quantization"] = package.quantization ? toJson(package.quantization) : Json::object();
  // Names come from a model file: what is not UTF-8 is replaced.
  return report.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string emitValues(const Package &package) {
  Json values = Json::array();
  for (auto [index, layer] : llvm::enumerate(package.layers)) {
    if (!layer.value)
      continue;
    std::vector<float> scales(layer.value->scales.begin(), layer.value->scales.end());
    values.push_back({{"layer", index},
                      {"number", layer.value->number},
                      {"rows", layer.value->rows},
                      {"columns", layer.value->columns},
                      {"scales", numbers(scales)}});
  }
  // A line for each layer: the lists are long.
  std::string text = "[";
  for (auto [index, value] : llvm::enumerate(values))
    text += (index ? ",\n " : "\n ") + value.dump();
  return text + "\n]\n";
}

} // namespace mcuform::emission
