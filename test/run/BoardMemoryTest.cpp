// The board's memcpy, memmove and memset, compiled for this machine under other names, against loops over bytes.
#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#define memcpy board_memcpy
#define memmove board_memmove
#define memset board_memset
#include "targets/mps2/memory.cpp"
#undef memcpy
#undef memmove
#undef memset

namespace {

constexpr size_t room = 96;

std::vector<unsigned char> numbered() {
  std::vector<unsigned char> bytes(room);
  for (size_t at = 0; at < room; ++at)
    bytes[at] = static_cast<unsigned char>(at + 1);
  return bytes;
}

} // namespace

TEST_CASE("the board moves memory as C says, for all sizes, alignments and overlaps") {
  for (size_t size = 0; size <= 40; ++size)
    for (size_t to = 0; to <= room - size; to += to < 24 ? 1 : 5)
      for (size_t from = 0; from <= room - size; from += from < 24 ? 1 : 5) {
        std::vector<unsigned char> expected = numbered(), moved = numbered();
        const std::vector<unsigned char> source = numbered();
        std::copy_n(source.begin() + static_cast<std::ptrdiff_t>(from), size, expected.begin() + static_cast<std::ptrdiff_t>(to));
        bool isRight = board_memmove(moved.data() + to, moved.data() + from, size) == moved.data() + to && moved == expected;
        std::vector<unsigned char> copied = numbered();
        isRight = isRight && board_memcpy(copied.data() + to, source.data() + from, size) == copied.data() + to && copied == expected;
        if (!isRight)
          FAIL("size " << size << " from " << from << " to " << to);
      }
}

TEST_CASE("the board fills memory as C says, for all sizes and alignments") {
  for (size_t size = 0; size <= 40; ++size)
    for (size_t to = 0; to <= 8; ++to) {
      std::vector<unsigned char> expected = numbered(), filled = numbered();
      std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(to), size, 0xC3);
      const bool isRight = board_memset(filled.data() + to, 0x1C3, size) == filled.data() + to && filled == expected;
      if (!isRight)
        FAIL("size " << size << " to " << to);
    }
}
