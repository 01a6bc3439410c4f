include("${CMAKE_CURRENT_LIST_DIR}/../mps2/family.cmake")
