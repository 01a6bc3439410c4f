#include "compiler/driver/run/FitRecord.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/support/WriteFile.h"

#include <nlohmann/json.hpp>

namespace mcuform {

namespace {

/// A file that does not change keeps its time stamp: nothing is compiled anew for it.
llvm::Error update(const std::string &path, const std::string &text) {
  llvm::Expected<std::string> old = readFile(path);
  if (old && *old == text)
    return llvm::Error::success();
  if (!old)
    llvm::consumeError(old.takeError());
  return writeFile(path, {text});
}

uint64_t sramBytes(const PackageReport &report, const LinkedFit &fit) { return report.arenaBytes + report.staticBytes + fit.stack.bytes; }
uint64_t flashBytes(const PackageReport &report, const LinkedFit &fit) { return report.packBytes + fit.size.code + fit.size.tables; }

/// The target's memories: the one with the stack here, all others by the linker's script.
llvm::Error checkTarget(const PackageReport &report, const TargetDescription &target, uint64_t stackBytes) {
  const MemoryRegion &sram = *target.findRegion(MemoryKind::Sram);
  const uint64_t arenaBytes = report.arenaBytesBesideStack(target), needed = arenaBytes + report.staticBytes + stackBytes;
  if (needed > sram.sizeBytes)
    return fault("package '" + llvm::Twine(report.name) + "' needs " + llvm::Twine(needed) + " bytes of '" + sram.name + "' (arena " +
                 llvm::Twine(arenaBytes) + ", static data " + llvm::Twine(report.staticBytes) + ", stack " + llvm::Twine(stackBytes) +
                 "), target '" + target.name + "' has " + llvm::Twine(sram.sizeBytes));
  if (stackBytes > target.stackReserveBytes)
    return fault("package '" + llvm::Twine(report.name) + "' takes up to " + llvm::Twine(stackBytes) + " bytes of stack, target '" +
                 target.name + "' reserves " + llvm::Twine(target.stackReserveBytes));
  return llvm::Error::success();
}

llvm::Error checkLimits(const PackageReport &report, const LinkedFit &fit) {
  if (sramBytes(report, fit) > report.limits.sram)
    return fault("package '" + llvm::Twine(report.name) + "' needs " + llvm::Twine(sramBytes(report, fit)) + " bytes of SRAM (arena " +
                 llvm::Twine(report.arenaBytes) + ", static data " + llvm::Twine(report.staticBytes) + ", stack " +
                 llvm::Twine(fit.stack.bytes) + "), it was compiled for " + llvm::Twine(report.limits.sram) + ": compile it with a smaller --arena");
  if (flashBytes(report, fit) > report.limits.flash)
    return fault("package '" + llvm::Twine(report.name) + "' needs " + llvm::Twine(flashBytes(report, fit)) + " bytes of flash (weights " +
                 llvm::Twine(report.packBytes) + ", code " + llvm::Twine(fit.size.code) + ", tables " + llvm::Twine(fit.size.tables) +
                 "), it was compiled for " + llvm::Twine(report.limits.flash) + ": compile it with --weights int4 or with more --flash");
  return llvm::Error::success();
}

} // namespace

llvm::Expected<std::optional<LinkedFit>> proveFit(const PackageReport &report, const TargetDescription &target, llvm::StringRef program,
                                                  llvm::StringRef buildDirectory) {
  llvm::Expected<std::optional<StackBound>> stack = readStackBound(program, buildDirectory, report.entries(), target.hasFeature("mve"));
  if (!stack)
    return stack.takeError();
  if (!*stack)
    return std::nullopt;
  llvm::Expected<std::string> map = readFile(joinPath(buildDirectory, "harness.map"));
  if (!map)
    return map.takeError();
  llvm::Expected<CodeSize> size = computeCodeSize(*map, report.name);
  if (!size)
    return size.takeError();
  LinkedFit fit{std::move(**stack), *size};
  if (fit.size.data != report.staticBytes)
    return bug("package '" + report.name + "' has " + llvm::Twine(fit.size.data) + " bytes of variables, its report says " +
               llvm::Twine(report.staticBytes));
  if (llvm::Error error = checkTarget(report, target, fit.stack.bytes))
    return error;
  if (report.target == target.name)
    if (llvm::Error error = checkLimits(report, fit))
      return error;
  return std::optional<LinkedFit>(std::move(fit));
}

llvm::Error recordFit(const PackageReport &report, const LinkedFit &fit) {
  const std::string path = joinPath(report.directory, "report.json");
  llvm::Expected<std::string> text = readFile(path);
  if (!text)
    return text.takeError();
  auto root = nlohmann::ordered_json::parse(*text);
  auto deepest = nlohmann::ordered_json::array();
  for (const StackUse &use : fit.stack.deepest)
    deepest.push_back({{"function", use.function}, {"bytes", use.bytes}});
  root["fit"] = {{"target", report.target},
                 {"stack_bytes", fit.stack.bytes},
                 {"code_bytes", fit.size.code},
                 {"tables_bytes", fit.size.tables},
                 {"runtime_bytes", fit.size.runtime},
                 {"sram_bytes", sramBytes(report, fit)},
                 {"flash_bytes", flashBytes(report, fit)},
                 {"deepest_stack", deepest}};
  if (llvm::Error error = update(path, root.dump(2) + "\n"))
    return error;
  const std::string headerPath = joinPath(report.directory, report.name + "_fit.h"),
                    header = fitHeader(report.name, report.target, report.limits, FitProof{fit.stack.bytes, fit.size.code, fit.size.tables});
  return update(headerPath, header);
}

} // namespace mcuform
