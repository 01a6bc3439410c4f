// Collects a package from the IR and runs the emitters.
#include "compiler/emission/Contents.h"

#include "llvm/ADT/StringExtras.h"

#include <charconv>

using namespace mlir;

namespace mcuform::emission {
namespace {

template <typename... Ts> llvm::Error makeError(const char *format, const Ts &...values) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), format, values...);
}

/// Targets that CMake keeps for itself.
bool isTakenByCMake(StringRef name) {
  return llvm::is_contained<StringRef>(
      {"all", "clean", "edit_cache", "help", "install", "package", "package_source", "preinstall", "rebuild_cache", "test"}, name);
}

bool isIdentifier(StringRef name) {
  return !name.empty() && !llvm::isDigit(name.front()) && llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
}

std::vector<float> floatsOf(Attribute attribute) {
  auto array = dyn_cast_or_null<DenseF32ArrayAttr>(attribute);
  return array ? std::vector<float>(array.asArrayRef().begin(), array.asArrayRef().end()) : std::vector<float>();
}

/// What of an input stands out behind the buffer that it lies over.
int64_t bytesBehind(mcurt::BufferOp input) {
  mcurt::BufferOp over = input.getOverBuffer();
  int64_t end = *input.getOffset() + input.getSizeBytes(), endOfOver = *over.getOffset() + over.getSizeBytes();
  return std::max<int64_t>(0, end - endOfOver);
}

std::optional<LayerValue> valueOf(DictionaryAttr layer) {
  auto value = layer.getAs<DictionaryAttr>("value");
  if (!value)
    return std::nullopt;
  ArrayRef<double> scales = value.getAs<DenseF64ArrayAttr>("scales").asArrayRef();
  return LayerValue{value.getAs<IntegerAttr>("number").getInt(), value.getAs<IntegerAttr>("rows").getInt(),
                    value.getAs<IntegerAttr>("columns").getInt(), {scales.begin(), scales.end()}};
}

std::string stringOf(Operation *op, StringRef name) {
  auto attribute = op->getAttrOfType<StringAttr>(name);
  return attribute ? attribute.str() : "";
}

} // namespace

int64_t Package::totalMacs() const {
  int64_t macs = 0;
  for (const Layer &layer : layers)
    macs += layer.macs;
  return macs;
}

const RegionArena *Package::regionOf(mcurt::BufferOp buffer) const {
  auto found = llvm::find_if(regions, [&](const RegionArena &region) { return buffer.getRegion() && region.name == *buffer.getRegion(); });
  return found == regions.end() ? nullptr : &*found;
}

int64_t Package::liveBytesAt(int64_t step, const RegionArena *region) const {
  int64_t bytes = 0;
  for (mcurt::BufferOp buffer : buffers)
    if ((!region || regionOf(buffer) == region) && (*buffer.getSteps())[0] <= step && step <= (*buffer.getSteps())[1])
      bytes += buffer.getOver() ? bytesBehind(buffer) : buffer.getSizeBytes();
  return bytes;
}

llvm::Expected<Package> collectPackage(ModuleOp module, const EmissionOptions &options) {
  Package package;
  if (!isIdentifier(options.name))
    return makeError("'%s' cannot name a package: letters, digits and '_' can, with no digit first", options.name.c_str());
  if (isTakenByCMake(options.name))
    return makeError("'%s' cannot name a package: CMake has a target of that name; choose another with --name", options.name.c_str());
  package.name = options.name;
  package.upperName = StringRef(options.name).upper();
  package.targetName = options.targetName;
  package.flashRegion = options.flashRegion;
  package.limits = options.limits;
  package.dims = options.dims;
  package.modelName = stringOf(module, "mcuf.model_name");
  package.modelSha256 = stringOf(module, "onnxin.sha256");
  if (auto parameters = module->getAttrOfType<IntegerAttr>("mcuf.parameters"))
    package.parameters = parameters.getInt();
  package.quantization = module->getAttrOfType<DictionaryAttr>("mcuf.quantization");

  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  if (functions.size() != 1)
    return makeError("a module with one function is needed, this one has %zu", functions.size());
  package.function = functions.front();
  package.schedule = package.function->getAttrOfType<DictionaryAttr>("mcurt.schedule");
  auto arena = module->getAttrOfType<IntegerAttr>("mcurt.arena_bytes");
  auto bound = module->getAttrOfType<IntegerAttr>("mcurt.lower_bound_bytes");
  auto layers = package.function->getAttrOfType<ArrayAttr>("mcurt.layers");
  if (!arena || !bound || !layers || !package.schedule)
    return makeError("the module has not been scheduled and planned");
  package.arenaBytes = arena.getInt();
  package.lowerBoundBytes = bound.getInt();
  if (auto regions = module->getAttrOfType<ArrayAttr>("mcurt.regions"))
    for (auto region : regions.getAsRange<DictionaryAttr>()) {
      auto numberOf = [&](StringRef name) { return region.getAs<IntegerAttr>(name).getInt(); };
      StringRef name = region.getAs<StringAttr>("name").getValue();
      if (!isIdentifier(name))
        return makeError("region '%s' cannot name an arena: letters, digits and '_' can, with no digit first", name.str().c_str());
      if (numberOf("bytes") > 0)
        package.regions.push_back({name.str(), name.upper(), numberOf("bytes"), numberOf("lower_bound_bytes"), numberOf("capacity_bytes")});
    }
  package.traffic = mcurt::flashTrafficOf(package.function);
  for (auto [layer, traffic] : llvm::zip_equal(layers.getAsRange<DictionaryAttr>(), mcurt::trafficByLayer(package.function))) {
    package.layers.push_back({layer.getAs<StringAttr>("name").str(), layer.getAs<StringAttr>("kind").str(),
                              layer.getAs<IntegerAttr>("macs").getInt(), layer.getAs<IntegerAttr>("weights_bytes").getInt(), traffic, valueOf(layer), {}, {}});
    if (auto sqnr = layer.getAs<FloatAttr>("int4_sqnr_db")) {
      package.layers.back().weightBits = layer.getAs<IntegerAttr>("weight_bits").getInt();
      package.layers.back().int4SqnrDb = sqnr.getValueAsDouble();
    }
  }

  package.function.walk<WalkOrder::PreOrder>([&](Operation *op) {
    package.stepCount += isa<mcurt::CallOp>(op);
    if (auto loop = dyn_cast<mcurt::ForOp>(op); loop && loop.isFed())
      package.fed = loop;
    if (auto buffer = dyn_cast<mcurt::BufferOp>(op)) {
      package.buffers.push_back(buffer);
      if (buffer.getInput())
        package.input = buffer;
    }
  });
  for (mcurt::BufferOp buffer : package.buffers)
    if (!buffer.getOffset() || !buffer.getSteps())
      return makeError("buffer '%s' has no offset or no steps", buffer.getName().str().c_str());
    else if (!package.regions.empty() && buffer.getSizeBytes() > 0 && !package.regionOf(buffer))
      return makeError("buffer '%s' is in no region of the module", buffer.getName().str().c_str());
  if (!package.input || package.input.getType().getRank() != 3)
    return makeError("an input image of three dimensions is needed");
  auto image = package.input.getType().getShape();
  package.inputHeight = package.fed ? int64_t(*package.fed.getLines()) : image[0];
  package.inputWidth = image[1];
  package.inputChannels = image[2];
  package.inputBytes = package.fed ? package.inputHeight * package.inputWidth * package.inputChannels : package.input.getSizeBytes();
  if (auto scale = package.function->getAttrOfType<FloatAttr>("mcurt.input_scale"))
    package.inputScale = static_cast<float>(scale.getValueAsDouble());
  package.inputMode = package.fed ? "stream" : package.input.getOver() ? "overwrite" : "frame";
  package.mean = floatsOf(package.function->getAttr("mcurt.mean"));
  package.std = floatsOf(package.function->getAttr("mcurt.std"));
  package.outputCount = cast<MemRefType>(package.function.getArgument(0).getType()).getNumElements();
  auto scale = package.function.getArgAttrOfType<FloatAttr>(0, "mcurt.scale");
  package.outputScale = scale ? static_cast<float>(scale.getValueAsDouble()) : 1.0f;
  return package;
}

std::string describeInput(const Package &package) {
  std::string text = std::to_string(package.inputWidth) + " x " + std::to_string(package.inputChannels);
  return package.inputScale ? text + " features" : std::to_string(package.inputHeight) + " x " + text + " pixels";
}

std::string fillTemplate(StringRef text, ArrayRef<std::pair<StringRef, std::string>> values) {
  std::string result;
  while (!text.empty()) {
    size_t at = text.find('@');
    result += text.take_front(at);
    text = text.drop_front(std::min(at, text.size()));
    if (text.empty())
      break;
    bool isKnown = false;
    for (const auto &[key, value] : values) {
      if (!text.starts_with(("@" + key + "@").str()))
        continue;
      result += value;
      text = text.drop_front(key.size() + 2);
      isKnown = true;
      break;
    }
    if (!isKnown) {
      result += '@';
      text = text.drop_front();
    }
  }
  return result;
}

std::string formatFloat(float value) {
  char text[40];
  auto end = std::to_chars(text, text + sizeof(text), value).ptr;
  std::string result(text, end);
  if (result.find_first_of(".en") == std::string::npos)
    result += ".0";
  return result;
}

} // namespace mcuform::emission

namespace mcuform {

llvm::Error emitPackage(ModuleOp module, const EmissionOptions &options, AtomicOutput &output) {
  auto package = emission::collectPackage(module, options);
  if (!package)
    return package.takeError();
  if (llvm::Error error = emission::packWeights(*package))
    return error;
  auto runtimeFiles = emission::collectRuntimeFiles(*package, options.resourceDir);
  if (!runtimeFiles)
    return runtimeFiles.takeError();
  std::vector<std::string> runtimeSources;
  for (const auto &[path, contents] : *runtimeFiles)
    if (StringRef(path).ends_with(".cpp"))
      runtimeSources.push_back(path);

  const std::string &name = options.name;
  std::vector<std::pair<std::string, std::string>> files = {
      {name + ".h", emission::emitHeader(*package)},
      {name + "_fit.h", fitHeader(name, options.targetName, options.limits, std::nullopt)},
      {name + ".cpp", emission::emitSource(*package)},
      {name + ".weights", std::string(package->pack.bytes.begin(), package->pack.bytes.end())},
      {name + "_weights.S", emission::emitWeightsAssembly(*package)},
      {"CMakeLists.txt", emission::emitCMake(*package, runtimeSources)},
      {"report.json", emission::emitReport(*package)},
      {"report.html", emission::emitHtmlReport(*package)},
      {"values.json", emission::emitValues(*package)},
  };
  llvm::move(*runtimeFiles, std::back_inserter(files));
  for (auto &[path, contents] : files)
    if (llvm::Error error = output.add(path, std::move(contents)))
      return error;
  return llvm::Error::success();
}

} // namespace mcuform
