#include "compiler/driver/run/Process.h"
#include "compiler/driver/run/Faults.h"
#include "compiler/support/WriteFile.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Program.h"

#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace mcuform {

char BugError::ID = 0;
char UsageError::ID = 0;

namespace {

volatile std::sig_atomic_t interruptedBy = 0;
void noteInterrupt(int signal) { interruptedBy = signal; }

/// While it lives, an interrupt is only noted, so that the watcher can clean up.
class InterruptGuard {
public:
  InterruptGuard() {
    struct sigaction action = {};
    action.sa_handler = noteInterrupt;
    for (auto &[signal, old] : saved)
      sigaction(signal, &action, &old);
  }
  ~InterruptGuard() {
    for (auto &[signal, old] : saved)
      sigaction(signal, &old, nullptr);
  }

private:
  struct Saved {
    int signal;
    struct sigaction old;
  };
  Saved saved[3] = {{SIGINT, {}}, {SIGTERM, {}}, {SIGHUP, {}}};
};

/// In the child. Only functions that are safe between fork and exec.
[[noreturn]] void becomeProgram(char *const *words, const char *directory, int log) {
  setpgid(0, 0); // a group of its own: what it starts can be killed with it
  int nothing = open("/dev/null", O_RDONLY);
  if (nothing >= 0 && dup2(nothing, 0) >= 0 && dup2(log, 1) >= 0 && dup2(log, 2) >= 0 && chdir(directory) == 0)
    execv(words[0], words);
  _exit(127);
}

} // namespace

llvm::Expected<int> runProcess(llvm::ArrayRef<std::string> words, llvm::StringRef directory, llvm::StringRef logPath,
                               llvm::function_ref<llvm::Error()> watch) {
  std::string program = words[0];
  if (!llvm::StringRef(program).contains('/')) {
    auto found = llvm::sys::findProgramByName(program);
    if (!found)
      return fault("program '" + llvm::Twine(program) + "' is not installed; scripts/setup installs all that mcuform needs");
    program = *found;
  }
  std::vector<char *> arguments;
  arguments.push_back(program.data());
  for (const std::string &word : words.drop_front())
    arguments.push_back(const_cast<char *>(word.c_str()));
  arguments.push_back(nullptr);
  std::string workingDirectory = directory.str();

  int log = open(logPath.str().c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (log < 0)
    return fileError(logPath, std::error_code(errno, std::generic_category()));
  InterruptGuard guard;
  pid_t child = fork();
  if (child == 0)
    becomeProgram(arguments.data(), workingDirectory.c_str(), log);
  close(log);
  if (child < 0)
    return fault("cannot start '" + llvm::Twine(program) + "': " + std::error_code(errno, std::generic_category()).message());

  auto killAndReap = [child] {
    setpgid(child, child); // in case the child has not come to it yet
    kill(-child, SIGKILL);
    waitpid(child, nullptr, 0);
  };
  constexpr auto longestPause = std::chrono::milliseconds(50);
  for (auto pause = std::chrono::milliseconds(1);; pause = std::min(pause * 2, longestPause)) {
    int status = 0;
    pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child)
      return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (ended < 0 && errno != EINTR)
      return fault("lost sight of '" + llvm::Twine(program) + "'");
    llvm::Error stop = interruptedBy ? fault("interrupted") : watch();
    if (stop) {
      killAndReap();
      return stop;
    }
    std::this_thread::sleep_for(pause);
  }
}

llvm::Expected<TemporaryDirectory> TemporaryDirectory::create() {
  llvm::SmallString<256> path;
  if (std::error_code code = llvm::sys::fs::createUniqueDirectory("mcuform-run", path))
    return fileError("temporary directory", code);
  return TemporaryDirectory(std::string(path));
}

TemporaryDirectory::~TemporaryDirectory() {
  if (!path_.empty())
    llvm::sys::fs::remove_directories(path_);
}

std::string TemporaryDirectory::file(llvm::StringRef name) const {
  return joinPath(path_, name);
}

} // namespace mcuform
