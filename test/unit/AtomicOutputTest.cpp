#include "compiler/support/AtomicOutput.h"
#include "compiler/support/WriteFile.h"
#include "test/unit/TestFiles.h"

#include <csignal>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace mcuform;
using namespace mcuform::test;
namespace fs = std::filesystem;
using Snapshot = std::map<std::string, std::string>;

static AtomicOutput packageIn(const std::string &directory) {
  AtomicOutput output(directory);
  REQUIRE(message(output.add("model.h", "header")) == "");
  REQUIRE(message(output.add("model.cpp", "source")) == "");
  REQUIRE(message(output.add("runtime/kernel.cpp", "kernel")) == "");
  return output;
}

namespace {
/// Makes writes beyond `bytes` of a file fail with EFBIG: a full disk that tests can have, even as root.
class FileSizeLimit {
public:
  explicit FileSizeLimit(rlim_t bytes) {
    previousHandler = std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &previous);
    rlimit limit = previous;
    limit.rlim_cur = bytes;
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &previous);
    std::signal(SIGXFSZ, previousHandler);
  }

private:
  rlimit previous;
  void (*previousHandler)(int);
};
} // namespace

TEST_CASE("a new output directory appears with all its files and missing parents") {
  TemporaryDirectory directory;
  AtomicOutput output = packageIn(directory.path("a/b/out/"));
  CHECK(directory.snapshot().empty()); // nothing before commit()
  REQUIRE(message(output.commit()) == "");
  CHECK(directory.snapshot() == Snapshot{{"a/", ""},
                                         {"a/b/", ""},
                                         {"a/b/out/", ""},
                                         {"a/b/out/model.cpp", "source"},
                                         {"a/b/out/model.h", "header"},
                                         {"a/b/out/runtime/", ""},
                                         {"a/b/out/runtime/kernel.cpp", "kernel"}});
}

TEST_CASE("a path with percent signs is taken as it is") {
  TemporaryDirectory directory;
  AtomicOutput output = packageIn(directory.path("50%%/out%%%"));
  REQUIRE(message(output.commit()) == "");
  CHECK(directory.read("50%%/out%%%/model.h") == "header");
  CHECK(message(writeFile(directory.path("%%%%.txt"), {"x", "y"})) == "");
  CHECK(directory.read("%%%%.txt") == "xy");
}

TEST_CASE("an existing output directory keeps what is not of the package") {
  TemporaryDirectory directory;
  directory.write("out/model.h", "old header");
  directory.write("out/model.cpp", "source"); // has the right bytes already
  directory.write("out/main.cpp", "the user's");
  auto untouched = fs::file_time_type::clock::now() - std::chrono::hours(5);
  fs::last_write_time(directory.path("out/model.cpp"), untouched);
  fs::last_write_time(directory.path("out/model.h"), untouched);

  AtomicOutput output = packageIn(directory.path("out"));
  REQUIRE(message(output.commit()) == "");
  const Snapshot expected = {{"out/", ""},
                             {"out/main.cpp", "the user's"},
                             {"out/model.cpp", "source"},
                             {"out/model.h", "header"},
                             {"out/runtime/", ""},
                             {"out/runtime/kernel.cpp", "kernel"}};
  CHECK(directory.snapshot() == expected);
  CHECK(fs::last_write_time(directory.path("out/model.cpp")) == untouched);
  CHECK(fs::last_write_time(directory.path("out/model.h")) != untouched);
  // A second run finds everything in place.
  REQUIRE(message(output.commit()) == "");
  CHECK(directory.snapshot() == expected);
}

TEST_CASE("an output directory may be a link") {
  TemporaryDirectory directory;
  fs::create_directory(directory.path("real"));
  fs::create_directory_symlink("real", directory.path("out"));
  AtomicOutput output = packageIn(directory.path("out"));
  REQUIRE(message(output.commit()) == "");
  CHECK(directory.read("real/model.h") == "header");
}

TEST_CASE("files of a package are plain relative paths, each once") {
  AtomicOutput output("/out");
  for (const char *path : {"", "/etc/passwd", "../x", "a/../../x", "a/./x", "a//x", "a/", "./x"}) {
    INFO(path);
    CHECK(message(output.add(path, "x")) == "/out: '" + std::string(path) + "' is no plain relative path");
  }
  CHECK(message(output.add(llvm::StringRef("a\0b", 3), "x")) != "");
  CHECK(message(output.add("a", "x")) == "");
  CHECK(message(output.add("a", "x")) == "/out/a: two files of the package have this name");
  CHECK(output.fileContents().size() == 1);
}

TEST_CASE("a failed commit leaves nothing behind") {
  TemporaryDirectory directory;
  std::string out = directory.path("out");

  SECTION("a parent is a file") {
    directory.write("file", "x");
    out = directory.path("file/deep/out");
  }
  SECTION("OUT is a file") { directory.write("out", "x"); }
  SECTION("OUT is a link to nowhere") { fs::create_symlink("nowhere", out); }
  SECTION("a directory stands where a file goes") {
    directory.write("out/model.h", "old");
    fs::create_directories(directory.path("out/model.cpp"));
  }
  SECTION("a file stands where a directory goes") {
    directory.write("out/model.h", "old");
    directory.write("out/runtime", "x");
  }
  SECTION("a link to nowhere stands where a file goes") {
    directory.write("out/model.h", "old");
    fs::create_symlink("nowhere", directory.path("out/model.cpp"));
  }
  const Snapshot before = directory.snapshot();
  std::string text = message(packageIn(out).commit());
  INFO(text);
  CHECK(text.rfind(directory.path(), 0) == 0);
  CHECK(text.back() != '.');
  CHECK(directory.snapshot() == before);
}

TEST_CASE("a path nobody can write is named") {
  std::string text = message(packageIn("/proc/mcuform/out").commit());
  checkDiagnosticForm(text, "/proc/mcuform");
}

TEST_CASE("a full disk leaves nothing behind and may be tried again") {
  TemporaryDirectory directory;
  bool outExists = GENERATE(false, true);
  if (outExists)
    directory.write("out/model.h", "old");
  AtomicOutput output = packageIn(directory.path(outExists ? "out" : "new/out"));
  REQUIRE(message(output.add("weights.bin", std::string(100000, 'w'))) == "");
  const Snapshot before = directory.snapshot();
  std::string text;
  {
    FileSizeLimit limit(4096);
    text = message(output.commit());
  }
  INFO(text);
  CHECK(text.find("weights.bin: file too large") != std::string::npos);
  CHECK(directory.snapshot() == before);
  CHECK(message(output.commit()) == "");
  CHECK(directory.read(outExists ? "out/weights.bin" : "new/out/weights.bin").size() == 100000);
}

TEST_CASE("a rename that fails in the middle puts the replaced files back") {
  TemporaryDirectory directory;
  struct stat here, shm;
  if (stat("/dev/shm", &shm) != 0 || stat(directory.path().c_str(), &here) != 0 || here.st_dev == shm.st_dev)
    return; // needs two file systems
  TemporaryDirectory elsewhere("/dev/shm");
  directory.write("out/model.h", "old header");
  directory.write("out/model.cpp", "old source");
  // "runtime/kernel.cpp" sorts behind the two, and a rename into another file system fails.
  fs::create_directory_symlink(elsewhere.path(), directory.path("out/runtime"));
  const Snapshot before = directory.snapshot();
  std::string text = message(packageIn(directory.path("out")).commit());
  INFO(text);
  CHECK(text.find("out/runtime/kernel.cpp: ") != std::string::npos);
  CHECK(directory.snapshot() == before);
  CHECK(elsewhere.snapshot().empty());
}

TEST_CASE("writeFile replaces a file completely or not at all") {
  TemporaryDirectory directory;
  directory.write("file", "old");
  {
    FileSizeLimit limit(4096);
    std::string text = message(writeFile(directory.path("file"), {std::string(10000, 'x')}));
    CHECK(text == directory.path("file") + ": file too large");
  }
  CHECK(directory.snapshot() == Snapshot{{"file", "old"}});
  CHECK(message(writeFile(directory.path("file"), {"new", "er"})) == "");
  CHECK(directory.snapshot() == Snapshot{{"file", "newer"}});
  llvm::Expected<std::string> contents = readFile(directory.path("file"));
  REQUIRE(static_cast<bool>(contents));
  CHECK(*contents == "newer");
  checkDiagnosticForm(message(readFile(directory.path("missing"))), directory.path("missing"));
}

TEST_CASE("writeFile leaves devices in place") {
  CHECK(message(writeFile("/dev/null", {"x"})) == "");
  CHECK(fs::is_character_file("/dev/null"));
  CHECK(message(writeFile("/dev/full", {"x"})) == "/dev/full: no space left on device");
}
