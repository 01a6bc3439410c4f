#include "compiler/support/ParallelFor.h"

#include <catch2/catch.hpp>

#include <atomic>
#include <cstdlib>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace mcuform;

TEST_CASE("parallelFor calls each index once, whatever the thread count") {
  for (unsigned threads : {0u, 1u, 2u, 3u, 16u, 100u}) {
    for (size_t n : {size_t(0), size_t(1), size_t(7), size_t(5000)}) {
      std::vector<int> calls(n);
      parallelFor(n, [&](size_t i) { ++calls[i]; }, threads);
      CHECK(calls == std::vector<int>(n, 1));
    }
  }
}

TEST_CASE("parallelFor inside parallelFor completes") {
  std::vector<std::vector<int>> results(20, std::vector<int>(20));
  parallelFor(20, [&](size_t i) { parallelFor(20, [&](size_t j) { results[i][j] = static_cast<int>(i * j); }, 8); }, 8);
  for (size_t i = 0; i < 20; ++i)
    for (size_t j = 0; j < 20; ++j)
      CHECK(results[i][j] == static_cast<int>(i * j));
}

TEST_CASE("parallelFor reports the lowest failing index") {
  for (int round = 0; round < 200; ++round) {
    std::string what;
    try {
      parallelFor(
          100,
          [](size_t i) {
            if (i == 31 || i == 32 || i > 60)
              throw std::runtime_error(std::to_string(i));
          },
          4);
    } catch (const std::runtime_error &error) {
      what = error.what();
    }
    CHECK(what == "31");
  }
  // The failure does not stick to the thread.
  std::atomic<int> calls{0};
  parallelFor(10, [&](size_t) { ++calls; }, 4);
  CHECK(calls == 10);
}

TEST_CASE("the default thread count follows the option, then the environment") {
  setenv("MCUFORM_THREADS", "3", 1);
  CHECK(defaultThreadCount() == 3);
  setDefaultThreadCount(5);
  CHECK(defaultThreadCount() == 5);
  setDefaultThreadCount(0);
  for (const char *nonsense : {"", "0", "-1", "many", "3x"}) {
    setenv("MCUFORM_THREADS", nonsense, 1);
    CHECK(defaultThreadCount() >= 1);
    CHECK(defaultThreadCount() <= 1024);
  }
  unsetenv("MCUFORM_THREADS");
  CHECK(defaultThreadCount() >= 1);
}
