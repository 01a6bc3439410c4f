#include "compiler/support/Progress.h"

#include "llvm/Support/Process.h"
#include "llvm/Support/raw_ostream.h"

#include <algorithm>

using namespace mcuform;

static constexpr std::chrono::seconds kFirstDrawDelay{1};
static constexpr std::chrono::milliseconds kRedrawInterval{100};
// Carriage return and "erase to the end of the line", which every terminal since the VT100 knows.
static constexpr const char *kEraseLine = "\r\x1b[K";

static llvm::raw_ostream *terminalOrNull() { return llvm::sys::Process::StandardErrIsDisplayed() ? &llvm::errs() : nullptr; }

static Progress::Clock::rep ticksAfter(Progress::Clock::duration delay) {
  return (Progress::Clock::now().time_since_epoch() + delay).count();
}

Progress::Progress(std::string label, uint64_t total)
    : label(std::move(label)), total(total), stream(terminalOrNull()), nextDraw(ticksAfter(kFirstDrawDelay)) {}

Progress::Progress(std::string label, uint64_t total, llvm::raw_ostream &stream, Clock::duration delay)
    : label(std::move(label)), total(total), stream(&stream), nextDraw(ticksAfter(delay)) {}

Progress::~Progress() {
  if (!isLineShown)
    return;
  *stream << kEraseLine;
  stream->flush();
}

void Progress::advance(uint64_t n) {
  uint64_t now = done.fetch_add(n) + n;
  if (!stream || ticksAfter({}) < nextDraw.load(std::memory_order_relaxed))
    return;
  draw(now);
}

void Progress::draw(uint64_t now) {
  // A thread that finds another one drawing goes back to its work.
  std::unique_lock<std::mutex> lock(drawMutex, std::try_to_lock);
  if (!lock || now <= drawnDone)
    return;
  drawnDone = now;
  isLineShown = true;
  nextDraw = ticksAfter(kRedrawInterval);
  *stream << kEraseLine << label << ' ' << now << '/' << total;
  if (total > 0)
    *stream << " (" << std::min<uint64_t>(100, static_cast<uint64_t>(100.0 * now / total)) << " %)";
  stream->flush();
}
