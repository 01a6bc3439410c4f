// The C++ source of a package: one function a stage, one statement a kernel call, loops as loops.
#include "compiler/emission/SourceEmitter.h"

#include "dialects/mcurt/Kernels.h"
#include "dialects/mcurt/NodeNames.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;

namespace mcuform::emission {
namespace {

constexpr size_t kLineWidth = 140;

/// "uint8_t" for ui8.
std::string cTypeOf(Type element) {
  return ("" + Twine(element.isUnsignedInteger() ? "u" : "") + "int" + Twine(element.getIntOrFloatBitWidth()) + "_t").str();
}

/// "[197][192]"
std::string dimensionsOf(MemRefType type) {
  std::string text;
  for (int64_t size : type.getShape())
    text += "[" + std::to_string(size) + "]";
  return text;
}

/// Text that may stand in a line comment.
std::string harmless(StringRef text) {
  std::string result;
  for (char c : text)
    result += llvm::isPrint(c) && c != '\\' ? c : '_';
  return result;
}

/// Text that may stand in a string literal.
std::string quotable(StringRef text) {
  std::string result = harmless(text);
  std::replace(result.begin(), result.end(), '"', '_');
  return result;
}

/// True for buffers that one stage has for itself.
bool isLocal(mcurt::BufferOp buffer) { return !isa<func::FuncOp>(buffer->getParentOp()); }

/// "a b c" in lines of comment; continuation lines are indented once more.
std::string comment(StringRef indent, StringRef text) {
  std::string result = (indent + "//").str();
  size_t lineStart = 0;
  for (StringRef word : llvm::split(text, ' ')) {
    if (result.size() - lineStart + 1 + word.size() > kLineWidth) {
      result += '\n';
      lineStart = result.size();
      result += (indent + "//  ").str();
    }
    result += (" " + word).str();
  }
  return result + "\n";
}

} // namespace

//===--- expressions ------------------------------------------------------===//

std::string SourceEmitter::indexName(Value index) const { return indexNames.lookup(index); }

std::string SourceEmitter::pointerTo(Value value) const {
  Value root = mcurt::rootOf(value);
  std::string text;
  if (auto constant = root.getDefiningOp<mcurt::ConstantOp>())
    text = ("weights<" + cTypeOf(constant.getType().getElementType()) + ">(" + constant.getName() + "_at)").str();
  else if (auto table = root.getDefiningOp<mcurt::TableOp>())
    text = ("rt::delta_" + table.getName() + (table.getName() == "none" ? "" : ".middle()")).str();
  else
    text = pointerNames.lookup(root);
  auto view = value.getDefiningOp<mcurt::ViewOp>();
  if (!view)
    return text;
  MemRefType source = mcurt::typeOf(view.getSource());
  if (!source.hasStaticShape())
    text = pointerTo(view.getSource());
  int64_t stride = source.hasStaticShape() ? source.getNumElements() : 1;
  for (auto [dim, size] : llvm::enumerate(source.getShape())) {
    stride /= source.hasStaticShape() ? size : 1;
    int64_t scale = view.getScales()[dim], offset = view.getOffsets()[dim];
    Value index = view.getIndexOf(dim);
    if (!index && !offset)
      continue;
    std::string term = !index ? std::to_string(offset) : indexName(index);
    if (index && scale != 1)
      term += " * " + std::to_string(scale);
    if (index && offset)
      term += " + " + std::to_string(offset);
    if (stride != 1)
      term = (index && offset ? "(" + term + ")" : term) + " * " + std::to_string(stride);
    text += " + " + term;
  }
  return text;
}

std::string SourceEmitter::describeBuffer(Value value) const {
  Value root = mcurt::rootOf(value);
  auto constant = root.getDefiningOp<mcurt::ConstantOp>();
  return (constant ? "weights" : pointerNames.lookup(root)) + dimensionsOf(mcurt::typeOf(root));
}

//===--- calls ------------------------------------------------------------===//

void SourceEmitter::emitCall(mcurt::CallOp call, const std::string &indent) {
  // What it computes, for whom, on what, and how much of the arena is in use.
  std::string about;
  if (auto layer = call.getLayer(); layer && *layer < package.layers.size())
    about += package.layers[*layer].kind;
  auto nodes = mcurt::nodeNamesOf(call.getLoc());
  if (!nodes.empty())
    about += " " + harmless(llvm::join(nodes, ", "));
  std::string written, read;
  for (auto [i, buffer] : llvm::enumerate(call.getBuffers())) {
    // Vectors of constants say nothing that the call does not.
    if (mcurt::isReadOnly(mcurt::rootOf(buffer)) && mcurt::typeOf(mcurt::rootOf(buffer)).getRank() < 2)
      continue;
    std::string &list = call.getAccess(i) == mcurt::Access::Read ? read : written;
    list += (list.empty() ? "" : ", ") + describeBuffer(buffer) + (call.getAccess(i) == mcurt::Access::Update ? " updated" : "");
  }
  about += ": " + written + (read.empty() ? "" : " from " + read) + "; " + std::to_string(package.liveBytesAt(step)) + " bytes live";
  text += comment(indent, about);

  const mcurt::Kernel *kernel = mcurt::findKernel(call.getKernel());
  std::vector<std::string> arguments;
  for (Value buffer : call.getBuffers())
    arguments.push_back(pointerTo(buffer));
  auto index = call.getIndices().begin();
  for (auto [i, number] : llvm::enumerate(call.getIntegers())) {
    if (ShapedType::isDynamic(number))
      arguments.push_back(indexName(*index++));
    else
      arguments.push_back(("/*" + kernel->integers()[i].name + "=*/").str() + std::to_string(number));
  }
  std::string line = indent + "MCUFORM_CALL(" + std::to_string(step) + ", rt::" + call.getKernel().str() + "(";
  size_t lineStart = text.size(), continuation = indent.size() + 4;
  text += line;
  for (auto [i, argument] : llvm::enumerate(arguments)) {
    std::string piece = argument + (i + 1 < arguments.size() ? "," : "));");
    if (i && text.size() - lineStart + 1 + piece.size() > kLineWidth) {
      text += '\n';
      lineStart = text.size();
      text += std::string(continuation, ' ');
    } else if (i) {
      text += ' ';
    }
    text += piece;
  }
  text += '\n';
  auto layer = call.getLayer();
  const std::string layerName = layer && *layer < package.layers.size() ? package.layers[*layer].name : "";
  callTable += "    {\"" + quotable(layerName) + "\", \"" + call.getKernel().str() + "\"},\n";
  ++step;
  emitObservation(call, indent);
}

/// What a call writes: the root of its first buffer that is not only read.
static unsigned writtenBuffer(mcurt::CallOp call) {
  for (unsigned i = 0; i < call.getBuffers().size(); ++i)
    if (call.getAccess(i) != mcurt::Access::Read)
      return i;
  return 0;
}

void SourceEmitter::emitObservation(mcurt::CallOp call, const std::string &indent) {
  auto layer = call.getLayer();
  if (!layer || *layer >= package.layers.size() || !package.layers[*layer].value)
    return;
  const LayerValue &value = *package.layers[*layer].value;
  Value written = call.getBuffers()[writtenBuffer(call)], root = mcurt::rootOf(written);
  if (results.lookup(*layer) != root)
    return;
  // What a later call of the layer goes on to change is not finished.
  for (Operation *next = call->getNextNode(); next; next = next->getNextNode())
    if (auto later = dyn_cast<mcurt::CallOp>(next);
        later && later.getLayer() == layer && later.getBuffers()[writtenBuffer(later)] == written &&
        later->getAttr(mcurt::kFirstRowAttr) == call->getAttr(mcurt::kFirstRowAttr))
      return;
  llvm::StringMap<std::string> numbers;
  std::string firstOfLoop = "0"; // where the rows are those of a loop's block
  auto index = call.getIndices().begin();
  for (auto [param, number] : llvm::zip_equal(mcurt::findKernel(call.getKernel())->integers(), call.getIntegers())) {
    if (!ShapedType::isDynamic(number)) {
      numbers[param.name] = std::to_string(number);
      continue;
    }
    Value dynamic = *index++;
    numbers[param.name] = indexName(dynamic);
    auto argument = dyn_cast<BlockArgument>(dynamic);
    if (auto loop = argument ? dyn_cast<mcurt::ForOp>(argument.getOwner()->getParentOp()) : mcurt::ForOp(); loop && param.name == "rows")
      firstOfLoop = indexName(loop.getFirst());
  }
  std::string sequenceRow = "0"; // where keys and values of several sequences lie one after another
  if (auto row = call->getAttrOfType<IntegerAttr>(mcurt::kFirstRowAttr)) {
    sequenceRow = std::to_string(row.getInt());
    firstOfLoop = (firstOfLoop == "0" ? "" : firstOfLoop + " + ") + sequenceRow;
  }
  std::string rows = numbers.count("rows") ? numbers["rows"] : "1", columns = numbers[numbers.count("units") ? "units" : "width"];
  StringRef kernel = call.getKernel();
  if (kernel.starts_with("linear_keys") || kernel.starts_with("linear_values")) {
    text += indent + "MCUFORM_OBSERVE_CACHE(" +
            llvm::join(std::vector<std::string>{std::to_string(*layer), pointerTo(written), kernel.starts_with("linear_values") ? "1" : "0",
                                                numbers["tokens"], numbers["head_width"], numbers["first"], rows, columns, sequenceRow},
                       ", ") +
            ");\n";
    return;
  }
  if (kernel.starts_with("attention_context") || kernel == "relative_context_s16")
    columns = numbers["head_width"];
  ArrayRef<int64_t> shape = mcurt::typeOf(root).getShape();
  if (numbers.count("kernel_width")) // its width is that of the map
    columns = std::to_string(shape.back());
  auto coordinate = [&](unsigned dim) -> std::string {
    auto view = written.getDefiningOp<mcurt::ViewOp>();
    if (!view)
      return "0";
    int64_t offset = view.getOffsets()[dim], scale = view.getScales()[dim];
    Value at = view.getIndexOf(dim);
    if (!at)
      return std::to_string(offset);
    return indexName(at) + (scale != 1 ? " * " + std::to_string(scale) : "") + (offset ? " + " + std::to_string(offset) : "");
  };
  // A buffer of all rows says where they are; of a block's rows the loop does.
  const bool holdsAll = shape.size() == 2 && shape[0] == value.rows;
  text += indent + "MCUFORM_OBSERVE_ROWS(" +
          llvm::join(std::vector<std::string>{std::to_string(*layer), pointerTo(written), std::to_string(shape.back()),
                                              holdsAll ? coordinate(0) : firstOfLoop, rows, coordinate(unsigned(shape.size()) - 1), columns},
                     ", ") +
          ");\n";
}

void SourceEmitter::emitLoop(mcurt::ForOp loop, const std::string &indent) {
  int64_t extent = loop.getExtent(), blockStep = loop.getStep();
  ++depth;
  std::string suffix = depth > 1 ? std::to_string(depth) : "";
  std::string first = (blockStep == 1 ? "i" : "first") + (blockStep == 1 && depth <= 2 ? "" : suffix);
  indexNames[loop.getFirst()] = first;
  text += indent + "for (int32_t " + first + " = 0; " + first + " < " + std::to_string(extent) + "; " +
          (blockStep == 1 ? "++" + first : first + " += " + std::to_string(blockStep)) + ") {\n";
  std::string count = std::to_string(blockStep);
  if (extent % blockStep && !loop.getCount().use_empty()) {
    count = "rows" + suffix;
    text += indent + "  const int32_t " + count + " = " + first + " < " + std::to_string(extent - blockStep) + " ? " +
            std::to_string(blockStep) + " : " + std::to_string(extent) + " - " + first + ";\n";
  }
  indexNames[loop.getCount()] = count;
  emitBody(loop.getBody().front(), indent + "  ");
  text += indent + "}\n";
  --depth;
}

/// The body alone: whoever feeds calls it for each strip.
void SourceEmitter::emitFedBody(mcurt::ForOp loop, const std::string &indent) {
  ++depth;
  indexNames[loop.getFirst()] = "first";
  indexNames[loop.getCount()] = std::to_string(loop.getStep());
  emitBody(loop.getBody().front(), indent);
  --depth;
}

void SourceEmitter::emitBody(Block &block, const std::string &indent) {
  for (Operation &op : block) {
    if (auto call = dyn_cast<mcurt::CallOp>(op))
      emitCall(call, indent);
    else if (auto loop = dyn_cast<mcurt::ForOp>(op))
      loop.isFed() ? emitFedBody(loop, indent) : emitLoop(loop, indent);
  }
}

//===--- stages -----------------------------------------------------------===//

/// What offsets of `buffer` count from.
std::string SourceEmitter::arenaOf(mcurt::BufferOp buffer) const {
  const RegionArena *region = package.regionOf(buffer);
  // A buffer without bytes is in any.
  return package.regions.empty() ? argument : argument + "." + (region ? region : &package.regions.front())->name;
}

std::string SourceEmitter::addressOf(mcurt::BufferOp buffer, StringRef type) const {
  return ("buffer<" + type + ">(" + arenaOf(buffer) + ", " + buffer.getName() + "_at)").str();
}

std::string SourceEmitter::sizeMacroOf(const RegionArena *region) const {
  return package.upperName + "_ARENA_" + (region ? region->upperName + "_" : "") + "BYTES";
}

void SourceEmitter::emitStage(mcurt::StageOp stage) {
  StringRef name = stage.getName();
  llvm::SetVector<Value> roots;
  results.clear();
  stage.walk<WalkOrder::PreOrder>([&](mcurt::CallOp call) {
    if (auto layer = call.getLayer())
      results[*layer] = mcurt::rootOf(call.getBuffers()[writtenBuffer(call)]);
    for (Value buffer : call.getBuffers())
      if (Value root = mcurt::rootOf(buffer); !mcurt::isReadOnly(root))
        roots.insert(root);
  });
  bool usesOutput = roots.contains(package.function.getArgument(0));
  const bool isFed = package.fed && package.fed->getParentOp() == stage;
  if (isFed) {
    // The strip stands in the arena or in the caller's memory.
    mcurt::BufferOp strip = package.fed.getStrip();
    roots.remove(strip);
    pointerNames[strip] = strip.getName();
    fedStage = name;
    callsBefore = std::exchange(calls, "");
    text += "\n// The strip that begins with patch `first`.\nvoid " + name.str() + "(" + parameter + ", const " +
            cTypeOf(strip.getType().getElementType()) + " *" + strip.getName().str() + ", int32_t first) {\n";
  } else {
    calls += "  " + name.str() + "(" + argument + (usesOutput ? ", output" : "") + ");\n";
    text += "\nvoid " + name.str() + "(" + parameter + (usesOutput ? ", int16_t *output" : "") + ") {\n";
  }
  llvm::StringSet<> taken;
  for (Value root : roots)
    if (auto buffer = root.getDefiningOp<mcurt::BufferOp>())
      taken.insert(buffer.getName());
  for (Value root : roots) {
    auto buffer = root.getDefiningOp<mcurt::BufferOp>();
    if (!buffer)
      continue;
    std::string type = cTypeOf(buffer.getType().getElementType()), fullName = buffer.getName().str(), shortName = fullName,
                at = fullName + "_at", shape;
    if (isLocal(buffer)) {
      // Inside the stage its own buffers go by their short names, unless one from outside is called so.
      if (StringRef rest = fullName;
          rest.consume_front((name + "_").str()) && !rest.empty() && !llvm::isDigit(rest.front()) && !taken.contains(rest))
        shortName = rest.str();
      at = std::to_string(*buffer.getOffset());
      shape = " // " + dimensionsOf(buffer.getType());
    }
    pointerNames[root] = shortName;
    text += "  " + type + " *const " + shortName + " = buffer<" + type + ">(" + arenaOf(buffer) + ", " + at + ");" + shape + "\n";
  }
  emitBody(stage.getBody().front(), "  ");
  text += "}\n";
}

void SourceEmitter::emitTables() {
  text += std::string("// Buffers of several stages: bytes from the start of ") + (package.regions.empty() ? "the arena" : "their arena") +
          ", and the kernel calls during which they are alive, counted in "
          "the order of\n"
          "// this file. Those of one stage stand in its function.\n";
  for (mcurt::BufferOp buffer : package.buffers) {
    if (isLocal(buffer))
      continue;
    auto steps = *buffer.getSteps();
    text += "constexpr int32_t " + buffer.getName().str() + "_at = " + std::to_string(*buffer.getOffset()) + "; // " +
            cTypeOf(buffer.getType().getElementType()) + dimensionsOf(buffer.getType()) +
            (package.regionOf(buffer) ? " in " + package.regionOf(buffer)->name : "") + ", calls " + std::to_string(steps[0]) + " to " +
            std::to_string(steps[1]) + (buffer.getOver() ? ", overwritten by " + buffer.getOverBuffer().getName().str() : "") + "\n";
  }
  text += "\n// The plan once more, for the compiler that builds this file.\n";
  llvm::MapVector<const RegionArena *, int64_t> ends;
  if (package.regions.empty())
    ends[nullptr] = 0;
  for (const RegionArena &region : package.regions)
    ends[&region] = 0;
  for (mcurt::BufferOp buffer : package.buffers) {
    const RegionArena *region = package.regionOf(buffer);
    ends[region] = std::max<int64_t>(ends.lookup(region), int64_t(*buffer.getOffset()) + buffer.getSizeBytes());
    if (isLocal(buffer))
      continue;
    std::string at = buffer.getName().str() + "_at";
    int64_t elementBytes = buffer.getType().getElementTypeBitWidth() / 8;
    text += "static_assert(" + (elementBytes > 1 ? at + " % " + std::to_string(elementBytes) + " == 0 && " : "") + at + " + " +
            std::to_string(buffer.getSizeBytes()) + " <= " + sizeMacroOf(region) + ", \"" + buffer.getName().str() + "\");\n";
  }
  for (auto [region, end] : ends)
    text += "static_assert(" + std::to_string(end) + " <= " + sizeMacroOf(region) + " && " + package.upperName +
            "_ARENA_ALIGN % alignof(int64_t) == 0, \"all buffers" + (region ? " in " + region->name : "") + "\");\n";
  text += "\n// Constants: bytes from the start of the weights. \"paired\": neighbouring rows interleaved, as the kernels read them; "
          "\"int4\": a pair of rows in four bits.\n";
  for (auto constant : package.function.getOps<mcurt::ConstantOp>())
    text += "constexpr int32_t " + constant.getName().str() + "_at = " + std::to_string(package.weightOffsets.lookup(constant)) + "; // " +
            cTypeOf(constant.getType().getElementType()) + dimensionsOf(constant.getType()) +
            (constant.getLayout() == mcurt::Layout::Plain ? "" : ", " + mcurt::stringifyLayout(constant.getLayout()).str()) + "\n";
}

std::string SourceEmitter::emit() {
  pointerNames[package.function.getArgument(0)] = "output";
  text = fillTemplate(
      R"(// @name@: one function a stage, each kernel call with the operator and the ONNX nodes that it computes. Made by mcuform; see @name@.h.
#include "@name@.h"

#include "mcuform/crc32.h"
#include "mcuform/kernels.h"
#include "mcuform/observe.h"
#include "mcuform/profile.h"

// MCUFORM_CALL(number, call): the call alone, unless the package is compiled with MCUFORM_PROFILE; see mcuform/profile.h.
#ifdef MCUFORM_PROFILE
#define MCUFORM_CALL(number, ...) (mcuform_profile_begin(&@name@_calls[number]), __VA_ARGS__, mcuform_profile_end(&@name@_calls[number]))
#else
#define MCUFORM_CALL(number, ...) __VA_ARGS__
#endif

// MCUFORM_OBSERVE_...(layer, ...): nothing, unless the package is compiled with MCUFORM_OBSERVE; see mcuform/observe.h.
#ifdef MCUFORM_OBSERVE
#define MCUFORM_OBSERVE_ROWS(layer, values, ...) mcuform_observe_rows(layer, values, sizeof *(values), __VA_ARGS__)
#define MCUFORM_OBSERVE_CACHE(...) mcuform_observe_cache(__VA_ARGS__)
#else
#define MCUFORM_OBSERVE_ROWS(...) static_cast<void>(0)
#define MCUFORM_OBSERVE_CACHE(...) static_cast<void>(0)
#endif

extern "C" const unsigned char @name@_weights[@NAME@_WEIGHTS_BYTES];

namespace {

namespace rt = mcuform::rt;

)",
      {{"name", package.name}, {"NAME", package.upperName}});
  emitTables();
  const bool isOne = package.regions.empty();
  std::string areArenas;
  for (const RegionArena &region : package.regions)
    areArenas += " && is_arena(memory->" + region.name + ")";
  text += fillTemplate(
      R"(
template <typename T> T *buffer(@arena@, int32_t at) { return reinterpret_cast<T *>(@bytes@ + at); }
template <typename T> const T *weights(int32_t at) { return reinterpret_cast<const T *>(@name@_weights + at); }
bool is_arena(const void *memory) { return memory && reinterpret_cast<uintptr_t>(memory) % @NAME@_ARENA_ALIGN == 0; }
@isMemory@)",
      {{"name", package.name},
       {"NAME", package.upperName},
       {"arena", isOne ? "unsigned char *arena" : "void *arena"},
       {"bytes", isOne ? "arena" : "static_cast<unsigned char *>(arena)"},
       {"isMemory", isOne ? "" : "bool is_memory(const " + package.name + "_memory *memory) { return memory" + areArenas + "; }\n"}});
  if (package.fed)
    emitFeedingState();
  for (auto stage : package.function.getOps<mcurt::StageOp>())
    emitStage(stage);
  text += "\n} // namespace\n";
  package.fed ? emitStreamedEntries() : emitEntries();
  text += fillTemplate(R"(
extern "C" int @name@_check_weights(void) {
  return rt::crc32(@name@_weights, @NAME@_WEIGHTS_BYTES) == @crc@u ? @NAME@_OK : @NAME@_ERROR_WEIGHTS;
}

#ifdef MCUFORM_PROFILE
extern "C" const mcuform_call @name@_calls[@NAME@_CALL_COUNT] = {
@table@};
#endif
)",
                       {{"name", package.name}, {"NAME", package.upperName}, {"table", callTable}, {"crc", crcOfWeights()}});
  return text;
}

std::string emitSource(const Package &package) { return SourceEmitter(package).emit(); }

} // namespace mcuform::emission
