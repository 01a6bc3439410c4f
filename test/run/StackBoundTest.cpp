// The bound for the stack, on listings written as objdump writes them.
#include "compiler/driver/run/StackBound.h"

#include <catch2/catch.hpp>

using namespace mcuform;

namespace {

/// A function "run" at 0x1000 and others behind it.
std::string listing(const std::string &run, const std::string &others = "") { return "\n00001000 <run>:\n" + run + "\n" + others; }

uint64_t boundOf(const std::string &text) {
  llvm::Expected<StackBound> bound = computeStackBound(text, "run");
  if (!bound)
    FAIL(llvm::toString(bound.takeError()));
  return bound->bytes;
}

std::string errorOf(const std::string &text) {
  llvm::Expected<StackBound> bound = computeStackBound(text, "run");
  return bound ? "" : llvm::toString(bound.takeError());
}

const std::string kLeaf = "00002000 <leaf>:\n    2000:\tpush\t{r4, lr}\n    2002:\tvpush\t{d8-d9}\n    2006:\tsub\tsp, #92\t@ 0x5c\n"
                          "    2008:\tadd\tsp, #92\t@ 0x5c\n    200a:\tvpop\t{d8-d9}\n    200e:\tpop\t{r4, pc}\n";

} // namespace

TEST_CASE("frames add up along the deepest chain of calls") {
  std::string run = "    1000:\tstmdb\tsp!, {r4-r11, lr}\n    1004:\tstrd\tr0, r1, [sp, #-8]!\n    1008:\tbl\t2000 <leaf>\n    100c:\tldrd\tr0, r1, [sp], #8\n"
                    "    1010:\tldmia.w\tsp!, {r4-r11, pc}\n";
  CHECK(boundOf(listing(run, kLeaf)) == 36 + 8 + 8 + 16 + 92);
  llvm::Expected<StackBound> bound = computeStackBound(listing(run, kLeaf), "run");
  REQUIRE(bool(bound));
  REQUIRE(bound->deepest.size() == 2);
  CHECK(bound->deepest[0].bytes == 44);
  CHECK(bound->deepest[1].function == "leaf");
}

TEST_CASE("a tail call has given its frame back") {
  CHECK(boundOf(listing("    1000:\tpush\t{r4, lr}\n    1002:\tpop\t{r4, lr}\n    1006:\tb.w\t2000 <leaf>\n", kLeaf)) == 116);
}

TEST_CASE("ways through a function are followed, not its text") {
  // Two ways with a frame each: they do not add up.
  CHECK(boundOf(listing("    1000:\tcbz\tr0, 1008 <run+0x8>\n    1002:\tsub\tsp, #16\n    1004:\tadd\tsp, #16\n    1006:\tbx\tlr\n    1008:\tsub\tsp, #24\n"
                        "    100a:\tadd\tsp, #24\n    100c:\tbx\tlr\n")) == 24);
  // A table of a switch leads anywhere in the function.
  CHECK(boundOf(listing("    1000:\tpush\t{r4, lr}\n    1002:\ttbb\t[pc, r0]\n    1006:\t.short\t0x0102\n    1008:\tsub\tsp, #8\n    100a:\tadd\tsp, #8\n"
                        "    100c:\tpop\t{r4, pc}\n")) == 16);
}

TEST_CASE("low-overhead loops are branches") {
  // The frame behind the loop is reached by the branch of wls alone.
  CHECK(boundOf(listing("    1000:\twls\tlr, r0, 100c <run+0xc>\n    1004:\tvldrb.s16\tq0, [r1], #8\n    1008:\tle\tlr, 1004 <run+0x4>\n"
                        "    100a:\tbx\tlr\n    100c:\tsub\tsp, #24\n    100e:\tadd\tsp, #24\n    1010:\tbx\tlr\n")) == 24);
  // Stores of vectors with write-back count in bytes.
  CHECK(boundOf(listing("    1000:\tvstrw.32\tq4, [sp, #-16]!\n    1004:\tvldrw.u32\tq4, [sp], #16\n    1008:\tbx\tlr\n")) == 16);
  // A loop that pushes each time has no bound.
  CHECK(errorOf(listing("    1000:\tdls\tlr, r0\n    1004:\tpush\t{r4}\n    1006:\tle\tlr, 1004 <run+0x4>\n    100a:\tbx\tlr\n"))
            .find("takes ever more stack") != std::string::npos);
}

TEST_CASE("what stands against a bound is named") {
  CHECK(errorOf(listing("    1000:\tpush\t{r4, lr}\n    1002:\tbl\t1000 <run>\n    1006:\tpop\t{r4, pc}\n")).find("recursion, 'run' calls 'run'") !=
        std::string::npos);
  CHECK(errorOf(listing("    1000:\tblx\tr3\n    1002:\tbx\tlr\n")).find("\"blx r3\" may call anything") != std::string::npos);
  CHECK(errorOf(listing("    1000:\tbx\tr3\n")).find("may jump anywhere") != std::string::npos);
  CHECK(errorOf(listing("    1000:\tsub.w\tsp, sp, r3\n    1004:\tbx\tlr\n")).find("gives the stack pointer a value that is not known") != std::string::npos);
  CHECK(errorOf(listing("    1000:\tmov\tsp, r7\n    1002:\tbx\tlr\n")).find("not known") != std::string::npos);
  CHECK(errorOf(listing("    1000:\tpush\t{r0}\n    1002:\tb.n\t1000 <run>\n")).find("takes ever more stack") != std::string::npos);
  CHECK(errorOf("00002000 <walk>:\n    2000:\tbx\tlr\n").find("has no function 'run'") != std::string::npos);
}
