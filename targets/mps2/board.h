// What each board of the family has of its own, beside target.yaml, toolchain.cmake and linker.ld.
#ifndef MCUFORM_TARGETS_MPS2_BOARD_H
#define MCUFORM_TARGETS_MPS2_BOARD_H

namespace mcuform::target {

/// Makes every access outside of linker.ld's memories a fault, writes to flash included. Called before main.
void protect_memory();

} // namespace mcuform::target

#endif // MCUFORM_TARGETS_MPS2_BOARD_H
