// Every grid that the number of tokens allows is tried against the values; most are refuted by the first pairs.
#include "passes/fusion/RelativePosition.h"

#include <cmath>

namespace mcuform {
namespace {

using mcuf::RelativeGrid;

/// Class tokens, distillation tokens, registers: more than any network has.
constexpr int64_t kMostPrefixTokens = 16;
/// Of the largest magnitude: the sum of two float32 is rounded by 6e-8 of itself, and four of them are compared with each other.
constexpr double kTolerance = 1e-6;

class Search {
public:
  explicit Search(const PairEmbeddings &embeddings) : e(embeddings) {
    double largest = 0;
    for (int64_t i = 0; i < e.tokens; ++i)
      for (int64_t j = 0; j < e.tokens; ++j)
        for (int64_t c = 0; c < e.width; ++c)
          largest = std::max(largest, std::fabs(double(at(i, j, c))));
    tolerance = kTolerance * largest;
  }

  /// How many leading tokens have one vector in all their pairs.
  int64_t countPrefix() const {
    int64_t prefix = 0;
    for (; prefix < std::min(e.tokens - 1, kMostPrefixTokens); ++prefix)
      for (int64_t j = prefix; j < e.tokens; ++j)
        if (!equal(0, 0, prefix, j) || !equal(0, 0, j, prefix))
          return prefix;
    return prefix;
  }

  /// The distances of rows and columns taken apart. False where a pair differs, which is then `misfit`.
  bool fits(RelativeGrid grid) {
    const int64_t p = grid.prefix, g = grid.height * grid.width;
    for (int64_t i = 0; i < g; ++i)
      for (int64_t j = 0; j < g; ++j) {
        const int64_t dy = j / grid.width - i / grid.width, dx = j % grid.width - i % grid.width;
        for (int64_t c = 0; c < e.width; ++c)
          if (std::fabs(double(at(p + i, p + j, c)) - (ofRows(grid, dy, c) + ofColumns(grid, dx, c))) > tolerance) {
            misfit = {p + i, p + j};
            return false;
          }
      }
    return true;
  }

  /// `grid` fits but for its clips, which are set to the least possible.
  void shortenClips(RelativeGrid &grid) const {
    auto clipOf = [&](int64_t extent, auto value) {
      int64_t clip = extent - 1;
      auto repeats = [&](int64_t from) {
        for (int64_t c = 0; c < e.width; ++c)
          if (std::fabs(value(from, c) - value(from - 1, c)) > tolerance || std::fabs(value(-from, c) - value(1 - from, c)) > tolerance)
            return false;
        return true;
      };
      while (clip > 0 && repeats(clip))
        --clip;
      return clip;
    };
    grid.rowClip = clipOf(grid.height, [&](int64_t dy, int64_t c) { return ofRows(grid, dy, c); });
    grid.columnClip = clipOf(grid.width, [&](int64_t dx, int64_t c) { return ofColumns(grid, dx, c); });
  }

  /// What belongs to rows and columns alike is divided evenly.
  std::vector<float> tableOf(const RelativeGrid &grid) const {
    std::vector<float> table(size_t(grid.tableRows() * e.width));
    for (int64_t c = 0; c < e.width; ++c) {
      double rows = 0, columns = 0;
      for (int64_t dy = -grid.rowClip; dy <= grid.rowClip; ++dy)
        rows += ofRows(grid, dy, c) / double(2 * grid.rowClip + 1);
      for (int64_t dx = -grid.columnClip; dx <= grid.columnClip; ++dx)
        columns += ofColumns(grid, dx, c) / double(2 * grid.columnClip + 1);
      const double moved = (columns - rows) / 2;
      float *out = table.data() + c;
      *out = grid.prefix ? at(0, 0, c) : 0;
      for (int64_t dy = -grid.rowClip; dy <= grid.rowClip; ++dy)
        *(out += e.width) = float(ofRows(grid, dy, c) + moved);
      for (int64_t dx = -grid.columnClip; dx <= grid.columnClip; ++dx)
        *(out += e.width) = float(ofColumns(grid, dx, c) - moved);
    }
    return table;
  }

  /// The pair at which the last grid that was refuted failed.
  std::pair<int64_t, int64_t> misfit{0, 0};

private:
  float at(int64_t i, int64_t j, int64_t c) const { return e.at(i, j)[c * e.channelStride]; }
  bool equal(int64_t i, int64_t j, int64_t k, int64_t l) const {
    for (int64_t c = 0; c < e.width; ++c)
      if (std::fabs(double(at(i, j, c)) - at(k, l, c)) > tolerance)
        return false;
    return true;
  }
  /// The embedding of a distance along one axis, from the pair with it that stands first; that of no distance counts to the rows.
  double ofRows(const RelativeGrid &grid, int64_t dy, int64_t c) const {
    const int64_t i = grid.prefix + std::max<int64_t>(0, -dy) * grid.width;
    return at(i, i + dy * grid.width, c);
  }
  double ofColumns(const RelativeGrid &grid, int64_t dx, int64_t c) const {
    const int64_t i = grid.prefix + std::max<int64_t>(0, -dx);
    return double(at(i, i + dx, c)) - at(grid.prefix, grid.prefix, c);
  }

  const PairEmbeddings &e;
  double tolerance = 0;
};

} // namespace

std::optional<RelativePosition> findRelativePosition(const PairEmbeddings &embeddings, const RelativeGrid *like, std::string &reason) {
  Search search(embeddings);
  const int64_t prefix = search.countPrefix();
  std::optional<RelativeGrid> best;
  RelativeGrid squarest;
  std::pair<int64_t, int64_t> misfit{0, 0};
  for (int64_t p = 0; p <= prefix; ++p)
    for (int64_t height = 1, patches = embeddings.tokens - p; height <= patches; ++height) {
      RelativeGrid grid{p, height, patches / height, 0, 0};
      if (patches % height || (like && (like->prefix != p || like->height != height || like->width != grid.width)))
        continue;
      if (!search.fits(grid)) {
        // What the message is about: all leading tokens that can be, and the grid that is nearest to a square.
        if (p == prefix && height <= grid.width) {
          squarest = grid;
          misfit = search.misfit;
        }
        continue;
      }
      search.shortenClips(grid);
      if (!best || grid.tableRows() < best->tableRows())
        best = grid;
    }
  if (best)
    return RelativePosition{*best, search.tableOf(*best)};
  reason = "the embedding of tokens " + std::to_string(misfit.first) + " and " + std::to_string(misfit.second) +
           " is no sum of one for a distance of rows and one for a distance of columns, with " + std::to_string(squarest.prefix) +
           " class tokens and a grid of " + std::to_string(squarest.height) + "x" + std::to_string(squarest.width) +
           " patches, nor with any other grid";
  return std::nullopt;
}

RelativePosition extended(const RelativePosition &position, int64_t rowClip, int64_t columnClip) {
  const RelativeGrid &from = position.grid;
  RelativePosition result{{from.prefix, from.height, from.width, rowClip, columnClip}, {}};
  const size_t width = position.table.size() / size_t(from.tableRows());
  auto copy = [&](int64_t row) {
    auto begin = position.table.begin() + ptrdiff_t(size_t(row) * width);
    result.table.insert(result.table.end(), begin, begin + ptrdiff_t(width));
  };
  copy(0);
  for (int64_t dy = -rowClip; dy <= rowClip; ++dy)
    copy(1 + from.rowClip + std::clamp(dy, -from.rowClip, from.rowClip));
  for (int64_t dx = -columnClip; dx <= columnClip; ++dx)
    copy(2 + 2 * from.rowClip + from.columnClip + std::clamp(dx, -from.columnClip, from.columnClip));
  return result;
}

} // namespace mcuform
