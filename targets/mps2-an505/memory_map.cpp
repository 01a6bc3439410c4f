// linker.ld's memories for the MPU.
#include "board.h"
#include "mpu_v8m.h"

void mcuform::target::protect_memory() {
  set_mpu_region(0, 0x10000000, 0x200000, Access::read_only, true, Memory::normal_cached);
  set_mpu_region(1, 0x38000000, 0xC0000, Access::read_write, false, Memory::normal_cached);
  set_mpu_region(2, 0x80000000, 0x1000000, Access::read_only, false, Memory::normal_cached);
  set_mpu_region(3, 0x50000000, 0x10000000, Access::read_write, false, Memory::device);
  enable_mpu();
}
