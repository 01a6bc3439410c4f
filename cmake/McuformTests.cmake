# mcuform_add_lit_tests(DIR): one ctest test "lit.<dir>.<file>" for each .mlir or .test file of DIR (relative to test/, not its subdirectories).
# The first call writes lit's site configuration to the build tree.
set(MCUFORM_LIT ${LLVM_INSTALL_PREFIX}/build/utils/lit/lit.py CACHE FILEPATH "LLVM's test runner")

function(mcuform_add_lit_tests dir)
  set(MCUFORM_TOOLS_DIR ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
  configure_file(${PROJECT_SOURCE_DIR}/test/lit.site.cfg.py.in ${PROJECT_BINARY_DIR}/test/lit.site.cfg.py @ONLY)
  file(GLOB files RELATIVE ${PROJECT_SOURCE_DIR}/test/${dir} CONFIGURE_DEPENDS
    ${PROJECT_SOURCE_DIR}/test/${dir}/*.mlir ${PROJECT_SOURCE_DIR}/test/${dir}/*.test)
  foreach(file ${files})
    string(REGEX REPLACE "\\.[a-z]+$" "" name ${file})
    add_test(NAME lit.${dir}.${name} COMMAND ${Python3_EXECUTABLE} ${MCUFORM_LIT} -q -a --skip-test-time-recording ${PROJECT_BINARY_DIR}/test/${dir}/${file})
    set_tests_properties(lit.${dir}.${name} PROPERTIES LABELS lit)
  endforeach()
endfunction()

# mcuform_add_case_tests(PREFIX SCRIPT): one ctest test "<prefix>.<case>" for each case that SCRIPT --list prints (test/tools/cases.py).
function(mcuform_add_case_tests prefix script)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${script} ${PROJECT_SOURCE_DIR}/test/tools/cases.py)
  execute_process(COMMAND ${Python3_EXECUTABLE} -B ${script} --list OUTPUT_VARIABLE cases OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  foreach(case ${cases})
    add_test(NAME ${prefix}.${case} COMMAND ${Python3_EXECUTABLE} -B ${script} ${case} --bin ${CMAKE_RUNTIME_OUTPUT_DIRECTORY})
    set_tests_properties(${prefix}.${case} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 1200 LABELS ${prefix})
  endforeach()
endfunction()
