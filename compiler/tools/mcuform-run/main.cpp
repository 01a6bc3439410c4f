// mcuform-run: builds a package for a target, runs it over images, compares and measures.
//
// Everything that can be refused is refused before the first slow step. Files are written last, so that a failed run leaves none.
#include "compiler/driver/FloatOracle.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/driver/run/FitRecord.h"
#include "compiler/driver/run/Inputs.h"
#include "compiler/driver/run/LayerPage.h"
#include "compiler/driver/run/PackageBuild.h"
#include "compiler/driver/run/Process.h"
#include "compiler/driver/run/Summary.h"
#include "compiler/support/Progress.h"
#include "compiler/support/WriteFile.h"
#include "compiler/tools/mcuform-run/Options.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>

using namespace mcuform;

namespace {

/// All that the command line names, read and checked.
struct Inputs {
  PackageReport report;
  TargetDescription target;
  NpyArray images;
  std::vector<char> sequences; ///< in integers, where the package takes sequences

  llvm::ArrayRef<char> stored() const { return report.takesSequence() ? llvm::ArrayRef<char>(sequences) : llvm::ArrayRef<char>(images.bytes); }
  std::vector<int64_t> labels;
  std::vector<std::string> classNames;
  std::vector<LayerMeaning> meanings; ///< for --per-layer

  int64_t imageCount() const { return images.shape[0]; }
};

/// What would otherwise be found out only after minutes of running.
llvm::Error checkOtherPaths(const Options &options) {
  if (!options.reference.empty() && !llvm::sys::fs::exists(options.reference))
    return fileError(options.reference, "no such file");
  for (llvm::StringRef path : {llvm::StringRef(options.output), llvm::StringRef(options.json), llvm::StringRef(options.html)}) {
    llvm::StringRef directory = llvm::sys::path::parent_path(path);
    if (!directory.empty() && !llvm::sys::fs::is_directory(directory))
      return fileError(path, "cannot be written: no such directory");
  }
  return llvm::Error::success();
}

llvm::Expected<Inputs> readInputs(const Options &options) {
  Inputs inputs;
  if (llvm::Error error = checkOtherPaths(options))
    return error;
  llvm::Expected<PackageReport> report = readPackageReport(options.package);
  if (!report)
    return report.takeError();
  inputs.report = std::move(*report);

  const std::string &targetName = options.target.empty() ? inputs.report.target : options.target;
  llvm::Expected<TargetDescription> target = loadTarget(targetName);
  if (!target)
    return llvm::is_contained(listTargets(), targetName) ? target.takeError()
                                                         : llvm::make_error<UsageError>(llvm::toString(target.takeError()));
  inputs.target = std::move(*target);
  if (llvm::Error error = checkArenas(inputs.report, inputs.target))
    return error;

  if (options.perLayer) {
    llvm::Expected<std::vector<LayerMeaning>> meanings = readLayerMeanings(inputs.report);
    if (!meanings)
      return meanings.takeError();
    inputs.meanings = std::move(*meanings);
  }
  if (options.profile && inputs.report.calls.empty())
    return fault("package '" + llvm::Twine(inputs.report.name) + "' names no calls in its report.json; compile it anew to profile it");

  llvm::Expected<NpyArray> images = readImages(options.input, inputs.report);
  if (!images)
    return images.takeError();
  inputs.images = std::move(*images);
  const int64_t imagesInFile = inputs.imageCount();
  const int64_t imageCount = std::min(imagesInFile, options.limit.value_or(imagesInFile));
  inputs.images.shape[0] = imageCount;
  inputs.images.bytes.resize(static_cast<size_t>(inputs.images.elementCount() * inputs.images.elementBytes()));
  if (inputs.report.takesSequence()) {
    llvm::Expected<std::vector<char>> sequences = quantizeSequences(options.input, inputs.images, inputs.report);
    if (!sequences)
      return sequences.takeError();
    inputs.sequences = std::move(*sequences);
  }

  if (!options.labels.empty()) {
    llvm::Expected<std::vector<int64_t>> labels = readLabels(options.labels, inputs.report, imagesInFile, imageCount);
    if (!labels)
      return labels.takeError();
    inputs.labels = std::move(*labels);
  }
  if (!options.classes.empty()) {
    llvm::Expected<std::vector<std::string>> names = readClassNames(options.classes, inputs.report);
    if (!names)
      return names.takeError();
    inputs.classNames = std::move(*names);
  }
  return inputs;
}

FloatModel floatModel(const std::string &path, const PackageReport &report) { return {path, report.mean, report.std, report.dims}; }

llvm::Expected<std::vector<float>> evaluateReference(const std::string &path, const Inputs &inputs) {
  Progress progress("float reference", static_cast<uint64_t>(inputs.imageCount()));
  size_t seen = 0;
  auto advance = [&](size_t done, size_t) {
    progress.advance(done - seen);
    seen = done;
  };
  llvm::Expected<std::vector<float>> logits = evaluateFloatModel(floatModel(path, inputs.report), inputs.images, advance);
  const size_t expected = static_cast<size_t>(inputs.imageCount() * inputs.report.outputCount);
  if (logits && logits->size() != expected)
    return fileError(path, "has " + std::to_string(logits->size() / static_cast<size_t>(inputs.imageCount())) + " classes, package '" +
                               inputs.report.name + "' has " + std::to_string(inputs.report.outputCount));
  return logits;
}

/// What building and running gives.
struct Run {
  RunResult result;
  std::vector<RegionUse> memory;
  std::optional<LinkedFit> fit;
  std::optional<Profile> profile;
  double seconds = 0;
};

llvm::Expected<Run> buildAndRun(const Options &options, const Inputs &inputs) {
  std::optional<TemporaryDirectory> temporary;
  std::string buildDirectory = options.buildDirectory;
  if (buildDirectory.empty()) {
    llvm::Expected<TemporaryDirectory> created = TemporaryDirectory::create();
    if (!created)
      return created.takeError();
    temporary.emplace(std::move(*created));
    buildDirectory = temporary->path();
  }
  llvm::Expected<std::string> program = buildHarness(inputs.report, inputs.target, buildDirectory, options.profile ? Hooks::Profile : Hooks::None);
  if (!program)
    return program.takeError();
  llvm::Expected<std::vector<RegionUse>> memory = readMemoryMap(*program, inputs.target);
  if (!memory)
    return memory.takeError();
  llvm::Expected<std::optional<LinkedFit>> fit = proveFit(inputs.report, inputs.target, *program, buildDirectory);
  if (!fit)
    return fit.takeError();

  const auto start = std::chrono::steady_clock::now();
  Progress progress("running on " + inputs.target.name, static_cast<uint64_t>(inputs.imageCount()));
  uint64_t seen = 0;
  RunRequest request;
  request.program = *program;
  request.images = inputs.stored();
  request.secondsPerImage = options.secondsPerImage;
  llvm::Expected<RunResult> result = runPackage(inputs.report, inputs.target, request, [&](uint64_t done) {
    progress.advance(done - seen);
    seen = done;
  });
  if (!result)
    return result.takeError();
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (*fit && result->stackHighWaterBytes && *result->stackHighWaterBytes > (*fit)->stack.bytes)
    return bug("package '" + inputs.report.name + "' took " + llvm::Twine(*result->stackHighWaterBytes) + " bytes of stack, more than the " +
               llvm::Twine((*fit)->stack.bytes) + " that it was proved to need at most");
  Run run{std::move(*result), std::move(*memory), std::move(*fit), std::nullopt, seconds};
  if (options.profile) {
    if (run.result.instructions.empty())
      return fault("target '" + inputs.target.name + "' counts no instructions, so there is nothing to profile");
    llvm::Expected<Profile> profile = computeProfile(inputs.report, run.result);
    if (!profile)
      return profile.takeError();
    run.profile = std::move(*profile);
  }
  return run;
}

/// Images over which layers are compared: ViT-Tiny's values of one are 10 MB.
constexpr int64_t observedImages = 8;

/// What the layers compute on a target.
llvm::Expected<std::vector<ImageLayers>> observe(const Options &options, const Inputs &inputs, const TargetDescription &target, size_t imageCount) {
  llvm::Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
  if (!directory)
    return directory.takeError();
  llvm::Expected<std::string> program = buildHarness(inputs.report, target, directory->path(), Hooks::Observe);
  if (!program)
    return program.takeError();
  Progress progress("layers on " + target.name, imageCount);
  uint64_t seen = 0;
  RunRequest request;
  request.program = *program;
  request.images = inputs.stored().take_front(imageCount * inputs.report.inputBytes());
  request.secondsPerImage = options.secondsPerImage;
  llvm::Expected<RunResult> result = runPackage(inputs.report, target, request, [&](uint64_t done) {
    progress.advance(done - seen);
    seen = done;
  });
  if (!result)
    return result.takeError();
  return decodeLayerValues(result->layerValues, inputs.meanings, imageCount);
}

llvm::Expected<LayerComparison> compareLayers(const Options &options, const Inputs &inputs) {
  LayerComparison comparison;
  comparison.imageCount = static_cast<size_t>(std::min(inputs.imageCount(), observedImages));
  comparison.meanings = inputs.meanings;
  comparison.errors.resize(inputs.meanings.size());
  llvm::Expected<std::vector<ImageLayers>> here = observe(options, inputs, inputs.target, comparison.imageCount);
  if (!here)
    return here.takeError();
  if (const std::string host = "host"; inputs.target.name != host) {
    llvm::Expected<TargetDescription> other = loadTarget(host);
    if (!other)
      return other.takeError();
    llvm::Expected<std::vector<ImageLayers>> there = observe(options, inputs, *other, comparison.imageCount);
    if (!there)
      return there.takeError();
    comparison.otherTarget = host;
    comparison.difference = firstDifference(*here, *there, inputs.meanings);
  }
  NpyArray images = inputs.images;
  images.shape[0] = static_cast<int64_t>(comparison.imageCount);
  images.bytes.resize(static_cast<size_t>(images.elementCount() * images.elementBytes()));
  std::vector<FloatLayer> layers;
  for (const LayerMeaning &meaning : inputs.meanings)
    layers.push_back({meaning.number, meaning.rows, meaning.columns});
  auto take = [&](size_t image, size_t layer, llvm::ArrayRef<float> values) {
    comparison.errors[layer].add(inputs.meanings[layer], (*here)[image][layer], values);
  };
  if (llvm::Error error = evaluateFloatLayers(floatModel(options.reference, inputs.report), inputs.report.modelSha256, images, inputs.report.absorbedAttentions,
                                              layers, take))
    return error;
  return comparison;
}

void show(const Options &options, const Inputs &inputs, llvm::ArrayRef<float> logits, llvm::ArrayRef<float> reference) {
  const size_t classCount = static_cast<size_t>(inputs.report.outputCount), imageBytes = inputs.report.inputBytes();
  const size_t count = static_cast<size_t>(std::min(options.show, inputs.imageCount()));
  llvm::ArrayRef<uint8_t> pixels;
  if (!inputs.report.takesSequence())
    pixels = llvm::ArrayRef<uint8_t>(inputs.images.data<uint8_t>(), inputs.images.bytes.size());
  std::vector<Sample> samples(count);
  for (size_t at = 0; at < count; ++at) {
    if (!pixels.empty())
      samples[at].image = pixels.slice(at * imageBytes, imageBytes);
    samples[at].logits = logits.slice(at * classCount, classCount);
    if (!reference.empty())
      samples[at].reference = reference.slice(at * classCount, classCount);
    if (!inputs.labels.empty())
      samples[at].label = inputs.labels[at];
  }
  const bool isTerminal = llvm::outs().is_displayed() && llvm::outs().has_colors();
  printSamples(samples, inputs.report, inputs.classNames, options.showPictures || isTerminal, llvm::outs());
}

llvm::Error writeLogits(const std::string &path, const Inputs &inputs, llvm::ArrayRef<float> logits) {
  NpyArray array = NpyArray::zeros<float>({inputs.imageCount(), inputs.report.outputCount});
  llvm::copy(logits, array.data<float>());
  return writeNpy(path, array);
}

/// The last of all, so that what was measured can be seen.
llvm::Error checkDrop(const Options &options, const Accuracy &accuracy) {
  if (!options.maxDrop)
    return llvm::Error::success();
  const double drop = 100 * (*accuracy.top1Reference - *accuracy.top1);
  if (drop <= *options.maxDrop + 1e-9)
    return llvm::Error::success();
  std::string words;
  llvm::raw_string_ostream(words) << llvm::format("%.2f points fewer right answers than the float model, --max-drop allows %.2f", drop,
                                                  *options.maxDrop);
  return fault(words);
}

llvm::Error work(const Options &options) {
  llvm::Expected<Inputs> inputs = readInputs(options);
  if (!inputs)
    return inputs.takeError();
  llvm::Expected<Run> run = buildAndRun(options, *inputs);
  if (!run)
    return run.takeError();
  std::vector<float> logits, reference;
  for (int16_t value : run->result.logits)
    logits.push_back(inputs->report.outputScale * static_cast<float>(value));
  if (!options.reference.empty()) {
    llvm::Expected<std::vector<float>> evaluated = evaluateReference(options.reference, *inputs);
    if (!evaluated)
      return evaluated.takeError();
    reference = std::move(*evaluated);
  }
  std::optional<LayerComparison> layers;
  if (options.perLayer) {
    llvm::Expected<LayerComparison> compared = compareLayers(options, *inputs);
    if (!compared)
      return compared.takeError();
    layers = std::move(*compared);
  }

  const Accuracy accuracy = computeAccuracy(logits, static_cast<size_t>(inputs->report.outputCount), inputs->labels, reference);
  const Summary summary{inputs->report, inputs->target, inputs->imageCount(), run->result, accuracy, run->memory, run->fit, run->profile, layers, run->seconds};
  show(options, *inputs, logits, reference);
  printSummary(summary, llvm::outs());
  llvm::outs().flush();
  // With hooks it is other code.
  if (run->fit && inputs->report.target == inputs->target.name && !options.profile)
    if (llvm::Error error = recordFit(inputs->report, *run->fit))
      llvm::errs() << "mcuform-run: warning: the proof that the package fits is not recorded in it: " << llvm::toString(std::move(error)) << "\n";
  if (!options.output.empty())
    if (llvm::Error error = writeLogits(options.output, *inputs, logits))
      return error;
  if (!options.json.empty())
    if (llvm::Error error = writeFile(options.json, {summaryJson(summary)}))
      return error;
  if (!options.html.empty())
    if (llvm::Error error = writeFile(options.html, {layersPage(*layers, inputs->report, inputs->target.name)}))
      return error;
  return checkDrop(options, accuracy);
}

} // namespace

int main(int argc, char **argv) {
  ParsedOptions parsed = parseOptions(argc, argv);
  if (parsed.exitStatus)
    return *parsed.exitStatus;
  int status = exitDone;
  llvm::handleAllErrors(work(parsed.options), [&](const llvm::ErrorInfoBase &error) {
    status = error.isA<BugError>() ? exitBug : error.isA<UsageError>() ? exitUsage : exitInputAtFault;
    llvm::errs() << "mcuform-run: error: " << error.message() << "\n";
  });
  return status;
}
