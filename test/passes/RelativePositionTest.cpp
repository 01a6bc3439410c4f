// Tables of relative positions from embeddings of pairs: grids of all proportions, clipped or not, with and without class tokens.
#include "passes/fusion/RelativePosition.h"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>

using namespace mcuform;
using mcuf::RelativeGrid;

namespace {

/// Random tables and the embeddings that they give, laid out as a constant [token][key][channel] or [token][channel][key].
struct Network {
  RelativeGrid grid;
  int64_t width;
  bool ofQueries;
  std::vector<float> table, values;

  Network(RelativeGrid grid, int64_t width, bool ofQueries, uint32_t seed) : grid(grid), width(width), ofQueries(ofQueries) {
    std::mt19937 random(seed);
    for (int64_t i = 0; i < grid.tableRows() * width; ++i)
      table.push_back(float(int32_t(random())) * 0x1p-31f);
    const int64_t tokens = grid.tokens();
    values.resize(size_t(tokens * tokens * width));
    for (int64_t i = 0; i < tokens; ++i)
      for (int64_t j = 0; j < tokens; ++j)
        for (int64_t c = 0; c < width; ++c)
          values[size_t(i * tokens * width + (ofQueries ? c * tokens + j : j * width + c))] = float(sumOf(grid, table, i, j, c));
  }

  /// The embedding of a pair, channel c.
  double sumOf(const RelativeGrid &g, const std::vector<float> &t, int64_t i, int64_t j, int64_t c) const {
    if (i < g.prefix || j < g.prefix)
      return t[size_t(c)];
    return double(t[size_t(g.rowOfRows(i, j) * width + c)]) + t[size_t(g.rowOfColumns(i, j) * width + c)];
  }

  PairEmbeddings embeddings() const {
    const int64_t tokens = grid.tokens();
    return {values.data(), tokens, width, tokens * width, ofQueries ? 1 : width, ofQueries ? tokens : 1};
  }

  bool equals(const RelativePosition &found) const {
    for (int64_t i = 0; i < grid.tokens(); ++i)
      for (int64_t j = 0; j < grid.tokens(); ++j)
        for (int64_t c = 0; c < width; ++c)
          if (std::fabs(sumOf(found.grid, found.table, i, j, c) - sumOf(grid, table, i, j, c)) > 2e-6)
            return false;
    return true;
  }
};

} // namespace

TEST_CASE("tables of relative positions are found by their values") {
  std::string reason;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    auto pick = [&](int64_t low, int64_t high) { return low + int64_t(random() % uint64_t(high - low + 1)); };
    RelativeGrid grid{pick(0, 2), pick(1, 7), pick(1, 7), 0, 0};
    if (grid.height * grid.width < 2)
      continue;
    grid.rowClip = pick(grid.height > 1, grid.height - 1);
    grid.columnClip = pick(grid.width > 1, grid.width - 1);
    INFO("seed " << seed << ": " << grid.prefix << " + " << grid.height << "x" << grid.width << ", clips " << grid.rowClip << ", "
                 << grid.columnClip);
    const Network network(grid, pick(1, 5), seed % 2, seed);
    auto found = findRelativePosition(network.embeddings(), nullptr, reason);
    REQUIRE(found);
    CHECK(network.equals(*found));
    CHECK(found->grid.tableRows() <= grid.tableRows());
    // A line or a column of patches is the same thing.
    if (grid.height > 1 && grid.width > 1)
      CHECK(found->grid.numbers() == grid.numbers());
    const RelativePosition longer = extended(*found, found->grid.rowClip + 2, found->grid.columnClip + 1);
    CHECK(int64_t(longer.table.size()) == longer.grid.tableRows() * network.width);
    CHECK(network.equals(longer));
    CHECK(findRelativePosition(network.embeddings(), &found->grid, reason));
    RelativeGrid other = found->grid;
    ++other.height;
    CHECK(!findRelativePosition(network.embeddings(), &other, reason));
  }
}

TEST_CASE("the tables share what belongs to rows and columns alike") {
  Network network({1, 3, 3, 2, 2}, 1, false, 1);
  for (float &value : network.table)
    value = 0;
  for (float &value : network.values)
    value = 6;
  std::string reason;
  auto found = findRelativePosition(network.embeddings(), nullptr, reason);
  REQUIRE(found);
  // One vector for all pairs: every number of class tokens fits.
  CHECK(found->grid.tableRows() == 3);
  CHECK(found->table == std::vector<float>{0, 3, 3});
}

TEST_CASE("one other vector is no relative position") {
  Network network({1, 4, 6, 3, 2}, 3, true, 7);
  std::string reason;
  REQUIRE(findRelativePosition(network.embeddings(), nullptr, reason));
  const float kept = std::exchange(network.values[size_t(9 * 25 * 3 + 1 * 25 + 20)], 5.0f);
  CHECK(!findRelativePosition(network.embeddings(), nullptr, reason));
  CHECK(reason == "the embedding of tokens 9 and 20 is no sum of one for a distance of rows and one for a distance of columns, with 1 "
                  "class tokens and a "
                  "grid of 4x6 patches, nor with any other grid");
  network.values[size_t(9 * 25 * 3 + 1 * 25 + 20)] = kept;
  // A class token with two vectors.
  network.values[2] += 1;
  CHECK(!findRelativePosition(network.embeddings(), nullptr, reason));
}
