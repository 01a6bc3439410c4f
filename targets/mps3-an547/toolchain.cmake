# A Cortex-M55 with MVE, integer and floating point.
set(MCUFORM_CPU_FLAGS "-mcpu=cortex-m55 -mfloat-abi=hard -mthumb")
include("${CMAKE_CURRENT_LIST_DIR}/../mps2/toolchain.cmake")
