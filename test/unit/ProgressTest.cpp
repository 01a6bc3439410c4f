#include "compiler/support/ParallelFor.h"
#include "compiler/support/Progress.h"

#include "llvm/Support/raw_ostream.h"

#include <catch2/catch.hpp>

using namespace mcuform;

TEST_CASE("a progress line shows the count and is wiped at the end") {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    Progress progress("calibrating", 3, stream, {});
    progress.advance();
    CHECK(stream.str() == "\r\x1b[Kcalibrating 1/3 (33 %)");
    progress.advance(); // too soon to be drawn again
    CHECK(stream.str() == "\r\x1b[Kcalibrating 1/3 (33 %)");
  }
  CHECK(stream.str() == "\r\x1b[Kcalibrating 1/3 (33 %)\r\x1b[K");
}

TEST_CASE("quick work shows no progress line") {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    Progress progress("calibrating", 1000, stream, std::chrono::hours(1));
    parallelFor(1000, [&](size_t) { progress.advance(); }, 8);
  }
  CHECK(stream.str().empty());
}

TEST_CASE("a progress line may be advanced from many threads") {
  std::string text;
  llvm::raw_string_ostream stream(text);
  {
    Progress progress("x", 0, stream, {});
    parallelFor(10000, [&](size_t) { progress.advance(2); }, 8);
  }
  CHECK(stream.str().size() < 10000);
  CHECK(llvm::StringRef(stream.str()).ends_with("\r\x1b[K"));
}
