# Boards of ARM's MPS2 family, as QEMU emulates them, differ in CPU and memory map; start-up code, the harness's platform and the counter of
# instructions are these. A board's board.cmake includes this file.
file(GLOB family_sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*.cpp")
list(APPEND board_sources ${family_sources})
list(APPEND board_include_dirs "${CMAKE_CURRENT_LIST_DIR}")
list(APPEND board_link_depends "${CMAKE_CURRENT_LIST_DIR}/sections.ld" "${CMAKE_CURRENT_LIST_DIR}/sections_program.ld"
  "${CMAKE_CURRENT_LIST_DIR}/sections_data.ld")
