#include "compiler/driver/run/PackageBuild.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/driver/run/Process.h"
#include "compiler/support/Resources.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"

#include <thread>

namespace mcuform {

namespace {

bool isInstalled(llvm::StringRef program) { return static_cast<bool>(llvm::sys::findProgramByName(program)); }

/// The last lines of what the tools wrote: errors stand at the end.
std::string tailOf(llvm::StringRef logPath) {
  constexpr size_t lineLimit = 40;
  llvm::Expected<std::string> text = readFile(logPath);
  if (!text) {
    llvm::consumeError(text.takeError());
    return {};
  }
  llvm::SmallVector<llvm::StringRef, 64> lines;
  llvm::StringRef(*text).rtrim().split(lines, '\n');
  std::string tail;
  for (llvm::StringRef line : llvm::ArrayRef(lines).take_back(lineLimit))
    tail += "\n  " + line.str();
  return tail;
}

llvm::Error run(llvm::ArrayRef<std::string> words, llvm::StringRef directory, llvm::StringRef logPath, bool isFailureOurBug,
                llvm::StringRef what) {
  llvm::sys::fs::remove(logPath);
  llvm::Expected<int> status = runProcess(words, directory, logPath, [] { return llvm::Error::success(); });
  if (!status)
    return status.takeError();
  if (*status == 0)
    return llvm::Error::success();
  std::string message = what.str() + " (status " + std::to_string(*status) + "):" + tailOf(logPath);
  return isFailureOurBug ? bug(message) : fault(message);
}

/// RAM for the harness's portions of a streamed image: as much as is left, and no more than its largest portion needs.
uint64_t bytesForLines(const PackageReport &report, const TargetDescription &target) {
  constexpr uint64_t largestPortion = 40, ownBytes = 1024;
  const uint64_t taken =
      report.arenaBytesBesideStack(target) + report.staticBytes + 2 * static_cast<uint64_t>(report.outputCount) + ownBytes;
  const uint64_t room = target.budgetBytesOf(*target.findRegion(MemoryKind::Sram)), left = room > taken ? room - taken : 0;
  return std::min(left, largestPortion * report.lineBytes());
}

} // namespace

llvm::Expected<std::string> buildHarness(const PackageReport &report, const TargetDescription &target, llvm::StringRef buildDirectory,
                                         Hooks hooks) {
  llvm::SmallString<256> build(buildDirectory);
  llvm::sys::fs::make_absolute(build);
  if (std::error_code code = llvm::sys::fs::create_directories(build))
    return fileError(build, code);

  const std::string sources = joinPath(joinPath(resourceDir(), "targets"), "common");
  const std::string log = joinPath(build, "build.log");
  std::vector<std::string> configure = {"cmake",
                                        "-S",
                                        sources,
                                        "-B",
                                        std::string(build),
                                        "-DCMAKE_TOOLCHAIN_FILE=" + joinPath(target.directory, "toolchain.cmake"),
                                        "-DMCUFORM_TARGET_DIR=" + target.directory,
                                        "-DMCUFORM_PACKAGE_DIR=" + report.directory,
                                        std::string("-DMCUFORM_PROFILE=") + (hooks == Hooks::Profile ? "ON" : "OFF"),
                                        std::string("-DMCUFORM_OBSERVE=") + (hooks == Hooks::Observe ? "ON" : "OFF")};
  if (report.isStreamed())
    configure.push_back("-DMCUFORM_LINES_BYTES=" + std::to_string(bytesForLines(report, target)));
  if (isInstalled("ninja") && !llvm::sys::fs::exists(joinPath(build, "CMakeCache.txt")))
    configure.insert(configure.end(), {"-G", "Ninja"});
  if (isInstalled("ccache"))
    configure.push_back("-DCMAKE_CXX_COMPILER_LAUNCHER=ccache");
  // What cannot be configured is a machine without the target's tools, what cannot be built a package that we wrote badly.
  if (llvm::Error error = run(configure, build, log, false, "cannot prepare the build for target '" + target.name + "'"))
    return error;
  const std::string jobs = std::to_string(std::max(1u, std::thread::hardware_concurrency()));
  if (llvm::Error error = run({"cmake", "--build", std::string(build), "--parallel", jobs}, build, log, true,
                              "package '" + report.name + "' does not build for target '" + target.name + "'"))
    return error;
  return joinPath(build, "harness");
}

} // namespace mcuform
