#include "compiler/driver/run/PackageRun.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/driver/run/Process.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cstring>

namespace mcuform {

namespace {

// In the run's own directory, where programs are started: short names suit the few bytes that boards have for a command line.
constexpr llvm::StringRef imagesName = "images", logitsName = "logits", statisticsName = "statistics", logName = "log",
                          layerValuesName = "values"; // targets/common/observe.cpp knows the last one

/// The harness's status for a package whose weights fail their check: a damaged file, not one that was written wrong.
constexpr int weightsDamaged = 14;

/// Fills in a target's run command.
std::vector<std::string> commandOf(const TargetDescription &target, llvm::StringRef program) {
  std::vector<std::string> words = target.runCommand;
  const std::pair<llvm::StringRef, llvm::StringRef> values[] = {
      {"{program}", program}, {"{images}", imagesName}, {"{logits}", logitsName}, {"{statistics}", statisticsName}};
  for (std::string &word : words)
    for (auto [placeholder, value] : values)
      for (size_t at = 0; (at = word.find(placeholder.data(), at, placeholder.size())) != std::string::npos; at += value.size())
        word.replace(at, placeholder.size(), value.data(), value.size());
  return words;
}

uint64_t fileSize(const std::string &path) {
  uint64_t size = 0;
  return llvm::sys::fs::file_size(path, size) ? 0 : size;
}

/// Gives up when no image is finished for too long. The limit counts from the last image, so long runs need no other limit than short ones.
class Watcher {
public:
  Watcher(std::string logitsPath, uint64_t bytesPerImage, double secondsPerImage, llvm::function_ref<void(uint64_t)> progress)
      : logitsPath(std::move(logitsPath)), bytesPerImage(bytesPerImage), secondsPerImage(secondsPerImage), progress(progress) {}

  llvm::Error look() {
    const auto now = Clock::now();
    const uint64_t done = fileSize(logitsPath) / bytesPerImage;
    if (done != seen) {
      seen = done;
      since = now;
      progress(done);
    }
    // The first image is run three times; see targets/common/harness.cpp.
    const double allowed = secondsPerImage * (seen == 0 ? 3 : 1);
    if (std::chrono::duration<double>(now - since).count() <= allowed)
      return llvm::Error::success();
    std::string words;
    llvm::raw_string_ostream(words) << "gave up: image " << seen << " was not finished within " << llvm::format("%g", secondsPerImage)
                                    << " s; --time-limit gives it more";
    return fault(words);
  }

private:
  using Clock = std::chrono::steady_clock;
  const std::string logitsPath;
  const uint64_t bytesPerImage;
  const double secondsPerImage;
  const llvm::function_ref<void(uint64_t)> progress;
  uint64_t seen = 0;
  Clock::time_point since = Clock::now();
};

/// The harness's statistics: lines of "key value".
struct Statistics {
  std::optional<uint64_t> status, arenaBytes, inputBytes, outputCount, images;
  RunResult result;
};

llvm::Expected<Statistics> readStatistics(const std::string &path) {
  llvm::Expected<std::string> text = readFile(path);
  if (!text) {
    llvm::consumeError(text.takeError());
    return Statistics(); // The program did not come so far.
  }
  Statistics statistics;
  llvm::SmallVector<llvm::StringRef, 64> lines;
  llvm::StringRef(*text).split(lines, '\n', -1, /*KeepEmpty=*/false);
  for (llvm::StringRef line : lines) {
    auto [key, digits] = line.split(' ');
    uint64_t value = 0;
    if (digits.getAsInteger(10, value))
      return bug("the harness wrote statistics that cannot be read: '" + line + "'");
    auto *list = llvm::StringSwitch<std::vector<uint64_t> *>(key)
                     .Case("instructions", &statistics.result.instructions)
                     .Case("high_water_bytes_of_arena", &statistics.result.arenaHighWater)
                     .Case("call_runs", &statistics.result.callRuns)
                     .Case("call_instructions", &statistics.result.callInstructions)
                     .Default(nullptr);
    if (list) {
      list->push_back(value);
      continue;
    }
    auto *slot = llvm::StringSwitch<std::optional<uint64_t> *>(key)
                     .Case("status", &statistics.status)
                     .Case("arena_bytes", &statistics.arenaBytes)
                     .Case("input_bytes", &statistics.inputBytes)
                     .Case("output_count", &statistics.outputCount)
                     .Case("images", &statistics.images)
                     .Case("arena_high_water_bytes", &statistics.result.arenaHighWaterBytes)
                     .Case("stack_high_water_bytes", &statistics.result.stackHighWaterBytes)
                     .Case("hook_instructions", &statistics.result.hookInstructions)
                     .Default(nullptr);
    if (!slot)
      return bug("the harness wrote statistics of an unknown kind: '" + line + "'");
    *slot = value;
  }
  return statistics;
}

/// What the program printed, on a line of its own after ours; empty if nothing.
std::string wordsOf(const std::string &logPath) {
  llvm::Expected<std::string> text = readFile(logPath);
  if (!text) {
    llvm::consumeError(text.takeError());
    return {};
  }
  llvm::StringRef words = llvm::StringRef(*text).trim();
  constexpr size_t lengthLimit = 2000;
  return words.empty() ? std::string() : ":\n  " + words.take_front(lengthLimit).str();
}

/// The package's header, by way of the harness, against its report.
llvm::Error checkAgreement(const Statistics &statistics, const PackageReport &report) {
  const struct {
    const char *what;
    std::optional<uint64_t> inHeader;
    uint64_t inReport;
  } sizes[] = {{"the size of the arena", statistics.arenaBytes, report.arenaBytes},
               {"the size of the input", statistics.inputBytes, report.inputBytes()},
               {"the number of outputs", statistics.outputCount, static_cast<uint64_t>(report.outputCount)}};
  for (const auto &size : sizes)
    if (size.inHeader && *size.inHeader != size.inReport)
      return bug(llvm::Twine("the package contradicts itself: ") + size.what + " is " + llvm::Twine(*size.inHeader) + " in its header, " +
                 llvm::Twine(size.inReport) + " in its report.json");
  return llvm::Error::success();
}

} // namespace

llvm::Expected<RunResult> runPackage(const PackageReport &report, const TargetDescription &target, const RunRequest &request,
                                     llvm::function_ref<void(uint64_t done)> progress) {
  if (target.runCommand.empty())
    return fault("target '" + target.name + "' has no run command in its target.yaml");
  llvm::Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
  if (!directory)
    return directory.takeError();
  const std::string logitsPath = directory->file(logitsName), logPath = directory->file(logName);
  if (llvm::Error error = writeFile(directory->file(imagesName), {llvm::StringRef(request.images.data(), request.images.size())}))
    return error;

  const uint64_t logitBytes = static_cast<uint64_t>(report.outputCount) * sizeof(int16_t);
  Watcher watcher(logitsPath, logitBytes, request.secondsPerImage, progress);
  llvm::Expected<int> status = runProcess(commandOf(target, request.program), directory->path(), logPath, [&] { return watcher.look(); });
  if (!status)
    return status.takeError();

  llvm::Expected<Statistics> statistics = readStatistics(directory->file(statisticsName));
  if (!statistics)
    return statistics.takeError();
  if (llvm::Error error = checkAgreement(*statistics, report))
    return error;
  if (*status != 0 || statistics->status != uint64_t{0}) {
    const std::string message =
        "package '" + report.name + "' failed on target '" + target.name + "' (status " + std::to_string(*status) + ")" + wordsOf(logPath);
    return *status == weightsDamaged ? fault(message) : bug(message);
  }

  const uint64_t imageCount = request.images.size() / report.inputBytes();
  llvm::Expected<std::string> logits = readFile(logitsPath);
  if (!logits)
    return logits.takeError();
  RunResult result = std::move(statistics->result);
  if (statistics->images != imageCount || logits->size() != imageCount * logitBytes ||
      (!result.instructions.empty() && result.instructions.size() != imageCount))
    return bug("the harness ran over other images than the " + llvm::Twine(imageCount) + " that it was given");
  result.logits.resize(logits->size() / sizeof(int16_t));
  std::memcpy(result.logits.data(), logits->data(), logits->size());
  if (const std::string path = directory->file(layerValuesName); llvm::sys::fs::exists(path)) {
    llvm::Expected<std::string> values = readFile(path);
    if (!values)
      return values.takeError();
    result.layerValues.assign(values->begin(), values->end());
  }
  return result;
}

} // namespace mcuform
