// linker.ld's memories for the MPU.
#include "board.h"
#include "mpu_v7m.h"

void mcuform::target::protect_memory() {
  set_mpu_region(0, 0x00000000, 20, Access::read_only, true, Memory::normal_cached);
  set_mpu_region(1, 0x20000000, 19, Access::read_write, false, Memory::normal_cached, 0b11100000); // DTCM, SRAM1, SRAM2: 320 of 512 KiB
  set_mpu_region(2, 0x60000000, 24, Access::read_only, false, Memory::normal_cached);
  set_mpu_region(3, 0x40000000, 20, Access::read_write, false, Memory::device);
  set_mpu_region(4, 0x00200000, 14, Access::read_only, true, Memory::normal_cached); // ITCM
  enable_mpu();
}
