#include "compiler/driver/run/CodeSize.h"

#include <catch2/catch.hpp>

#include <string>

using namespace mcuform;

static const std::string kDiscarded = R"(Archive member included to satisfy reference by file (symbol)

package/libvit.a(vit.cpp.obj)  harness.cpp.obj (vit_run)

Discarded input sections

 .text.unused   0x00000000       0x64 package/libvit.a(linear.cpp.obj)
)";

static const std::string kMap = R"(
Linker script and memory map

LOAD package/libvit.a
.hot            0x00000010       0x60
                0x00000010                _hot_begin = .
 *(SORT_NONE(.text.mcuform_hot.*))
 .text.mcuform_hot._ZN7mcuform2rt2v110linear_s16EPs
                0x00000010       0x58 package/libvit.a(linear.cpp.obj)
                0x00000010                mcuform::rt::v1::linear_s16(short*)
 *fill*         0x00000068        0x8

.text           0x00000070      0x134
 .text          0x00000070      0x100 harness.cpp.obj
 .text          0x00000170       0x20 /build/package/libvit.a(vit.cpp.obj)
 .text._aeabi   0x00000190        0x4 /usr/lib/gcc/arm-none-eabi/12.2.1/libgcc.a(_arm_addsubdf3.o)
 .text          0x00000194       0x10 other/libbigvit.a(vit.cpp.obj)

.rodata         0x00000200       0x28
 .rodata.table  0x00000200       0x20 package/libvit.a(gelu.cpp.obj)
 .rodata        0x00000220        0x8 harness.cpp.obj

.bss            0x20000000       0x14
 .bss.count     0x20000000        0x4 package/libvit.a(vit.cpp.obj)
 .bss           0x20000004       0x10 harness.cpp.obj

.mcuform_weights
                0x60000000     0x1000
 .mcuform_weights
                0x60000000     0x1000 package/libvit.a(vit_weights.S.obj)
)";

TEST_CASE("the size of a package's code is that of its library's sections in the map") {
  llvm::Expected<CodeSize> size = computeCodeSize(kDiscarded + kMap, "vit");
  REQUIRE(bool(size));
  CHECK(size->code == 0x58 + 0x20 + 0x4);
  CHECK(size->tables == 0x20);
  CHECK(size->runtime == 0x58 + 0x4 + 0x20);
  CHECK(size->data == 4);
}

TEST_CASE("what is no map, or that of a program without the package, has no size of code") {
  for (const auto &[map, name] : std::initializer_list<std::pair<std::string, std::string>>{{kDiscarded, "vit"}, {kMap, "tiny"}, {"", "vit"}}) {
    llvm::Expected<CodeSize> size = computeCodeSize(map, name);
    CHECK(!size);
    llvm::consumeError(size.takeError());
  }
}
