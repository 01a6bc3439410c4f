// linker.ld's memories for the MPU.
#include "board.h"
#include "mpu_v7m.h"

void mcuform::target::protect_memory() {
  set_mpu_region(0, 0x00000000, 20, Access::read_only, true, Memory::normal_cached);
  set_mpu_region(1, 0x20000000, 18, Access::read_write, false, Memory::normal_cached);
  set_mpu_region(2, 0x21000000, 24, Access::read_only, false, Memory::normal_cached);
  set_mpu_region(3, 0x40000000, 20, Access::read_write, false, Memory::device);
  enable_mpu();
}
