#include "compiler/support/ParallelFor.h"

#include "llvm/ADT/StringRef.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <limits>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

using namespace mcuform;

static std::atomic<unsigned> chosenThreadCount{0};
static thread_local bool isInsideLoop = false;

// More threads than this are a slip of the environment, not a machine.
static constexpr unsigned kMaxThreads = 1024;

unsigned mcuform::defaultThreadCount() {
  if (unsigned chosen = chosenThreadCount.load())
    return chosen;
  unsigned fromEnvironment = 0;
  const char *text = std::getenv("MCUFORM_THREADS");
  if (text && !llvm::StringRef(text).getAsInteger(10, fromEnvironment) && fromEnvironment > 0)
    return std::min(fromEnvironment, kMaxThreads);
  return std::max(1u, std::thread::hardware_concurrency());
}

void mcuform::setDefaultThreadCount(unsigned threadCount) { chosenThreadCount = std::min(threadCount, kMaxThreads); }

namespace {
/// State shared by the threads of one loop.
struct Loop {
  Loop(size_t count, llvm::function_ref<void(size_t)> fn) : count(count), fn(fn) {}

  const size_t count;
  const llvm::function_ref<void(size_t)> fn;
  std::atomic<size_t> next{0};
  std::atomic<bool> hasFailed{false};
  std::mutex failureMutex;
  size_t failedIndex = std::numeric_limits<size_t>::max();
  std::exception_ptr failure;

  // Indices are claimed in ascending order and a claimed one always runs, so every index below a throwing one runs too: the lowest throwing
  // index is found whatever the timing.
  void work() {
    bool wasInside = std::exchange(isInsideLoop, true);
    while (!hasFailed) {
      size_t index = next.fetch_add(1);
      if (index >= count)
        break;
      try {
        fn(index);
      } catch (...) {
        std::lock_guard<std::mutex> lock(failureMutex);
        if (index < failedIndex) {
          failedIndex = index;
          failure = std::current_exception();
        }
        hasFailed = true;
      }
    }
    isInsideLoop = wasInside;
  }
};
} // namespace

void mcuform::parallelFor(size_t n, llvm::function_ref<void(size_t)> fn, unsigned threadCount) {
  size_t threads = isInsideLoop ? 1 : std::min<size_t>(n, threadCount ? std::min(threadCount, kMaxThreads) : defaultThreadCount());
  Loop loop(n, fn);
  std::vector<std::thread> helpers;
  try {
    for (size_t i = 1; i < threads; ++i)
      helpers.emplace_back([&loop] { loop.work(); });
  } catch (const std::system_error &) {
    // The machine grants no more threads; those there are, this one at least, do the work.
  }
  loop.work();
  for (std::thread &helper : helpers)
    helper.join();
  if (loop.failure)
    std::rethrow_exception(loop.failure);
}
