# For firmware projects: find_package(mcuform) and one function.
#
#   mcuform_add_model(NAME MODEL vit.onnx CALIBRATE images.npy [MEAN 0.5 0.5 0.5] [STD 0.5 0.5 0.5] [TARGET mps2-an500]
#                     [SRAM 320K] [ARENA BYTES] [FLASH BYTES] [OPTIONS ...])
#
# Compiles the network with mcuformc when the project is configured, and again when the model or the calibration inputs change. Defines the static library NAME; link it
# and include NAME.h. NAME is a lower-case C identifier. A network that does not fit or cannot be compiled stops the configuration with mcuformc's diagnostics.
cmake_minimum_required(VERSION 3.16)

get_filename_component(MCUFORM_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
set(MCUFORM_COMPILER "${MCUFORM_PREFIX}/bin/mcuformc" CACHE FILEPATH "The compiler for networks")

function(mcuform_add_model name)
  cmake_parse_arguments(ARG "" "MODEL;CALIBRATE;TARGET;SRAM;ARENA;FLASH" "MEAN;STD;OPTIONS" ${ARGN})
  if(NOT ARG_MODEL OR NOT ARG_CALIBRATE OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "usage: mcuform_add_model(NAME MODEL file.onnx CALIBRATE inputs.npy [MEAN ...] [STD ...] [TARGET board] [SRAM bytes] [ARENA bytes] [FLASH bytes])")
  endif()
  set(command "${MCUFORM_COMPILER}")
  foreach(file MODEL CALIBRATE)
    get_filename_component(${file} "${ARG_${file}}" ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${${file}}" "${MCUFORM_COMPILER}")
  endforeach()
  list(APPEND command "${MODEL}" --calibrate "${CALIBRATE}" --name ${name})
  foreach(option MEAN STD)
    if(ARG_${option})
      list(JOIN ARG_${option} "," values)
      string(TOLOWER ${option} flag)
      list(APPEND command --${flag} ${values})
    endif()
  endforeach()
  foreach(option TARGET SRAM ARENA FLASH)
    if(ARG_${option})
      string(TOLOWER ${option} flag)
      list(APPEND command --${flag} ${ARG_${option}})
    endif()
  endforeach()
  set(package "${CMAKE_CURRENT_BINARY_DIR}/${name}-package")
  list(APPEND command -o "${package}" ${ARG_OPTIONS})

  # Files that did not change keep their time stamps, so nothing is rebuilt for a configuration alone.
  execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE errors)
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "mcuformc could not compile '${name}' (status ${status}):\n${errors}")
  endif()
  string(STRIP "${output}" output)
  message(STATUS "${output}")
  add_subdirectory("${package}" "${CMAKE_CURRENT_BINARY_DIR}/${name}")
endfunction()
