# A Cortex-M4 with single-precision FPU.
set(MCUFORM_CPU_FLAGS "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard -mthumb")
include("${CMAKE_CURRENT_LIST_DIR}/../mps2/toolchain.cmake")
