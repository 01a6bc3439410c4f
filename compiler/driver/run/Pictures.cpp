#include "compiler/driver/run/Pictures.h"

#include <algorithm>

namespace mcuform {

namespace {

using Colour = std::array<int64_t, 3>;

/// Averages the boxes of an image that the pixels of a smaller one stand for.
class Shrunk {
public:
  Shrunk(llvm::ArrayRef<uint8_t> image, std::array<int64_t, 3> shape, int64_t columns) : image(image), shape(shape) {
    width = std::min(columns, shape[1]);
    height = std::max<int64_t>(1, shape[0] * width / shape[1]);
  }

  Colour at(int64_t row, int64_t column) const {
    const auto [firstRow, endRow] = span(row, height, shape[0]);
    const auto [firstColumn, endColumn] = span(column, width, shape[1]);
    Colour sum{};
    for (int64_t y = firstRow; y < endRow; ++y)
      for (int64_t x = firstColumn; x < endColumn; ++x)
        for (int64_t channel = 0; channel < 3; ++channel)
          sum[channel] += image[(y * shape[1] + x) * shape[2] + (shape[2] == 3 ? channel : 0)];
    for (int64_t &part : sum)
      part /= (endRow - firstRow) * (endColumn - firstColumn);
    return sum;
  }

  int64_t width, height;

private:
  static std::pair<int64_t, int64_t> span(int64_t at, int64_t count, int64_t extent) {
    const int64_t first = at * extent / count;
    return {first, std::max(first + 1, (at + 1) * extent / count)};
  }
  llvm::ArrayRef<uint8_t> image;
  std::array<int64_t, 3> shape;
};

std::string code(int ground, const Colour &colour) {
  return "\x1b[" + std::to_string(ground) + ";2;" + std::to_string(colour[0]) + ";" + std::to_string(colour[1]) + ";" +
         std::to_string(colour[2]) + "m";
}

} // namespace

std::vector<std::string> drawPicture(llvm::ArrayRef<uint8_t> image, std::array<int64_t, 3> shape, int64_t columns) {
  constexpr int foreground = 38, background = 48;
  const Shrunk picture(image, shape, columns);
  std::vector<std::string> lines;
  for (int64_t row = 0; row < picture.height; row += 2) {
    std::string line;
    for (int64_t column = 0; column < picture.width; ++column) {
      line += code(foreground, picture.at(row, column));
      if (row + 1 < picture.height)
        line += code(background, picture.at(row + 1, column));
      line += "\u2580"; // upper half block
    }
    lines.push_back(line + "\x1b[0m");
  }
  return lines;
}

} // namespace mcuform
