# A Cortex-M7 with double-precision FPU.
set(MCUFORM_CPU_FLAGS "-mcpu=cortex-m7 -mfpu=fpv5-d16 -mfloat-abi=hard -mthumb")
include("${CMAKE_CURRENT_LIST_DIR}/../mps2/toolchain.cmake")
