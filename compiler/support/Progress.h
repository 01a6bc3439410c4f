// A progress line for work that a person waits for.
//
// Written to stderr only when that is a terminal and only after a second has passed, so quick runs, logs and tests never see it.
// Invariant: the line is wiped before the object dies; what follows starts on a clean line.
#ifndef MCUFORM_COMPILER_SUPPORT_PROGRESS_H
#define MCUFORM_COMPILER_SUPPORT_PROGRESS_H

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>

namespace llvm {
class raw_ostream;
}

namespace mcuform {

/// Usage: `Progress progress("calibrating", imageCount);` then `progress.advance();` from any thread.
class Progress {
public:
  using Clock = std::chrono::steady_clock;

  Progress(std::string label, uint64_t total);
  /// Draws on `stream`, terminal or not, once `delay` has passed. The stream must outlive the object.
  Progress(std::string label, uint64_t total, llvm::raw_ostream &stream, Clock::duration delay);
  ~Progress();
  Progress(const Progress &) = delete;
  Progress &operator=(const Progress &) = delete;

  void advance(uint64_t n = 1);

private:
  void draw(uint64_t done);

  const std::string label;
  const uint64_t total;
  llvm::raw_ostream *const stream; ///< null: silent
  std::atomic<uint64_t> done{0};
  std::atomic<Clock::rep> nextDraw; ///< ticks since the clock's epoch
  std::mutex drawMutex;
  uint64_t drawnDone = 0; ///< under drawMutex; what the line shows
  bool isLineShown = false; ///< under drawMutex
};

} // namespace mcuform

#endif // MCUFORM_COMPILER_SUPPORT_PROGRESS_H
