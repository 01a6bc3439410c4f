# GCC for a Cortex-M without a C library. A board's toolchain.cmake sets MCUFORM_CPU_FLAGS, then includes this file; its linker.ld, which
# finds sections.ld here, links the programs.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
find_program(MCUFORM_ARM_CXX arm-none-eabi-g++)
if(NOT MCUFORM_ARM_CXX)
  message(FATAL_ERROR "arm-none-eabi-g++ is not installed; scripts/setup installs all that mcuform needs")
endif()
set(CMAKE_CXX_COMPILER "${MCUFORM_ARM_CXX}")
set(CMAKE_ASM_COMPILER "${MCUFORM_ARM_CXX}")
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

get_filename_component(MCUFORM_BOARD_DIR "${CMAKE_PARENT_LIST_FILE}" DIRECTORY)
set(CMAKE_ASM_FLAGS_INIT "${MCUFORM_CPU_FLAGS}")
string(CONCAT CMAKE_CXX_FLAGS_INIT
  "${CMAKE_ASM_FLAGS_INIT} -ffreestanding -ffunction-sections -fdata-sections"
  " -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-use-cxa-atexit")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG" CACHE STRING "")
string(CONCAT CMAKE_EXE_LINKER_FLAGS_INIT
  "-nostdlib -T \"${MCUFORM_BOARD_DIR}/linker.ld\" -L \"${CMAKE_CURRENT_LIST_DIR}\""
  " -Wl,--gc-sections -Wl,--fatal-warnings -Wl,--print-memory-usage")
set(CMAKE_CXX_STANDARD_LIBRARIES_INIT "-lgcc")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "")
endif()
