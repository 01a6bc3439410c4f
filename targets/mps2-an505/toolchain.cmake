# A Cortex-M33 with DSP instructions and single-precision FPU.
set(MCUFORM_CPU_FLAGS "-mcpu=cortex-m33 -mfpu=fpv5-sp-d16 -mfloat-abi=hard -mthumb")
include("${CMAKE_CURRENT_LIST_DIR}/../mps2/toolchain.cmake")
