// mcuformc: the command line of the compiler.
#include "compiler/driver/Compile.h"

#include <CLI/CLI.hpp>

#include "llvm/Support/raw_ostream.h"

using namespace mcuform;

namespace {

/// "327680", "320K" or "1M".
const CLI::AsSizeValue kBytes(/*kb_is_1000=*/false);

std::string phaseList() {
  std::string text;
  for (const PhaseInfo &info : getPhases())
    text += (text.empty() ? "" : ", ") + info.name.str();
  return text;
}

/// The group of "int4" or "int4:GROUP", 0 for "int8"; nothing for anything else.
std::optional<int64_t> parseWeights(llvm::StringRef text) {
  if (text == "int8")
    return 0;
  if (text == "int4")
    return kDefaultInt4Group;
  int64_t group = 0;
  if (!text.consume_front("int4:") || text.getAsInteger(10, group) || group < 4 || group % 4)
    return std::nullopt;
  return group;
}

} // namespace

int main(int argc, char **argv) {
  CompileOptions options;
  std::string stopAfter, explain, schedule, weights, rowWeights = "none";
  std::vector<std::string> dims, memories;
  std::optional<uint64_t> sram, arena, flash, weightPanel;
  bool interleaveRows = false;

  CLI::App app("Compiles a vision transformer from ONNX to int8 C++ for microcontrollers.", "mcuformc");
  app.set_version_flag("--version", MCUFORM_VERSION);
  app.option_defaults()->always_capture_default(false);
  app.add_option("model", options.modelPath, "the network, an ONNX file (opset 11 to 22)")->required();
  app.add_option("-o,--output", options.outputDirectory, "directory for the package; created if need be");
  app.add_option("--target", options.targetName, "the board, a folder of targets/ (default mps2-an500)");
  app.add_option("--calibrate", options.calibrationPath,
                 ".npy with 32 to 128 typical inputs: uint8 [N,height,width,channels] or float32 [N,channels,height,width]");
  app.add_option("--calibration-method", options.calibrationMethod,
                 "where the 8 bits of a channel of keys or values end: max, at the largest magnitude with a tenth of head-room (default), percentile, at the "
                 "99.99th, mse, where the squared error is least, or auto, the one of these that is best for each tensor")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kCalibrationMethods), std::end(kCalibrationMethods))));
  app.add_option("--row-weights", rowWeights,
                 "what the rounding of weights is best for: none, all rows that a layer reads alike (default), or gradients, the rows that the result depends on: "
                 "less noise on inputs like those of the calibration, more on others")
      ->check(CLI::IsMember(std::vector<std::string>{"none", "gradients"}));
  app.add_option("--calibration-cache", options.calibrationCache,
                 "file that keeps what calibration found: written with --calibrate, without it read, so that a rebuild needs no inputs");
  app.add_option("--weights", weights,
                 "int8 (default), or int4 or int4:GROUP: four bits, GROUP inputs (default 32) to a scale, for the linear layers that bear it")
      ->check(CLI::Validator([](std::string &text) { return parseWeights(text) ? "" : "'" + text + "' is not int8, int4 or int4:GROUP, GROUP a multiple of 4"; },
                             ""));
  app.add_option("--min-sqnr", options.minSqnrDb,
                 "how far the noise of four-bit weights, or of operands in --precision mixed, must stay below the network's result, in dB as "
                 "predicted from single layers (default 14 and 28); what would be beyond keeps its bits. Without these options: how far the "
                 "result is to be above its errors, as measured on calibration inputs; layers get weights of two times 8 bits until it is");
  app.add_option("--precision", options.precision,
                 "what linear layers read: default, 16 bits; strict, 8 bits; mixed, 8 bits but where the result needs 16 (see --min-sqnr)")
      ->check(CLI::IsMember(std::vector<std::string>(std::begin(kPrecisions), std::end(kPrecisions))));
  app.add_option("--mean", options.mean, "mean of the pixels in 0..1, per channel: the network expects (x/255 - mean) / std (default 0)")
      ->delimiter(',');
  app.add_option("--std", options.std, "standard deviation of the pixels in 0..1, per channel (default 1)")->delimiter(',');
  app.add_option("--dim", dims, "size of an input dimension that the file leaves open, such as batch=1; may be repeated");
  app.add_option("--sram", sram, "budget for arena, static data and stack together, such as 320K (default: the target's)")
      ->transform(kBytes);
  app.add_option("--arena", arena, "budget for the arena alone")->transform(kBytes);
  app.add_option("--memory", memories, "budget for the arena in one of the target's memories, such as dtcm=32K (default: all of it); may be repeated");
  app.add_option("--flash", flash, "budget for weights, code and tables together (default: the target's); code and tables are known once mcuform-run has linked them")->transform(kBytes);
  app.add_option("--token-block", options.tokenBlock, "tokens computed together (default: chosen)")->check(CLI::PositiveNumber);
  app.add_option("--input-mode", options.inputMode,
                 "where the image stands: frame, in memory of its own until its last patch is read; overwrite, over the tokens that "
                 "replace it; stream, nowhere: the firmware feeds it line by line, by other functions (default: frame or overwrite, "
                 "stream only where neither fits)")
      ->check(CLI::IsMember(std::vector<std::string>(kInputModes.begin(), kInputModes.end())));
  app.add_option("--weight-panel", weightPanel,
                 "copy weights from flash through a buffer of at most so many bytes, a half being filled while the other is worked on; 0 reads "
                 "them in place (default: the target's)")
      ->transform(kBytes);
  app.add_option("--schedule", schedule,
                 "what attention keeps for all tokens: cached (keys and values), head-by-head (of one head, and int8 contexts), absorbed (int8 "
                 "tokens only; more products) (default: chosen for each attention)")
      ->check(CLI::IsMember(std::vector<std::string>(kAttentionSchedules.begin(), kAttentionSchedules.end())));
  CLI::Option *interleave = app.add_flag("--interleave-rows,!--no-interleave-rows", interleaveRows,
               "let linear layers copy their rows so that four of them lie interleaved: fewer instructions on cores with DSP, more arena "
               "(default: chosen)");
  app.add_option("--name", options.name, "C identifier that all names begin with (default: from the model's file name)");
  app.add_option("--compile-to", stopAfter, "stop after a phase and print its IR: " + phaseList());
  app.add_option("--explain", explain, "memory: print the plan of the arena as text; needs no -o")->check(CLI::IsMember({"memory"}));
  app.add_option("--diagnostics-json", options.diagnosticsPath, "also write all errors and warnings to a file, as JSON with their numbers");
  app.add_option("--dump-phases-to", options.dumpDirectory, "write the IR after every phase into a directory");
  try {
    app.parse(argc, argv);
    if (!stopAfter.empty()) {
      auto phase = parsePhase(stopAfter);
      if (!phase)
        throw CLI::ValidationError("--compile-to", "'" + stopAfter + "' is no phase; they are " + phaseList());
      if (*phase != Phase::Emit)
        options.stopAfter = phase;
    }
    for (const std::string &dim : dims) {
      size_t equals = dim.rfind('=');
      int64_t size = 0;
      if (equals == std::string::npos || !CLI::detail::lexical_cast(dim.substr(equals + 1), size) || size < 1)
        throw CLI::ValidationError("--dim", "'" + dim + "' is not of the form symbol=size");
      options.dims[dim.substr(0, equals)] = size;
    }
    for (const std::string &memory : memories) {
      size_t equals = memory.find('=');
      std::string bytes = equals == std::string::npos ? "" : memory.substr(equals + 1);
      if (bytes.empty() || !kBytes(bytes).empty())
        throw CLI::ValidationError("--memory", "'" + memory + "' is not of the form name=bytes");
      options.memoryBytes[memory.substr(0, equals)] = std::stoll(bytes);
    }
    if (auto found = llvm::find(kAttentionSchedules, schedule); found != kAttentionSchedules.end())
      options.schedule = AttentionSchedule(found - kAttentionSchedules.begin());
    if (interleave->count())
      options.interleaveRows = interleaveRows;
    options.weighsRows = rowWeights == "gradients";
    if (!weights.empty())
      options.int4Group = *parseWeights(weights);
    options.explainMemory = explain == "memory";
    if (!options.stopAfter && !options.explainMemory && options.outputDirectory.empty())
      throw CLI::RequiredError("-o");
    if (!options.name.empty() && options.name != identifierFrom(options.name))
      throw CLI::ValidationError("--name", "'" + options.name + "' is not a lower-case C identifier");
  } catch (const CLI::ParseError &error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  auto signedBytes = [](std::optional<uint64_t> bytes) { return bytes ? std::optional<int64_t>(int64_t(*bytes)) : std::nullopt; };
  options.sramBytes = signedBytes(sram);
  options.arenaBytes = signedBytes(arena);
  options.flashBytes = signedBytes(flash);
  options.weightPanelBytes = signedBytes(weightPanel);
  return int(compileModel(options, llvm::outs(), llvm::errs()));
}
