// What the harness writes of layers: put together, held against float values and against another target.
#include "compiler/driver/run/LayerValues.h"
#include "compiler/driver/run/Faults.h"

#include <catch2/catch.hpp>

#include <cstring>

using namespace mcuform;

namespace {

/// A file as targets/common/observe.cpp writes it.
struct Records {
  std::vector<char> bytes;

  template <class T>
  Records &add(int32_t layer, int32_t firstRow, int32_t rows, int32_t firstColumn, int32_t columns, std::vector<T> values) {
    const int32_t head[] = {layer, firstRow, rows, firstColumn, columns, static_cast<int32_t>(sizeof(T))};
    append(head, sizeof head);
    append(values.data(), values.size() * sizeof(T));
    return *this;
  }

private:
  void append(const void *from, size_t size) {
    const char *begin = static_cast<const char *>(from);
    bytes.insert(bytes.end(), begin, begin + size);
  }
};

const std::vector<LayerMeaning> meanings = {{2, 0, 3, 4, {0.5f}}, {5, 1, 1, 2, {1.0f, 0.25f}}};

std::vector<ImageLayers> decoded(const Records &records, size_t imageCount) {
  llvm::Expected<std::vector<ImageLayers>> images = decodeLayerValues(records.bytes, meanings, imageCount);
  REQUIRE(static_cast<bool>(images));
  return *images;
}

bool isRefused(const Records &records, size_t imageCount) {
  llvm::Expected<std::vector<ImageLayers>> images = decodeLayerValues(records.bytes, meanings, imageCount);
  if (images)
    return false;
  bool isBug = false;
  llvm::handleAllErrors(images.takeError(), [&](const llvm::ErrorInfoBase &error) { isBug = error.isA<BugError>(); });
  return isBug;
}

} // namespace

TEST_CASE("blocks of rows and columns become a layer's values") {
  Records records;
  records.add<int16_t>(2, 1, 2, 2, 2, {7, -8, 9, 30000}).add<int8_t>(5, 0, 1, 0, 2, {-1, 127});
  records.add<int16_t>(2, 1, 2, 2, 2, {1, 2, 3, 4}).add<int8_t>(5, 0, 1, 0, 2, {5, 6});
  const std::vector<ImageLayers> images = decoded(records, 2);
  REQUIRE(images.size() == 2);
  CHECK(images[0][0].values == std::vector<int16_t>{0, 0, 0, 0, 0, 0, 7, -8, 0, 0, 9, 30000});
  CHECK(images[0][0].isKnown == std::vector<char>{0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1});
  CHECK(images[0][1].values == std::vector<int16_t>{-1, 127});
  CHECK(images[1][0].values[11] == 4);
  CHECK(images[1][1].values == std::vector<int16_t>{5, 6});
}

TEST_CASE("rows that come again replace the earlier ones") {
  Records records;
  records.add<int16_t>(5, 0, 1, 0, 2, {1, 2}).add<int16_t>(5, 0, 1, 1, 1, {-3});
  CHECK(decoded(records, 1)[0][1].values == std::vector<int16_t>{1, -3});
}

TEST_CASE("what no layer can have is refused") {
  CHECK(isRefused(Records().add<int16_t>(3, 0, 1, 0, 1, {1}), 1));       // no such layer
  CHECK(isRefused(Records().add<int16_t>(2, 2, 2, 0, 1, {1, 2}), 1));    // one row too many
  CHECK(isRefused(Records().add<int16_t>(2, 0, 1, 3, 2, {1, 2}), 1));    // one column too many
  CHECK(isRefused(Records().add<int32_t>(2, 0, 1, 0, 1, {1}), 1));       // of four bytes
  CHECK(isRefused(Records().add<int16_t>(2, 0, 2, 0, 2, {1, 2, 3}), 1)); // cut off
  CHECK(isRefused(Records().add<int16_t>(5, 0, 1, 0, 1, {1}), 2));       // not the same for each image
  CHECK(isRefused(Records(), 0));
}

TEST_CASE("errors are those of the known values in their scales") {
  Records records;
  records.add<int16_t>(5, 0, 1, 0, 2, {3, 16});
  const std::vector<ImageLayers> images = decoded(records, 1);
  LayerError error;
  const std::vector<float> reference = {3.0f, 5.0f};
  error.add(meanings[1], images[0][1], reference); // 3 and 4 for 3 and 5
  CHECK(error.count == 2);
  CHECK(*error.sqnrDb() == Approx(10 * std::log10(34.0)));
  CHECK(*error.cosine() == Approx((9 + 20) / std::sqrt(34.0 * 25.0)));
  LayerError nothing;
  nothing.add(meanings[0], images[0][0], std::vector<float>(12, 1.0f));
  CHECK(nothing.count == 0);
  CHECK_FALSE(nothing.sqnrDb());
}

TEST_CASE("the first difference is the first layer's") {
  Records here, there;
  here.add<int16_t>(2, 0, 1, 0, 2, {1, 2})
      .add<int16_t>(5, 0, 1, 0, 2, {1, 2})
      .add<int16_t>(2, 0, 1, 0, 2, {1, 2})
      .add<int16_t>(5, 0, 1, 0, 2, {1, 2});
  there.add<int16_t>(2, 0, 1, 0, 2, {1, 2})
      .add<int16_t>(5, 0, 1, 0, 2, {0, 2})
      .add<int16_t>(2, 0, 1, 0, 2, {1, 4})
      .add<int16_t>(5, 0, 1, 0, 2, {1, 2});
  CHECK_FALSE(firstDifference(decoded(here, 2), decoded(here, 2), meanings));
  // Layer 5 differs in the first image, but layer 2 comes before it, though in the second.
  std::optional<LayerDifference> at = firstDifference(decoded(here, 2), decoded(there, 2), meanings);
  REQUIRE(at);
  CHECK(at->layer == 2);
  CHECK(at->image == 1);
  CHECK(at->row == 0);
  CHECK(at->column == 1);
  CHECK(at->here == 2);
  CHECK(at->there == 4);
}
