// Target descriptions, statistics, pictures and processes: the parts of mcuform-run that need no package.
#include "compiler/driver/run/Inputs.h"
#include "compiler/driver/run/Pictures.h"
#include "compiler/driver/run/Process.h"
#include "compiler/driver/run/Statistics.h"
#include "compiler/support/Resources.h"
#include "compiler/support/TargetDescription.h"
#include "compiler/support/WriteFile.h"

#include "llvm/Support/FileSystem.h"

#include "llvm/ADT/StringExtras.h"

#include <catch2/catch.hpp>

#include <cstdlib>

using namespace mcuform;

namespace {

const std::string goodTarget = "name: board\n"
                               "cpu: cortex-m4\n"
                               "features: [ dsp ]\n"
                               "memory:\n"
                               "  - { name: flash, origin: 0x08000000, size: 512 KiB, kind: flash }\n"
                               "  - { name: ram, origin: 0x20000000, size: 65536, kind: sram }\n"
                               "  - { name: outside, origin: 0x90000000, size: 4 MiB, kind: external_flash }\n"
                               "stack_reserve: 4 KiB\n"
                               "run: [ probe, \"{program}\" ]\n";

/// The text with one part replaced by another.
std::string changed(const std::string &part, const std::string &by) {
  std::string text = goodTarget;
  const size_t at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), by);
}

std::string faultOf(const std::string &text) {
  llvm::Expected<TargetDescription> target = parseTarget(text, "targets/board/target.yaml");
  return target ? "none" : llvm::toString(target.takeError());
}

} // namespace

TEST_CASE("a target's description is read") {
  llvm::Expected<TargetDescription> target = parseTarget(goodTarget, "targets/board/target.yaml");
  REQUIRE(static_cast<bool>(target));
  CHECK(target->name == "board");
  CHECK(target->cpu == "cortex-m4");
  CHECK(target->hasFeature("dsp"));
  CHECK_FALSE(target->hasFeature("mve"));
  REQUIRE(target->regions.size() == 3);
  CHECK(target->findRegion(MemoryKind::Flash)->sizeBytes == 512 * 1024);
  CHECK(target->findRegion(MemoryKind::ExternalFlash)->origin == 0x90000000);
  CHECK(target->stackReserveBytes == 4096);
  CHECK(target->sramBudgetBytes() == 65536 - 4096);
  CHECK(target->runCommand == std::vector<std::string>{"probe", "{program}"});
  CHECK(target->directory == "targets/board");
  CHECK(target->weightPanelBytes == 0);
  target = parseTarget(goodTarget + "weight_panel: 8 KiB\n", "targets/board/target.yaml");
  REQUIRE(static_cast<bool>(target));
  CHECK(target->weightPanelBytes == 8192);
}

TEST_CASE("a target's description at fault is refused") {
  CHECK_THAT(faultOf(changed("name: board", "name: other")), Catch::Contains("target is named 'other', its folder 'board'"));
  CHECK_THAT(faultOf(changed("cpu: cortex-m4\n", "")), Catch::Contains("target.yaml:1:1: error: missing required key 'cpu'"));
  CHECK_THAT(faultOf(changed("cpu:", "colour: red\ncpu:")), Catch::Contains("unknown key 'colour'"));
  CHECK_THAT(faultOf(changed("512 KiB", "512 KB")), Catch::Contains("not a number of bytes such as 65536, 64 KiB or 1 MiB"));
  CHECK_THAT(faultOf(changed("512 KiB", "99999999999999 GiB")), Catch::Contains("not a number of bytes"));
  CHECK_THAT(faultOf(changed("kind: sram", "kind: tape")), Catch::Contains("target.yaml:6:"));
  CHECK_THAT(faultOf(changed("kind: sram", "kind: flash")), Catch::Contains("a region of kind flash and one of kind sram are needed"));
  CHECK_THAT(faultOf(changed("0x20000000", "0x0807fffc")), Catch::Contains("regions 'flash' and 'ram' overlap"));
  CHECK_THAT(faultOf(changed("name: ram", "name: flash")), Catch::Contains("two regions are named 'flash'"));
  CHECK_THAT(faultOf(changed("size: 65536", "size: 0")), Catch::Contains("region 'ram' is empty"));
  CHECK_THAT(faultOf(changed("name: ram", "name: RAM-1")), Catch::Contains("region 'RAM-1' has a name that is no identifier"));
  CHECK_THAT(faultOf(changed("4 KiB", "64 KiB")),
             Catch::Contains("stack reserve of 65536 bytes leaves nothing of region 'ram' with 65536"));
  CHECK_THAT(faultOf(goodTarget + "weight_panel: 60 KiB\n"), Catch::Contains("weight panels of 61440 bytes leave nothing of region 'ram'"));
  CHECK_THAT(faultOf("[ 1, 2"), Catch::Contains("target.yaml"));
}

TEST_CASE("a target can have several memories for arenas") {
  llvm::Expected<TargetDescription> target = loadTarget("mps2-an500-f746");
  REQUIRE(static_cast<bool>(target));
  std::vector<MemoryRegion> memories = target->sramRegions();
  REQUIRE(memories.size() == 3);
  CHECK(memories[0].name == "dtcm");
  CHECK(target->budgetBytesOf(memories[0]) == (64 - 8) * 1024);
  CHECK(target->budgetBytesOf(memories[1]) == 240 * 1024);
  CHECK(target->sramBudgetBytes() == (320 - 8) * 1024);
  CHECK(target->findRegion(MemoryKind::CodeRam)->sizeBytes == 16 * 1024);

  PackageReport report;
  report.name = "model";
  report.arenaBytes = 300000;
  report.regions = {{"dtcm", 57344}, {"sram1", 242656}};
  CHECK_FALSE(static_cast<bool>(checkArenas(report, *target)));
  CHECK(report.arenaBytesBesideStack(*target) == 57344);
  report.regions[0].arenaBytes = 57345;
  CHECK(llvm::toString(checkArenas(report, *target)) ==
        "package 'model' needs an arena of 57345 bytes in 'dtcm', target 'mps2-an500-f746' has 57344 beside its stack");
  report.regions[0].name = "ccm";
  CHECK(llvm::toString(checkArenas(report, *target)) ==
        "package 'model' has an arena in 'ccm', a memory that target 'mps2-an500-f746' does not have");
  // On a target with one memory all arenas are there; one arena stands in the largest of several.
  llvm::Expected<TargetDescription> one = loadTarget("mps2-an500");
  REQUIRE(static_cast<bool>(one));
  CHECK_FALSE(static_cast<bool>(checkArenas(report, *one)));
  CHECK(report.arenaBytesBesideStack(*one) == 300000);
  report.regions.clear();
  CHECK(llvm::toString(checkArenas(report, *target)) ==
        "package 'model' needs an arena of 300000 bytes, target 'mps2-an500-f746' has 245760 beside its stack");
}

TEST_CASE("the targets beside the tool are found") {
  const std::vector<std::string> all = {"host", "mps2-an386", "mps2-an500", "mps2-an500-f746", "mps2-an505", "mps3-an547"};
  CHECK(listTargets() == all);
  for (const std::string &name : listTargets()) {
    llvm::Expected<TargetDescription> target = loadTarget(name);
    INFO(name);
    REQUIRE(static_cast<bool>(target));
    CHECK_FALSE(target->runCommand.empty());
  }
  const std::string known = "known: " + llvm::join(all, ", ");
  CHECK(llvm::toString(loadTarget("toaster").takeError()) == "unknown target 'toaster'; " + known);
  CHECK(llvm::toString(loadTarget("../targets/host").takeError()) == "unknown target '../targets/host'; " + known);
}

TEST_CASE("the environment says where the resources are") {
  setenv("MCUFORM_RESOURCE_DIR", "/nowhere", 1);
  CHECK(resourceDir() == "/nowhere");
  CHECK(listTargets().empty());
  CHECK(llvm::toString(loadTarget("host").takeError()) == "unknown target 'host'; known: none in /nowhere/targets");
  setenv("MCUFORM_RESOURCE_DIR", "", 1);
  CHECK_THAT(resourceDir(), Catch::EndsWith("/share/mcuform"));
}

TEST_CASE("accuracy compares with labels and reference") {
  const std::vector<float> logits = {1, 2, 0, /**/ 5, 5, 1, /**/ -3, -2, -1};
  const std::vector<float> reference = {1, 2.25f, 0, /**/ 5, 5.5f, 1, /**/ -3, -2, -1};
  const std::vector<int64_t> labels = {1, 1, 0};
  Accuracy accuracy = computeAccuracy(logits, 3, labels, reference);
  CHECK(*accuracy.top1 == Approx(1.0 / 3)); // of equal logits the first counts
  CHECK(*accuracy.top1Reference == Approx(2.0 / 3));
  CHECK(*accuracy.agreement == Approx(2.0 / 3));
  CHECK(*accuracy.maxAbsError == 0.5);

  accuracy = computeAccuracy(logits, 3, {}, reference);
  CHECK_FALSE(accuracy.top1);
  CHECK_FALSE(accuracy.top1Reference);
  CHECK(accuracy.agreement);
  accuracy = computeAccuracy(logits, 3, labels, {});
  CHECK(accuracy.top1);
  CHECK_FALSE(accuracy.agreement);
  CHECK_FALSE(accuracy.maxAbsError);
}

TEST_CASE("softmax sums to one, however large the logits") {
  const std::vector<double> probabilities = softmax({1000.0f, 1000.0f, 0.0f});
  CHECK(probabilities[0] == Approx(0.5));
  CHECK(probabilities[2] == Approx(0.0).margin(1e-12));
}

TEST_CASE("a picture has two rows of pixels a line") {
  const std::vector<uint8_t> image = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  const std::vector<std::string> lines = drawPicture(image, {3, 1, 3}, 10);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0] == "\x1b[38;2;1;2;3m\x1b[48;2;4;5;6m\u2580\x1b[0m");
  CHECK(lines[1] == "\x1b[38;2;7;8;9m\u2580\x1b[0m");
}

TEST_CASE("a large picture is averaged, a grey one is grey") {
  const std::vector<uint8_t> image = {0, 100, 20, 40, 100, 0, 30, 30};
  const std::vector<std::string> lines = drawPicture(image, {2, 4, 1}, 2);
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "\x1b[38;2;50;50;50m\u2580\x1b[38;2;30;30;30m\u2580\x1b[0m");
}

TEST_CASE("a process is run to its end") {
  llvm::Expected<TemporaryDirectory> directory = TemporaryDirectory::create();
  REQUIRE(static_cast<bool>(directory));
  const std::string log = directory->file("log");
  auto go = [&](const std::string &script, llvm::function_ref<llvm::Error()> watch) {
    return runProcess({"sh", "-c", script}, directory->path(), log, watch);
  };
  auto ignore = [] { return llvm::Error::success(); };

  SECTION("status and words") {
    CHECK(llvm::cantFail(go("echo one; echo two >&2; echo three > here; exit 7", ignore)) == 7);
    CHECK(llvm::cantFail(readFile(log)) == "one\ntwo\n");
    CHECK(llvm::cantFail(readFile(directory->file("here"))) == "three\n");
  }
  SECTION("a signal") { CHECK(llvm::cantFail(go("kill -9 $$", ignore)) == 128 + 9); }
  SECTION("the watcher stops it and its children") {
    int looks = 0;
    auto stop = [&] { return ++looks < 5 ? llvm::Error::success() : llvm::createStringError("enough"); };
    llvm::Expected<int> status = go("(sleep 1; touch late) & sleep 1000", stop);
    REQUIRE_FALSE(static_cast<bool>(status));
    CHECK(llvm::toString(status.takeError()) == "enough");
    llvm::cantFail(go("sleep 1.5", ignore));
    CHECK_FALSE(llvm::sys::fs::exists(directory->file("late")));
  }
  SECTION("a program that is not there") {
    llvm::Expected<int> status = runProcess({"no-such-program"}, directory->path(), log, ignore);
    REQUIRE_FALSE(static_cast<bool>(status));
    CHECK_THAT(llvm::toString(status.takeError()), Catch::Contains("program 'no-such-program' is not installed"));
  }
}

TEST_CASE("sequences become integers as the package's header says") {
  PackageReport report;
  report.inputShape = {1, 1, 3};
  report.inputScale = 0.5f;
  NpyArray sequences = NpyArray::zeros<float>({2, 1, 3});
  const float values[] = {0.74f, -0.76f, 1e9f, -1e9f, 0.0f, 100.0f};
  std::copy(std::begin(values), std::end(values), sequences.data<float>());
  llvm::Expected<std::vector<char>> stored = quantizeSequences("x.npy", sequences, report);
  REQUIRE(static_cast<bool>(stored));
  REQUIRE(stored->size() == 12);
  const int16_t *integers = reinterpret_cast<const int16_t *>(stored->data());
  CHECK(std::vector<int16_t>(integers, integers + 6) == std::vector<int16_t>{1, -2, 32767, -32768, 0, 200});
  sequences.data<float>()[4] = NAN;
  stored = quantizeSequences("x.npy", sequences, report);
  REQUIRE_FALSE(static_cast<bool>(stored));
  CHECK(llvm::toString(stored.takeError()).find("not finite at element 4") != std::string::npos);
}
