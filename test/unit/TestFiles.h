// Files for tests: a directory of their own that goes away, and errors as text.
#ifndef MCUFORM_TEST_UNIT_TESTFILES_H
#define MCUFORM_TEST_UNIT_TESTFILES_H

#include "llvm/Support/Error.h"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace mcuform::test {

/// A new directory under `parent`, removed with all it holds at the end of the test.
class TemporaryDirectory {
public:
  explicit TemporaryDirectory(const std::string &parent = std::filesystem::temp_directory_path().string()) {
    std::string name = parent + "/mcuform-unit-XXXXXX";
    REQUIRE(mkdtemp(name.data()) != nullptr);
    root = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(root); }
  TemporaryDirectory(const TemporaryDirectory &) = delete;
  TemporaryDirectory &operator=(const TemporaryDirectory &) = delete;

  std::string path(const std::string &name = "") const { return name.empty() ? root : root + "/" + name; }

  void write(const std::string &name, const std::string &contents) const {
    std::filesystem::create_directories(std::filesystem::path(path(name)).parent_path());
    std::ofstream(path(name), std::ios::binary) << contents;
  }
  std::string read(const std::string &name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  /// Everything below, by relative path; directories end in '/' and have no contents. Equal snapshots = nothing was changed.
  std::map<std::string, std::string> snapshot() const {
    std::map<std::string, std::string> result;
    for (const auto &entry : std::filesystem::recursive_directory_iterator(root)) {
      std::string name = std::filesystem::relative(entry.path(), root).string();
      if (entry.is_directory() && !entry.is_symlink())
        result[name + "/"] = "";
      else
        result[name] = entry.is_regular_file() ? read(name) : "(no regular file)";
    }
    return result;
  }

private:
  std::string root;
};

inline std::string message(llvm::Error error) { return llvm::toString(std::move(error)); }

template <class T> std::string message(llvm::Expected<T> expected) {
  return expected ? std::string("(no error)") : llvm::toString(expected.takeError());
}

/// The house's form of a diagnostic: one line, no final period, no capital at its beginning.
inline void checkDiagnosticForm(const std::string &text, const std::string &path) {
  INFO(text);
  REQUIRE(text.rfind(path + ": ", 0) == 0);
  std::string what = text.substr(path.size() + 2);
  REQUIRE(!what.empty());
  CHECK(what.back() != '.');
  CHECK(what.find('\n') == std::string::npos);
  CHECK_FALSE((what[0] >= 'A' && what[0] <= 'Z'));
}

} // namespace mcuform::test

#endif // MCUFORM_TEST_UNIT_TESTFILES_H
